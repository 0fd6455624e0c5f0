// An element with `contenteditable`, whose own content is left alone.
import { type AroundCursor, type Field, typeText } from "./field.js";
import { Overlay } from "./overlay.js";
import { textAround } from "./text-around.js";

export class EditableField implements Field {
  readonly element: HTMLElement;
  readonly #overlay: Overlay;
  readonly #ghost: HTMLElement;

  constructor(element: HTMLElement) {
    this.element = element;
    this.#overlay = new Overlay(element);
    this.#ghost = this.#overlay.ghost();
    this.#overlay.content.append(this.#ghost);
  }

  read(): AroundCursor | undefined {
    const caret = this.#caret();
    return caret && this.element.isContentEditable ? textAround(this.element, caret.startContainer, caret.startOffset) : undefined;
  }

  insert(text: string): void {
    const { ownerDocument } = this.element;
    this.element.focus();
    text.split("\n").forEach((line, index) => {
      if (index > 0) ownerDocument.execCommand("insertLineBreak");
      if (line !== "") typeText(ownerDocument, line);
    });
  }

  show(ghost: string): void {
    const caret = ghost === "" ? undefined : this.#caret();
    if (!caret) return this.#overlay.hide();
    const block = this.#blockOf(caret.startContainer);
    const style = getComputedStyle(block);
    const side = (name: string): number => parseFloat(style.getPropertyValue(name)) || 0;
    const bounds = block.getBoundingClientRect();
    const left = bounds.left + side("border-left-width") + side("padding-left");
    const right = bounds.right - side("border-right-width") - side("padding-right");
    const at = caretBox(caret) ?? { left, top: bounds.top + side("border-top-width") + side("padding-top"), height: 0 };
    const lineHeight = parseFloat(style.lineHeight) || at.height || parseFloat(style.fontSize) * 1.2;
    const top = at.height > 0 ? at.top - (lineHeight - at.height) / 2 : at.top;
    const field = this.element.getBoundingClientRect();
    const around = textAround(this.element, caret.startContainer, caret.startOffset);
    const [rest = ""] = around.suffix.split("\n", 1);
    // Where text follows in the line, the ghost text has a line below.
    const below = rest.trim() === "" ? 0 : lineHeight;
    this.#overlay.cover({ left, top: top + below, width: right - left, height: Math.max(lineHeight, field.bottom - top) }, block);
    Object.assign(this.#overlay.content.style, {
      whiteSpace: "pre-wrap",
      overflowWrap: "break-word",
      lineHeight: `${lineHeight}px`,
      textIndent: `${at.left - left}px`,
    });
    this.#overlay.write(this.#ghost, ghost, around.suffix);
  }

  remove(): void {
    this.#overlay.remove();
  }

  /** The cursor in this element, if there is one and nothing is selected. */
  #caret(): Range | undefined {
    const root = this.element.getRootNode() as Document | (ShadowRoot & { getSelection?(): Selection | null });
    const selection = root.getSelection?.() ?? this.element.ownerDocument.getSelection();
    if (!selection?.isCollapsed || selection.rangeCount === 0) return undefined;
    const range = selection.getRangeAt(0);
    return this.element.contains(range.startContainer) ? range : undefined;
  }

  /** The block that the cursor's line is in. */
  #blockOf(node: Node): Element {
    let at = node instanceof Element ? node : node.parentElement;
    while (at && at !== this.element && getComputedStyle(at).display.startsWith("inline")) at = at.parentElement;
    return at ?? this.element;
  }
}

/** The box of a cursor. Between elements, as in an empty line, it has none of its own. */
function caretBox(caret: Range): { left: number; top: number; height: number } | undefined {
  const [own] = caret.getClientRects();
  if (own) return own;
  const { startContainer, startOffset } = caret;
  const next = startContainer.childNodes[startOffset];
  if (next instanceof Element) return next.getBoundingClientRect();
  return undefined;
}
