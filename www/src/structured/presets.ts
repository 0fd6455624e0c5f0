// Things to try: each a rule and a question that small models can answer by it.
import type { Grammar } from "wgslm";

export type Kind = "schema" | "regex" | "choice";

export interface Preset {
  title: string;
  kind: Kind;
  rule: string;
  prompt: string;
}

const schema = (value: object): string => JSON.stringify(value, null, 2);
const text = (maxLength: number) => ({ type: "string", maxLength });

export const PRESETS: readonly Preset[] = [
  {
    title: "A contact",
    kind: "schema",
    rule: schema({
      type: "object",
      properties: {
        name: text(40),
        email: { type: "string", pattern: "^[a-z.]{1,20}@[a-z]{1,20}\\.(com|org|net)$" },
        city: text(30),
        age: { type: "integer", minimum: 0, maximum: 120 },
      },
      required: ["name", "email", "city", "age"],
      additionalProperties: false,
    }),
    prompt: "Write down the contact as JSON: Maria Silva is 34 years old and lives in Lisbon. Her address is maria.silva@example.com.",
  },
  {
    title: "A recipe",
    kind: "schema",
    rule: schema({
      type: "object",
      properties: {
        title: text(40),
        minutes: { type: "integer", minimum: 1, maximum: 240 },
        vegetarian: { type: "boolean" },
        ingredients: { type: "array", items: text(30), minItems: 2, maxItems: 5 },
      },
      required: ["title", "minutes", "vegetarian", "ingredients"],
      additionalProperties: false,
    }),
    prompt: "Write a short recipe for tomato soup as JSON.",
  },
  {
    title: "A mood",
    kind: "choice",
    rule: "positive\nneutral\nnegative",
    prompt: "Is this review positive, neutral or negative? I waited an hour, the food was cold, and nobody apologised.",
  },
  {
    title: "A date",
    kind: "regex",
    rule: "(19|20)[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])",
    prompt: "When did people first walk on the moon? Answer with the date only.",
  },
];

/** The grammar of a rule as it was typed; throws a SyntaxError where that is no JSON. */
export function grammarOf(kind: Kind, rule: string): Grammar {
  if (kind === "regex") return { regex: rule.trim() };
  if (kind === "choice") return { choice: rule.split("\n").map((line) => line.trim()).filter(Boolean) };
  return { jsonSchema: JSON.parse(rule) as object, whitespace: "compact" };
}
