// Markdown as elements. Nothing of it is ever parsed as HTML: tags in an answer are shown as the text that they are.
import { marked, type Token, type Tokens } from "marked";
import type { ComponentChild, ComponentChildren } from "preact";
import { useMemo } from "preact/hooks";
import { CodeBlock } from "./code-block.tsx";

export function Markdown({ text }: { text: string }) {
  const tokens = useMemo(() => belowTitle(marked.lexer(text, { gfm: true, breaks: true })), [text]);
  return <div class="markdown">{blocks(tokens)}</div>;
}

/** The same text with its largest headings on the first level, so that none is missing below the chat's title. */
function belowTitle(tokens: readonly Token[]): readonly Token[] {
  const depths = tokens.map((token) => (token.type === "heading" ? (token as Tokens.Heading).depth : 6));
  const largest = Math.min(...depths);
  return tokens.map((token) => (token.type === "heading" ? ({ ...token, depth: (token as Tokens.Heading).depth - largest + 1 } as Token) : token));
}

function blocks(tokens: readonly Token[] = []): ComponentChildren {
  return tokens.map(block);
}

function block(token: Token, key: number): ComponentChild {
  switch (token.type) {
    case "space":
    case "def":
      return null;
    case "heading": {
      // The page's own heading is the chat's title.
      const Heading = `h${Math.min((token as Tokens.Heading).depth + 1, 6)}` as "h2";
      return <Heading key={key}>{inline(token.tokens)}</Heading>;
    }
    case "code":
      return <CodeBlock key={key} code={(token as Tokens.Code).text} language={(token as Tokens.Code).lang ?? ""} />;
    case "blockquote":
      return <blockquote key={key}>{blocks(token.tokens)}</blockquote>;
    case "hr":
      return <hr key={key} />;
    case "list":
      return list(token as Tokens.List, key);
    case "table":
      return table(token as Tokens.Table, key);
    case "text":
      // The text of a tight list's item.
      return <span key={key}>{inline(token.tokens ?? [token])}</span>;
    case "paragraph":
      return <p key={key}>{inline(token.tokens)}</p>;
    default:
      return <p key={key}>{token.raw}</p>;
  }
}

function list({ ordered, start, items }: Tokens.List, key: number): ComponentChild {
  const entries = items.map(({ tokens, task, checked }, at) => (
    <li key={at}>
      {task && <input type="checkbox" checked={checked ?? false} disabled aria-label={checked ? "Done" : "To do"} />}
      {blocks(tokens.filter(({ type }) => type !== "checkbox"))}
    </li>
  ));
  return ordered ? (
    <ol key={key} start={typeof start === "number" ? start : 1}>
      {entries}
    </ol>
  ) : (
    <ul key={key}>{entries}</ul>
  );
}

function table({ header, rows }: Tokens.Table, key: number): ComponentChild {
  return (
    <div key={key} class="scroll" tabIndex={0} role="region" aria-label="Table">
      <table>
        <thead>
          <tr>
            {header.map(({ tokens, align }, at) => (
              <th key={at} scope="col" style={{ textAlign: align ?? "left" }}>
                {inline(tokens)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, line) => (
            <tr key={line}>
              {row.map(({ tokens, align }, at) => (
                <td key={at} style={{ textAlign: align ?? "left" }}>
                  {inline(tokens)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function inline(tokens: readonly Token[] = []): ComponentChildren {
  return tokens.map((token, key) => {
    switch (token.type) {
      case "strong":
        return <strong key={key}>{inline(token.tokens)}</strong>;
      case "em":
        return <em key={key}>{inline(token.tokens)}</em>;
      case "del":
        return <del key={key}>{inline(token.tokens)}</del>;
      case "codespan":
        return <code key={key}>{(token as Tokens.Codespan).text}</code>;
      case "br":
        return <br key={key} />;
      case "link":
        return link(token as Tokens.Link, key);
      case "image":
        // An image would tell its server what was asked.
        return link({ ...(token as Tokens.Image), tokens: [] } as unknown as Tokens.Link, key);
      case "text":
        return token.tokens ? <span key={key}>{inline(token.tokens)}</span> : unescaped(token as Tokens.Text);
      case "escape":
        return (token as Tokens.Escape).text;
      default:
        return token.raw;
    }
  });
}

function link({ href, text, tokens }: Tokens.Link, key: number): ComponentChild {
  const shown = tokens.length > 0 ? inline(tokens) : text || href;
  if (!isSafe(href)) return <span key={key}>{shown}</span>;
  return (
    <a key={key} href={href} target="_blank" rel="noopener noreferrer nofollow">
      {shown}
    </a>
  );
}

/** True for addresses that only lead somewhere. */
function isSafe(address: string): boolean {
  return URL.canParse(address) && /^(https?|mailto):$/.test(new URL(address).protocol);
}

/** Text as it was written: elements need no escapes. */
function unescaped({ raw, text, escaped }: Tokens.Text): string {
  return escaped ? text : raw;
}
