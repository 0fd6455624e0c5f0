// Options of an autocomplete.
import { WgslmError } from "../errors.js";
import { type Kind, type Kinds, checkOptions, count, flag, number, object, signal, text, time } from "../options.js";
import type { ContextLengths } from "./anchor.js";
import type { FillInMiddle } from "./prompt.js";

/** Options of `engine.autocomplete`. */
export interface AutocompleteOptions {
  /** The most tokens of a suggestion; by default 24. */
  maxTokens?: number;
  /**
   * The time without another request after which the GPU is asked, in ms; by default 0. What needs no GPU never waits. On slow devices
   * 30 to 100 spare requests that the next character would end.
   */
  debounceMs?: number;
  /** The fewest characters, white space around them not counted, before the cursor; with fewer, suggestions are empty. By default 2. */
  minChars?: number;
  /** Ends suggestions at the end of the line; by default false. */
  stopAtLine?: boolean;
  /**
   * The use of the text after the cursor. `"auto"`, the default, has models that were trained to fill in the middle do so, in the order that
   * their family knows; others continue the text before the cursor, as all do with `"off"`. `"prefix-first"` and `"suffix-first"` say the order.
   */
  fim?: FillInMiddle;
  /** The most tokens that are read before and after the cursor; by default 1024 and 256, or what the context has room for. */
  context?: { before?: number; after?: number };
  /**
   * The least mean probability of a suggestion's tokens (the geometric mean), from 0, the default, to 1: nothing is shown before the mean reaches it, and a
   * suggestion ends where the mean falls below. 0.3 leaves out wild guesses, 0.6 most of what isn't obvious.
   */
  acceptance?: number;
}

/** The texts around a cursor. */
export interface SuggestRequest {
  /** All text before the cursor, or the end of it. */
  prefix: string;
  /** All text after the cursor, or the beginning of it; by default there is none. */
  suffix?: string;
  /** Aborting it ends the suggestion, which rejects with the signal's reason. */
  signal?: AbortSignal;
}

/** The options of an autocomplete with all that weren't given. */
export interface Settings extends Required<Omit<AutocompleteOptions, "context">> {
  context: ContextLengths;
}

const FIM: readonly FillInMiddle[] = ["auto", "prefix-first", "suffix-first", "off"];
const fim: Kind = {
  holds: (value) => FIM.includes(value as FillInMiddle),
  expected: FIM.map((name) => `"${name}"`).join(", "),
};
const share: Kind = {
  holds: (value) => number.holds(value) && 0 <= (value as number) && (value as number) <= 1,
  expected: "a number from 0 to 1",
};

const AUTOCOMPLETE_OPTIONS: Kinds<AutocompleteOptions> = {
  maxTokens: count,
  debounceMs: time,
  minChars: count,
  stopAtLine: flag,
  fim,
  context: object,
  acceptance: share,
};
const CONTEXT_OPTIONS: Kinds<Partial<ContextLengths>> = { before: count, after: count };
const REQUEST_OPTIONS: Kinds<SuggestRequest> = { prefix: text, suffix: text, signal };

/** The most tokens of context by default. */
const CONTEXT: ContextLengths = { before: 1024, after: 256 };

/** Checks options, and completes them for a model with room for `contextLength` tokens. */
export function settingsOf(options: AutocompleteOptions, contextLength: number): Settings {
  const { context = {}, maxTokens = 24, ...rest } = checkOptions(options, AUTOCOMPLETE_OPTIONS);
  const { before = CONTEXT.before, after = CONTEXT.after } = checkOptions(context, CONTEXT_OPTIONS);
  // The suggestion and what is typed from an anchor on need room too.
  const room = contextLength - maxTokens;
  if (room < 8) throw new WgslmError("invalid-option", `maxTokens is ${maxTokens}; the context of ${contextLength} tokens has no room for it`);
  return {
    maxTokens,
    debounceMs: rest.debounceMs ?? 0,
    minChars: rest.minChars ?? 2,
    stopAtLine: rest.stopAtLine ?? false,
    fim: rest.fim ?? "auto",
    acceptance: rest.acceptance ?? 0,
    context: { before: Math.min(before, Math.floor(room * 0.6)), after: Math.min(after, Math.floor(room * 0.2)) },
  };
}

/** Checks a request. */
export function checkRequest(request: SuggestRequest): SuggestRequest {
  const { prefix } = checkOptions(request, REQUEST_OPTIONS);
  if (prefix === undefined) throw new WgslmError("invalid-argument", "the request has no prefix; give the text before the cursor");
  return request;
}
