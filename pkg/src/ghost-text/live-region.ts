// What is told to screen readers.

/** A region that nobody sees and that screen readers read politely when it changes. */
export class LiveRegion {
  readonly #element: HTMLElement;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(beside: Element) {
    this.#element = beside.ownerDocument.createElement("div");
    this.#element.setAttribute("role", "status");
    this.#element.setAttribute("aria-live", "polite");
    Object.assign(this.#element.style, {
      position: "absolute",
      width: "1px",
      height: "1px",
      margin: "-1px",
      overflow: "hidden",
      clipPath: "inset(50%)",
      whiteSpace: "nowrap",
    });
    // Screen readers hear of changes of regions that they know already.
    beside.after(this.#element);
  }

  /** Tells `text` after `ms`, unless something else is told before. */
  tell(text: string, ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => (this.#element.textContent = text), ms);
  }

  /** Forgets what was told or is about to be. */
  clear(): void {
    clearTimeout(this.#timer);
    if (this.#element.textContent !== "") this.#element.textContent = "";
  }

  remove(): void {
    this.clear();
    this.#element.remove();
  }
}
