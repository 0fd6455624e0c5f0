// Grammars as callers give them.
import { WgslmError, messageOf } from "./errors.js";
import { isRecord, shown } from "./options.js";
import type { Grammar } from "./types.js";
import type { JsGrammar, JsWhitespace } from "./wasm/wgslm_grammar.js";

const EXPECTED =
  "one of { jsonSchema: {...} }, { json: true }, { regex: \"...\" }, { lark: \"...\" }, { gbnf: \"...\" } and { choice: [\"...\"] }";

/** The grammar as the module of grammars takes it. */
export function wireGrammar(grammar: Grammar): JsGrammar {
  if (!isRecord(grammar)) throw wrong(`grammar is ${shown(grammar)}; it should be ${EXPECTED}`);
  const { whitespace, ...rest } = grammar as Record<string, unknown>;
  const [[kind, value] = ["", undefined], ...more] = Object.entries(rest);
  const text = (): string => {
    if (typeof value === "string") return value;
    throw wrong(`grammar.${kind} is ${shown(value)}; it should be a string`);
  };
  const spaces = isWhitespace(whitespace) ? { whitespace } : {};
  if (more.length > 0) throw wrong(`grammar has ${Object.keys(rest).join(" and ")}; it should be ${EXPECTED}`);
  if (whitespace !== undefined && !("whitespace" in spaces && /^json/.test(kind))) {
    throw wrong("grammar.whitespace should be \"compact\" or \"flexible\", beside jsonSchema or json");
  }
  switch (kind) {
    case "jsonSchema":
      return { type: "json-schema", schema: json(value), ...spaces };
    case "json":
      if (value !== true) throw wrong(`grammar.json is ${shown(value)}; it should be true, or be left out`);
      return { type: "json-object", ...spaces };
    case "regex":
      return { type: "regex", pattern: text() };
    case "lark":
      return { type: "lark", grammar: text() };
    case "gbnf":
      return { type: "gbnf", grammar: text() };
    case "choice":
      if (!Array.isArray(value) || !value.every((item) => typeof item === "string")) {
        throw wrong(`grammar.choice is ${shown(value)}; it should be an array of strings`);
      }
      return { type: "choice", texts: value };
    default:
      throw wrong(kind ? `unknown grammar ${kind}; it should be ${EXPECTED}` : `grammar is empty; it should be ${EXPECTED}`);
  }
}

function json(schema: unknown): string {
  if (!isRecord(schema)) throw wrong(`grammar.jsonSchema is ${shown(schema)}; it should be a JSON Schema as an object`);
  try {
    return JSON.stringify(schema);
  } catch (error) {
    throw wrong(`grammar.jsonSchema is no JSON (${messageOf(error)}); refer to a part of a schema by $ref`);
  }
}

function isWhitespace(value: unknown): value is JsWhitespace {
  return value === "compact" || value === "flexible";
}

function wrong(message: string): WgslmError {
  return new WgslmError("invalid-option", message);
}
