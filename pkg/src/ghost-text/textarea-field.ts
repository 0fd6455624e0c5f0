// A <textarea>, over which its text is laid out once more, unseen, with the ghost text in it.
import { type AroundCursor, type Field, typeText } from "./field.js";
import { Overlay } from "./overlay.js";

export class TextareaField implements Field {
  readonly element: HTMLTextAreaElement;
  readonly #overlay: Overlay;
  readonly #before: Text;
  readonly #ghost: HTMLElement;

  constructor(element: HTMLTextAreaElement) {
    this.element = element;
    this.#overlay = new Overlay(element);
    this.#before = element.ownerDocument.createTextNode("");
    this.#ghost = this.#overlay.ghost();
    const hidden = element.ownerDocument.createElement("span");
    hidden.style.visibility = "hidden";
    hidden.append(this.#before);
    this.#overlay.content.append(hidden, this.#ghost);
  }

  read(): AroundCursor | undefined {
    const { value, selectionStart, selectionEnd, readOnly, disabled } = this.element;
    if (readOnly || disabled || selectionStart !== selectionEnd) return undefined;
    return { prefix: value.slice(0, selectionStart), suffix: value.slice(selectionStart) };
  }

  insert(text: string): void {
    const { element } = this;
    element.focus();
    if (typeText(element.ownerDocument, text)) return;
    element.setRangeText(text, element.selectionStart, element.selectionEnd, "end");
    element.dispatchEvent(new InputEvent("input", { bubbles: true, inputType: "insertText", data: text }));
  }

  show(ghost: string): void {
    const around = ghost === "" ? undefined : this.read();
    if (!around) return this.#overlay.hide();
    const { element } = this;
    const style = getComputedStyle(element);
    const rectangle = element.getBoundingClientRect();
    const [left, top] = [rectangle.left + element.clientLeft, rectangle.top + element.clientTop];
    this.#overlay.cover({ left, top, width: element.clientWidth, height: element.clientHeight }, element);
    Object.assign(this.#overlay.content.style, {
      boxSizing: "border-box",
      width: "100%",
      padding: style.padding,
      whiteSpace: element.wrap === "off" ? "pre" : style.whiteSpace,
      transform: `translate(${-element.scrollLeft}px, ${-element.scrollTop}px)`,
    });
    if (this.#before.data !== around.prefix) this.#before.data = around.prefix;
    this.#overlay.write(this.#ghost, ghost, around.suffix);
    this.#place(around.suffix);
  }

  remove(): void {
    this.#overlay.remove();
  }

  /** Draws the ghost text in the text's flow where nothing follows in the line, else on a line of its own below the cursor. */
  #place(suffix: string): void {
    const [rest = ""] = suffix.split("\n", 1);
    const isFree = rest.trim() === "";
    const { style } = this.#ghost;
    style.position = isFree ? "static" : "absolute";
    style.transform = isFree ? "none" : "translateY(1lh)";
  }
}
