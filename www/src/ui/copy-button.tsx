import { useState } from "preact/hooks";
import { Icon } from "./icon.tsx";
import { announce } from "./status.tsx";

/** A button that copies a text, and says that it did. */
export function CopyButton({ text, label = "Copy" }: { text: () => string; label?: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text());
      announce("Copied");
      setCopied(true);
      setTimeout(() => setCopied(false), 1600);
    } catch {
      announce("The browser did not allow copying");
    }
  };
  return (
    <button type="button" class="plain compact icon" aria-label={label} title={label} onClick={() => void copy()}>
      <Icon name={copied ? "check" : "copy"} />
    </button>
  );
}
