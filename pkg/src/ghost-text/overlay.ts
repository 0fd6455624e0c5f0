// The layer over a field that its ghost text is drawn in.

/** What decides where each character of a text stands. */
const TEXT_STYLES = [
  "font-family",
  "font-size",
  "font-size-adjust",
  "font-style",
  "font-weight",
  "font-stretch",
  "font-variant",
  "font-feature-settings",
  "font-kerning",
  "letter-spacing",
  "word-spacing",
  "line-height",
  "text-transform",
  "text-align",
  "text-rendering",
  "tab-size",
  "direction",
  "hyphens",
  "word-break",
  "overflow-wrap",
  "line-break",
] as const;

/** The box of a field in which its text stands, on the screen. */
export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

/**
 * A layer beside a field that takes no room, no clicks and no focus, and that screen readers don't see. `content` is where text goes that
 * stands as that of the field does.
 */
export class Overlay {
  readonly element: HTMLElement;
  readonly content: HTMLElement;
  readonly #field: HTMLElement;

  constructor(field: HTMLElement) {
    this.#field = field;
    const make = (): HTMLElement => field.ownerDocument.createElement("div");
    this.element = make();
    this.content = make();
    this.element.className = "wgslm-ghost-text";
    this.element.setAttribute("aria-hidden", "true");
    this.element.append(this.content);
    Object.assign(this.element.style, {
      position: "absolute",
      left: "0",
      top: "0",
      margin: "0",
      overflow: "hidden",
      pointerEvents: "none",
      userSelect: "none",
      background: "none",
      border: "0",
    });
    this.element.style.display = "none";
    field.after(this.element);
  }

  hide(): void {
    this.element.style.display = "none";
  }

  /** Takes the styles of the field's text from `source`, and covers `box`. */
  cover(box: Box, source: Element): void {
    const { style } = this.element;
    style.display = "block";
    const copied = getComputedStyle(source);
    for (const name of TEXT_STYLES) this.content.style.setProperty(name, copied.getPropertyValue(name));
    this.content.style.color = copied.color;
    style.width = `${box.width}px`;
    style.height = `${box.height}px`;
    // Whatever the layer's place is relative to, it is moved by what it is off.
    const now = this.element.getBoundingClientRect();
    const moved = (property: "left" | "top", by: number): void => {
      if (Math.abs(by) > 0.01) style[property] = `${parseFloat(style[property]) + by}px`;
    };
    moved("left", box.left - now.left);
    moved("top", box.top - now.top);
  }

  /** A piece of ghost text: in the field's colour, but paler. */
  ghost(): HTMLElement {
    const span = this.#field.ownerDocument.createElement("span");
    span.className = "wgslm-ghost";
    return span;
  }

  /** Writes `text` as ghost text, before a background where `follows`, the text behind the cursor, may lie below it. */
  write(ghost: HTMLElement, text: string, follows: string): void {
    if (ghost.textContent !== text) ghost.textContent = text;
    const { style } = ghost;
    const covers = follows.trim() !== "";
    style.background = covers ? backgroundOf(this.#field) : "none";
    // A background that lets text through would leave neither readable.
    style.opacity = covers ? "1" : "0.6";
    style.color = covers ? "color-mix(in srgb, currentColor 60%, transparent)" : "inherit";
    // So that the backgrounds of two lines meet.
    style.paddingBlock = covers ? "0.2em" : "0";
    style.setProperty("box-decoration-break", "clone");
    style.setProperty("-webkit-box-decoration-break", "clone");
  }

  remove(): void {
    this.element.remove();
  }
}

/** The visible background behind a field, to draw on where there is other text. */
function backgroundOf(element: Element): string {
  for (let at: Element | null = element; at; at = at.parentElement) {
    const { backgroundColor } = getComputedStyle(at);
    if (!/^(transparent|rgba\(.*, 0\))$/.test(backgroundColor)) return backgroundColor;
  }
  return "Canvas";
}
