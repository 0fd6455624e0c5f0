// Code in an answer, coloured once its language is known.
import type { Element, ElementContent, Root } from "hast";
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { CopyButton } from "../ui/copy-button.tsx";
import "./code-block.css";

export function CodeBlock({ code, language }: { code: string; language: string }) {
  const name = language.trim().split(/\s/)[0] ?? "";
  return (
    <div class="code">
      <div class="code-head">
        <span>{name || "text"}</span>
        <CopyButton label="Copy the code" text={() => code} />
      </div>
      <pre tabIndex={0}>
        <code>
          <Highlighted code={code} language={name} />
        </code>
      </pre>
    </div>
  );
}

type Highlight = (language: string, code: string) => Root | undefined;
let highlight: Highlight | undefined;

/** Code with colours, as soon as what finds them has been fetched. */
export function Highlighted({ code, language }: { code: string; language: string }) {
  const [, setReady] = useState(highlight !== undefined);
  useEffect(() => {
    if (highlight) return;
    // Without it the code is only without colours.
    import("./highlight.ts").then(
      (module) => {
        highlight = module.highlight;
        setReady(true);
      },
      () => undefined,
    );
  }, []);
  const tree = highlight?.(language, code);
  return <>{tree ? children(tree.children) : code}</>;
}

function children(nodes: readonly (ElementContent | Root["children"][number])[]): ComponentChildren {
  return nodes.map((node, key) => {
    if (node.type === "text") return node.value;
    if (node.type !== "element") return null;
    const { properties, children: inner } = node as Element;
    return (
      <span key={key} class={String(properties["className"] ?? "").replaceAll(",", " ")}>
        {children(inner)}
      </span>
    );
  });
}
