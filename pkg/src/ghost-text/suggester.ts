// What ghost text needs of an autocomplete.

/** A source of suggestions, as `engine.autocomplete()` gives it. */
export interface Suggester {
  /** Gives the pieces of what could stand between two texts as they come, until `signal` aborts. */
  suggest(request: { prefix: string; suffix: string; signal: AbortSignal }): AsyncIterable<string>;
  /** Hears of text that the user took. */
  accepted?(text: string): void;
}

/** The ways in which what is suggested is told to screen readers: by default in English; `false` tells nothing. */
export type Announce = ((text: string) => string) | false;

/** Tells a suggestion and the keys for it. */
export const announced = (text: string): string => `Suggestion: ${text.trim()}. Tab accepts, Escape dismisses.`;

/** The time without typing after which a suggestion is told to screen readers, in ms: one that changes with every key would be noise. */
export const ANNOUNCE_AFTER = 700;

/** The first word of a text, with the white space before it. */
export function firstWord(text: string): string {
  return /^\s*(?:[\p{L}\p{M}\p{N}_]+|[^\p{L}\p{M}\p{N}_\s]+|$)/u.exec(text)?.[0] || text;
}
