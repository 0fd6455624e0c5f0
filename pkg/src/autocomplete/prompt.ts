// Prompts for completing a text, in the worker.
import type { CompletionTokens } from "../wasm/wgslm.js";
import type { AnchoredText, ContextLengths } from "./anchor.js";

/** The use of the text after the cursor: as the model was trained, in an order, or not at all. */
export type FillInMiddle = "auto" | "prefix-first" | "suffix-first" | "off";

/** What a prompt is made for. */
export interface PromptRequest extends AnchoredText {
  context: ContextLengths;
  fim: FillInMiddle;
  /** The most tokens of a prompt. */
  most: number;
}

/** A prompt, and the token that was taken off its end: the answer begins with its text. */
export interface CompletionPrompt {
  tokens: Uint32Array;
  healed?: { token: number; text: string };
}

/** The parts of a tokenizer that prompts are made with. */
export interface PromptTokenizer {
  completionTokens(): CompletionTokens;
  /** The tokens of plain text. */
  tokenize(text: string, special: false): Uint32Array;
  /** Those of plain text that continues other text. */
  encodeContinuation(text: string): Uint32Array;
  continuationText(token: number): string;
}

/** The tokens of a prompt before what was typed since, and what they were made of. */
interface Head {
  key: readonly (string | number)[];
  tokens: number[];
  typedContinues: boolean;
}

/** The heads that are kept: a few editors may take turns. */
const KEPT = 4;

/** Makes prompts. What was there where typing began is made into tokens once; of each request after it, only what was typed since. */
export class PromptMaker {
  readonly #tokenizer: PromptTokenizer;
  readonly #special: CompletionTokens;
  readonly #heads: Head[] = [];

  constructor(tokenizer: PromptTokenizer) {
    this.#tokenizer = tokenizer;
    this.#special = tokenizer.completionTokens();
  }

  make(request: PromptRequest): CompletionPrompt {
    const { tokens: head, typedContinues } = this.#head(request);
    const { typed, most } = request;
    const last = typedContinues ? this.#tokenizer.encodeContinuation(typed) : this.#tokenizer.tokenize(typed, false);
    const healed = head.length + last.length > 1 ? this.#healed(last) : undefined;
    const whole = [...head, ...(healed ? last.subarray(0, -1) : last)];
    // What is still too long, such as a text without words, loses what is farthest from the cursor.
    const tokens = Uint32Array.from(whole.slice(Math.max(0, whole.length - most)));
    return healed ? { tokens, healed } : { tokens };
  }

  /** The last token, if the word that it ends may go on. */
  #healed(tokens: Uint32Array): CompletionPrompt["healed"] {
    const token = tokens.at(-1);
    if (token === undefined) return undefined;
    const text = this.#tokenizer.continuationText(token);
    // A line break ends words, and a part of a character has no text.
    return text === "" || /[\n\r\ufffd]/.test(text) ? undefined : { token, text };
  }

  #head({ before, after, context, fim, most }: PromptRequest): Head {
    const key = [before, after, context.before, context.after, fim, most];
    const known = this.#heads.findIndex((head) => head.key.every((part, index) => part === key[index]));
    const head = known >= 0 ? this.#heads.splice(known, 1)[0]! : { key, ...this.#newHead({ before, after, context, fim }) };
    this.#heads.unshift(head);
    this.#heads.length = Math.min(this.#heads.length, KEPT);
    return head;
  }

  #newHead({ before, after, context, fim }: Pick<PromptRequest, "before" | "after" | "context" | "fim">): Omit<Head, "key"> {
    const { begin, fillInMiddle } = this.#special;
    const start = begin === undefined ? [] : [begin];
    const prefix = lastOf(this.#tokenizer.tokenize(before, false), context.before);
    if (fim === "off" || !fillInMiddle || after.trim() === "") {
      return { tokens: [...start, ...prefix], typedContinues: before !== "" };
    }
    const suffix = this.#tokenizer.encodeContinuation(after).subarray(0, context.after);
    const parts = [
      [fillInMiddle.prefix, ...prefix],
      [fillInMiddle.suffix, ...suffix],
    ];
    if (fim === "suffix-first" || (fim === "auto" && fillInMiddle.suffixFirst)) parts.reverse();
    const middle = fillInMiddle.middle === undefined ? [] : [fillInMiddle.middle];
    return { tokens: [...start, ...parts.flat(), ...middle], typedContinues: true };
  }
}

/** The last tokens, `most` or up to a quarter fewer: as their number grows, the first one moves in big steps. */
function lastOf(tokens: Uint32Array, most: number): Uint32Array {
  const step = Math.max(1, Math.floor(most / 4));
  return tokens.subarray(Math.max(0, Math.ceil((tokens.length - most) / step)) * step);
}
