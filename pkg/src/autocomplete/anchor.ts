// The part of a text that a model is given, cut so that it stays the same while somebody types.

/** Characters that a token stands for, at most, in most texts. */
const CHARACTERS_PER_TOKEN = 6;
/** The fewest characters before the cursor that count as typed, so that deleting a few of them changes nothing before. */
const LEAST_TYPED = 32;
/** The most characters that are searched for a place to anchor at. */
const MOST_SEARCHED = 600;
/** The most characters that are typed from an anchor on. */
const MOST_TYPED = 1000;

/** Tokens of context before and after the cursor. */
export interface ContextLengths {
  before: number;
  after: number;
}

/** A text around a cursor, as a prompt has it: what was there where typing began, what was typed since, and what comes after. */
export interface AnchoredText {
  before: string;
  typed: string;
  after: string;
}

/**
 * Anchors a text near the cursor, and keeps the anchor while the text before it and after the cursor stays the same. A model that fills in the
 * middle is given what was typed since as the beginning of the middle, so that nothing it has read moves.
 */
export class Anchor {
  readonly #most: { before: number; after: number };
  #start = 0;
  #end = 0;
  #length = 0;
  #before = "";
  #after = "";

  constructor({ before, after }: ContextLengths) {
    this.#most = { before: before * CHARACTERS_PER_TOKEN, after: after * CHARACTERS_PER_TOKEN };
  }

  /** The text around the cursor, anchored where the last one was if that still holds. */
  place(prefix: string, suffix: string): AnchoredText {
    const after = suffix.slice(0, this.#most.after);
    if (!this.#holds(prefix, after)) {
      this.#start = startOf(prefix.length, this.#most.before);
      this.#end = boundaryBefore(prefix, this.#start);
      this.#length = prefix.length;
      this.#before = prefix.slice(this.#start, this.#end);
      this.#after = after;
    }
    return { before: this.#before, typed: prefix.slice(this.#end), after };
  }

  #holds(prefix: string, after: string): boolean {
    return (
      this.#length > 0 &&
      after === this.#after &&
      prefix.length >= this.#end &&
      prefix.length - this.#length <= MOST_TYPED &&
      prefix.slice(this.#start, this.#end) === this.#before
    );
  }
}

/** The first character of a text of `length` that `most` characters or a quarter more allow. It moves in big steps, as a text grows. */
function startOf(length: number, most: number): number {
  const step = Math.max(1, Math.floor(most / 4));
  return Math.max(0, Math.ceil((length - most - step) / step)) * step;
}

/**
 * The last place, some characters before the end, at which tokens of any tokenizer begin: a space between two words, or a line's first character.
 * The start where there is none.
 */
function boundaryBefore(text: string, start: number): number {
  const isBlank = (at: number): boolean => /\s/.test(text.charAt(at));
  const first = Math.max(start + 1, text.length - MOST_SEARCHED);
  for (let at = text.length - LEAST_TYPED; at >= first; at -= 1) {
    const before = text.charAt(at - 1);
    if (before === "\n" ? !isBlank(at) : text.charAt(at) === " " && !isBlank(at - 1) && !isBlank(at + 1)) return at;
  }
  return start;
}
