// Prompts and inputs: a text, tokens, or several of either.
import { shown } from "../options.js";
import { count, wrong } from "./fields.js";

/** The inputs of a request, one by one. */
export function inputs(
  name: string,
  given: string | readonly string[] | readonly number[] | readonly (readonly number[])[],
): (string | Uint32Array)[] {
  if (typeof given === "string") return [given];
  const items: readonly unknown[] = Array.isArray(given) ? given : [];
  if (items.length > 0) {
    if (items.every((item) => typeof item === "string")) return [...items];
    if (areTokens(items)) return [Uint32Array.from(items)];
    if (items.every(areTokens)) return items.map((tokens) => Uint32Array.from(tokens));
  }
  throw wrong(`${name} is ${shown(given)}; it should be a string, an array of tokens, or an array of either`);
}

function areTokens(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.length > 0 && value.every((token) => count.holds(token));
}
