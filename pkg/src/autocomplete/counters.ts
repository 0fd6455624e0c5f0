// What an autocomplete has done.
import type { GenerationSummary } from "../wasm/wgslm.js";

/** The counts of an autocomplete since it was made. */
export interface AutocompleteCounters {
  /** Requests for suggestions. */
  requests: number;
  /** Those that were answered without the GPU: along a suggestion, or one of the last moments. */
  withoutGpu: number;
  /** Those that a newer request or a signal ended. */
  aborted: number;
  /** Rows of prompts that the GPU read: a row is a token. */
  rowsRead: number;
  /** Tokens of prompts that it had read before. */
  rowsReused: number;
  /** Tokens that it generated. */
  generatedTokens: number;
  /** Suggestions that ended without text because their probability was below `acceptance`. */
  belowAcceptance: number;
  /** Times that a suggestion with text came. */
  shown: number;
  /** Times that `accepted` was told of text. */
  accepted: number;
  /** The characters of it. */
  acceptedCharacters: number;
}

export function noCounts(): AutocompleteCounters {
  return {
    requests: 0,
    withoutGpu: 0,
    aborted: 0,
    rowsRead: 0,
    rowsReused: 0,
    generatedTokens: 0,
    belowAcceptance: 0,
    shown: 0,
    accepted: 0,
    acceptedCharacters: 0,
  };
}

/** Counts what the engine did for a completion. */
export function countWork(counters: AutocompleteCounters, summary: GenerationSummary | undefined): void {
  if (!summary) return;
  // One that was ended before it began has read nothing.
  if (summary.tokens > 0) {
    counters.rowsRead += summary.promptTokens - summary.cachedTokens;
    counters.rowsReused += summary.cachedTokens;
  }
  counters.generatedTokens += summary.tokens;
}
