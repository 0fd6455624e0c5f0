// The text of an element that is edited, as it is read: blocks and <br> end lines.
import type { AroundCursor } from "./field.js";

const isBlock = (node: Node): boolean => node instanceof Element && !/^(inline|contents|none)/.test(getComputedStyle(node).display);

/** The texts before and after a place in an element. */
export function textAround(root: Element, container: Node, offset: number): AroundCursor {
  let text = "";
  let at: number | undefined;
  const breakLine = (): void => {
    if (text !== "" && !text.endsWith("\n")) text += "\n";
  };
  const visit = (node: Node): void => {
    if (node instanceof Text) {
      if (node === container) at = text.length + offset;
      // Browsers keep a space at a line's end by a character that doesn't break.
      text += node.data.replaceAll("\u00a0", " ");
      return;
    }
    if (node.nodeName === "BR") {
      // The last one in a block only keeps its line open.
      if (node.nextSibling) text += "\n";
      return;
    }
    const breaks = node !== root && isBlock(node);
    // A block begins a line, and so does what follows one.
    if (breaks || (node.previousSibling && isBlock(node.previousSibling))) breakLine();
    node.childNodes.forEach((child, index) => {
      if (node === container && index === offset) at = text.length;
      visit(child);
    });
    if (node === container) at ??= text.length;
    if (breaks && node.nextSibling) text += "\n";
  };
  visit(root);
  const cut = at ?? text.length;
  return { prefix: text.slice(0, cut), suffix: text.slice(cut) };
}
