// `wgslm/codemirror`: suggestions shown behind the cursor of a CodeMirror 6 editor.
import { type EditorState, type Extension, Prec, StateEffect, StateField, type Transaction } from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView, ViewPlugin, type ViewUpdate, WidgetType, keymap } from "@codemirror/view";
import { ANNOUNCE_AFTER, type Announce, type Suggester, announced, firstWord } from "./ghost-text/suggester.js";

export type { Announce, Suggester } from "./ghost-text/suggester.js";

/** Options of {@link ghostText}. */
export interface GhostTextOptions {
  /** The words in which screen readers are told of a suggestion; `false` tells nothing. */
  announce?: Announce;
  /** Hears of errors other than aborts; by default they go to the console. */
  onError?: (error: unknown) => void;
}

/** What is suggested at a place of the document. */
interface Ghost {
  at: number;
  text: string;
}

const suggested = StateEffect.define<Ghost | undefined>();

const ghostField = StateField.define<Ghost | undefined>({
  create: () => undefined,
  update: (ghost, transaction) => {
    for (const effect of transaction.effects) if (effect.is(suggested)) return effect.value;
    if (!ghost || (!transaction.docChanged && !transaction.selection)) return ghost;
    return transaction.docChanged && !transaction.isUserEvent("input.type.compose") ? typedAlong(ghost, transaction) : undefined;
  },
  provide: (field) => EditorView.decorations.from(field, decorated),
});

/**
 * An extension that shows suggestions as somebody types: Tab accepts all, Ctrl and the right arrow (Option on a Mac) the next word, Escape dismisses. Keys keep
 * their meaning while nothing is suggested.
 */
export function ghostText(suggester: Suggester, { announce = announced, onError = (error) => reportError(error) }: GhostTextOptions = {}): Extension {
  const plugin = ViewPlugin.define((view) => new Asker(view, suggester, announce, onError), {
    eventHandlers: {
      // The editor takes the text first.
      compositionend(_, view) {
        setTimeout(() => this.ask(view.state));
      },
    },
  });
  const accept = (part: (text: string) => string) => (view: EditorView) => {
    const ghost = view.state.field(ghostField);
    if (!ghost || view.composing) return false;
    const insert = part(ghost.text);
    const selection = { anchor: ghost.at + insert.length };
    view.dispatch({ changes: { from: ghost.at, insert }, selection, scrollIntoView: true, userEvent: "input.complete" });
    suggester.accepted?.(insert);
    return true;
  };
  const dismiss = (view: EditorView): boolean => {
    if (!view.state.field(ghostField)) return false;
    view.plugin(plugin)?.stop();
    view.dispatch({ effects: suggested.of(undefined) });
    return true;
  };
  const acceptWord = accept(firstWord);
  const keys = keymap.of([
    { key: "Tab", run: accept((text) => text) },
    { key: "Ctrl-ArrowRight", mac: "Alt-ArrowRight", run: acceptWord },
    { key: "Escape", run: dismiss },
  ]);
  return [ghostField, plugin, Prec.highest(keys), theme];
}

/** Asks for suggestions as the document changes. */
class Asker {
  readonly #view: EditorView;
  readonly #suggester: Suggester;
  readonly #announce: Announce;
  readonly #onError: (error: unknown) => void;
  #asked: AbortController | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(view: EditorView, suggester: Suggester, announce: Announce, onError: (error: unknown) => void) {
    this.#view = view;
    this.#suggester = suggester;
    this.#announce = announce;
    this.#onError = onError;
  }

  update(update: ViewUpdate): void {
    const typed = update.transactions.some((transaction) => transaction.isUserEvent("input") || transaction.isUserEvent("delete"));
    // An input method's text isn't settled before it ends, which is a change by itself.
    if (update.docChanged && typed && !update.view.composing) this.ask(update.state);
    else if (update.docChanged || update.selectionSet) this.stop();
  }

  /** Ends what was asked for. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#asked?.abort();
    this.#asked = undefined;
  }

  destroy(): void {
    this.stop();
  }

  /** Asks for what may follow the cursor. */
  ask(state: EditorState): void {
    const before = this.#asked;
    const { main, ranges } = state.selection;
    if (!main.empty || ranges.length > 1 || state.readOnly) return this.stop();
    const asked = (this.#asked = new AbortController());
    void this.#stream(state, asked);
    before?.abort();
  }

  async #stream(state: EditorState, asked: AbortController): Promise<void> {
    const at = state.selection.main.head;
    const text = { prefix: state.sliceDoc(0, at), suffix: state.sliceDoc(at) };
    let ghost = "";
    try {
      for await (const piece of this.#suggester.suggest({ ...text, signal: asked.signal })) {
        if (this.#asked !== asked) return;
        ghost += piece;
        this.#show({ at, text: ghost });
      }
      if (this.#asked === asked && ghost === "") this.#show(undefined);
    } catch (error) {
      if (this.#asked !== asked || asked.signal.aborted) return;
      this.#show(undefined);
      if (!(error instanceof DOMException && error.name === "AbortError")) this.#onError(error);
    }
  }

  #show(ghost: Ghost | undefined): void {
    const now = this.#view.state.field(ghostField);
    clearTimeout(this.#timer);
    // What is left of the suggestion before stays while its own text comes once more.
    const isThere = ghost && now && now.at === ghost.at && now.text.startsWith(ghost.text);
    if (!isThere && (ghost || now)) this.#view.dispatch({ effects: suggested.of(ghost) });
    const announce = this.#announce;
    if (!ghost || !announce) return;
    this.#timer = setTimeout(() => {
      const shown = this.#view.state.field(ghostField);
      if (shown) this.#view.dispatch({ effects: EditorView.announce.of(announce(shown.text)) });
    }, ANNOUNCE_AFTER);
  }
}

/** What is left of a suggestion along which a text was typed. */
function typedAlong({ at, text }: Ghost, { changes, newSelection, newDoc }: Transaction): Ghost | undefined {
  const { head, empty } = newSelection.main;
  const typed = head >= at ? newDoc.sliceString(at, head) : "";
  let isInsertion = true;
  changes.iterChanges((from, to) => (isInsertion &&= from === at && to === at));
  const isAlong = isInsertion && empty && text.startsWith(typed) && typed.length < text.length;
  return isAlong ? { at: head, text: text.slice(typed.length) } : undefined;
}

function decorated(ghost: Ghost | undefined): DecorationSet {
  if (!ghost) return Decoration.none;
  return Decoration.set(Decoration.widget({ widget: new GhostWidget(ghost.text), side: 1 }).range(ghost.at));
}

class GhostWidget extends WidgetType {
  readonly #text: string;

  constructor(text: string) {
    super();
    this.#text = text;
  }

  override eq(other: GhostWidget): boolean {
    return other.#text === this.#text;
  }

  override toDOM(): HTMLElement {
    const span = document.createElement("span");
    span.className = "cm-wgslm-ghost";
    span.textContent = this.#text;
    span.setAttribute("aria-hidden", "true");
    return span;
  }

  override ignoreEvent(): boolean {
    return false;
  }
}

const theme = EditorView.baseTheme({ ".cm-wgslm-ghost": { opacity: "0.6", whiteSpace: "pre-wrap" } });
