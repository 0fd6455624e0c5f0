/// <reference lib="esnext.disposable" preserve="true" />
// `wgslm/ghost-text`: suggestions shown behind the cursor of a <textarea> or of an element with `contenteditable`.
import { WgslmError } from "./errors.js";
import { EditableField } from "./ghost-text/editable-field.js";
import type { AroundCursor, Field } from "./ghost-text/field.js";
import { commandOf } from "./ghost-text/keys.js";
import { LiveRegion } from "./ghost-text/live-region.js";
import { ANNOUNCE_AFTER, type Announce, type Suggester, announced, firstWord } from "./ghost-text/suggester.js";
import { TextareaField } from "./ghost-text/textarea-field.js";

export type { Announce, Suggester } from "./ghost-text/suggester.js";

/** Options of {@link attachGhostText}. */
export interface GhostTextOptions {
  /** The words in which screen readers are told of a suggestion; `false` tells nothing. */
  announce?: Announce;
  /** Hears of errors other than aborts; by default they go to the console. */
  onError?: (error: unknown) => void;
}

/**
 * Shows suggestions in a field as somebody types: Tab accepts all, Ctrl and the right arrow (Option on a Mac) the next word, Escape dismisses. Keys keep their
 * meaning while nothing is suggested.
 */
export function attachGhostText(element: HTMLElement, suggester: Suggester, options: GhostTextOptions = {}): GhostText {
  const field = fieldOf(element);
  if (!field) {
    throw new WgslmError("invalid-argument", "ghost text needs a <textarea> or an element with contenteditable; give one of these");
  }
  return new GhostText(field, suggester, options);
}

/** The ghost text of a field. */
export class GhostText implements Disposable {
  readonly #field: Field;
  readonly #suggester: Suggester;
  readonly #announce: Announce;
  readonly #onError: (error: unknown) => void;
  readonly #region: LiveRegion;
  readonly #detached = new AbortController();
  readonly #resized: ResizeObserver;
  /** The suggestion that is asked for. */
  #asked: AbortController | undefined;
  /** The texts that the suggestion is for. */
  #around: AroundCursor | undefined;
  #ghost = "";
  #composes = false;

  /** @internal */
  constructor(field: Field, suggester: Suggester, { announce = announced, onError = (error) => reportError(error) }: GhostTextOptions) {
    this.#field = field;
    this.#suggester = suggester;
    this.#announce = announce;
    this.#onError = onError;
    this.#region = new LiveRegion(field.element);
    const { element } = field;
    const { ownerDocument: page } = element;
    const { signal } = this.#detached;
    element.addEventListener("keydown", (event) => this.#press(event), { signal, capture: true });
    element.addEventListener("input", () => void (this.#composes || this.#ask()), { signal });
    element.addEventListener("compositionstart", () => this.#compose(true), { signal });
    element.addEventListener("compositionend", () => this.#compose(false), { signal });
    element.addEventListener("blur", () => this.dismiss(), { signal });
    page.addEventListener("selectionchange", () => this.#moved(), { signal });
    element.addEventListener("selectionchange", () => this.#moved(), { signal });
    page.addEventListener("scroll", () => this.#draw(), { signal, capture: true, passive: true });
    page.defaultView?.addEventListener("resize", () => this.#draw(), { signal });
    // The field's colours are others then.
    page.defaultView?.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#draw(), { signal });
    this.#resized = new ResizeObserver(() => this.#draw());
    this.#resized.observe(element);
  }

  /** The text that is suggested now; empty where none is. */
  get text(): string {
    return this.#ghost;
  }

  /** Puts what is suggested, or the next word of it, into the field. */
  accept(part: "all" | "word" = "all"): void {
    const taken = part === "word" ? firstWord(this.#ghost) : this.#ghost;
    if (taken === "") return;
    // The field's own events, as at typing, keep the rest and ask for what comes next.
    this.#field.insert(taken);
    this.#suggester.accepted?.(taken);
  }

  /** Takes the suggestion away, until something else is typed. */
  dismiss(): void {
    this.#asked?.abort();
    this.#asked = this.#around = undefined;
    this.#set("");
  }

  /** Ends it, and leaves the field as it was. */
  detach(): void {
    this.dismiss();
    this.#detached.abort();
    this.#resized.disconnect();
    this.#region.remove();
    this.#field.remove();
  }

  /** Detaches it at the end of a block with `using`. */
  [Symbol.dispose](): void {
    this.detach();
  }

  #press(event: KeyboardEvent): void {
    const command = this.#ghost === "" ? undefined : commandOf(event);
    if (!command) return;
    // A dialog around the field would close at Escape.
    event.preventDefault();
    event.stopPropagation();
    if (command === "dismiss") this.dismiss();
    else this.accept(command === "accept" ? "all" : "word");
  }

  #compose(composes: boolean): void {
    this.#composes = composes;
    if (composes) this.dismiss();
    else this.#ask();
  }

  /** Takes away a suggestion whose place the cursor has left. */
  #moved(): void {
    if (!this.#around) return;
    const now = this.#field.read();
    if (now?.prefix !== this.#around.prefix || now.suffix !== this.#around.suffix) {
      // What was typed is told by the event that follows.
      if (now && now.prefix.length + now.suffix.length !== this.#around.prefix.length + this.#around.suffix.length) return;
      this.dismiss();
    }
  }

  /** Asks for what may follow what was typed. */
  #ask(): void {
    const before = this.#asked;
    const asked = (this.#asked = new AbortController());
    const around = this.#field.read();
    const shown = around && this.#rest(around);
    this.#around = around;
    // What was typed along the suggestion leaves its rest where it is.
    this.#set(shown ?? "");
    if (around) void this.#stream(around, asked);
    before?.abort();
  }

  /** The rest of the ghost text if its beginning was typed. */
  #rest({ prefix, suffix }: AroundCursor): string | undefined {
    if (!this.#around || suffix !== this.#around.suffix || !prefix.startsWith(this.#around.prefix)) return undefined;
    const typed = prefix.slice(this.#around.prefix.length);
    return this.#ghost.startsWith(typed) ? this.#ghost.slice(typed.length) : undefined;
  }

  async #stream(around: AroundCursor, asked: AbortController): Promise<void> {
    try {
      let text = "";
      for await (const piece of this.#suggester.suggest({ ...around, signal: asked.signal })) {
        if (this.#asked !== asked) return;
        text += piece;
        if (text.length > this.#ghost.length || !this.#ghost.startsWith(text)) this.#set(text);
      }
      if (this.#asked === asked) this.#set(text);
    } catch (error) {
      if (this.#asked !== asked || asked.signal.aborted) return;
      this.#set("");
      if (!(error instanceof DOMException && error.name === "AbortError")) this.#onError(error);
    }
  }

  #set(ghost: string): void {
    this.#ghost = ghost;
    this.#draw();
    if (ghost === "") this.#region.clear();
    else if (this.#announce) this.#region.tell(this.#announce(ghost), ANNOUNCE_AFTER);
  }

  #draw(): void {
    this.#field.show(this.#ghost);
  }
}

function fieldOf(element: HTMLElement): Field | undefined {
  if (element instanceof HTMLTextAreaElement) return new TextareaField(element);
  // An element that isn't in the page yet doesn't say so by itself.
  const { contentEditable } = element;
  return element.isContentEditable || contentEditable === "true" || contentEditable === "plaintext-only" ? new EditableField(element) : undefined;
}
