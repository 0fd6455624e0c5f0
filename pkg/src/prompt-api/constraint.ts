// Constraints of the Prompt API as grammars.
import type { Grammar } from "../types.js";
import type { LanguageModelPromptOptions } from "./types.js";

/** The grammar of a prompt's options, if they ask for one. */
export function grammarOf(options: LanguageModelPromptOptions): Grammar | undefined {
  const { responseConstraint: constraint, omitResponseConstraintInput } = options;
  if (constraint === undefined || constraint === null) {
    if (omitResponseConstraintInput) throw new TypeError("omitResponseConstraintInput needs a responseConstraint");
    return undefined;
  }
  if (constraint instanceof RegExp) return { regex: patternOf(constraint) };
  if (typeof constraint === "object" && !Array.isArray(constraint)) return { jsonSchema: constraint };
  throw new TypeError("responseConstraint should be a JSON Schema as an object, or a RegExp");
}

/** The pattern of an expression for matching the whole of an answer, so that anchors at its ends say nothing. */
function patternOf({ source, flags }: RegExp): string {
  const kept = [...flags].filter((flag) => "ims".includes(flag)).join("");
  const unanchored = source.replace(/^\^/, "").replace(/(?<!\\)((?:\\\\)*)\$$/, "$1");
  return kept ? `(?${kept})${unanchored}` : unanchored;
}
