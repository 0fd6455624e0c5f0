// A request's options, as the worker takes them.
import { wireGrammar } from "./grammar.js";
import { GENERATE_OPTIONS, checkOptions } from "./options.js";
import type { RequestParams } from "./protocol.js";
import type { GenerateOptions } from "./types.js";

/** Checks the options of a generation, and takes apart what stays on this side. */
export function requestOf(options: GenerateOptions): RequestParams & { signal: AbortSignal | undefined } {
  const { signal, grammar, ...rest } = checkOptions(options, GENERATE_OPTIONS);
  return { signal, options: rest, ...(grammar !== undefined && { grammar: wireGrammar(grammar) }) };
}
