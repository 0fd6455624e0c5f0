// Arguments as callers give them, refused where they are something else.
import { WgslmError } from "./errors.js";
import { isRecord, shown } from "./options.js";
import type { Prompt } from "./types.js";
import type { ChatMessage } from "./wasm/wgslm.js";

export function checkPrompt(prompt: Prompt): Prompt {
  if (typeof prompt === "string" || prompt instanceof Uint32Array || areMessages(prompt)) return prompt;
  throw wrong("prompt", prompt, "a string, a Uint32Array of tokens, or an array of messages, { role, content }");
}

export function checkMessages(messages: readonly ChatMessage[]): readonly ChatMessage[] {
  if (areMessages(messages)) return messages;
  throw wrong("conversation", messages, "an array of messages, { role, content }, both strings");
}

export function checkText(text: string): string {
  if (typeof text === "string") return text;
  throw wrong("text", text, "a string");
}

export function checkTexts(texts: readonly string[]): readonly string[] {
  if (Array.isArray(texts) && texts.every((text) => typeof text === "string")) return texts;
  throw wrong("text to embed", texts, "a string, or an array of them");
}

export function checkTokens(tokens: Uint32Array): Uint32Array {
  if (tokens instanceof Uint32Array) return tokens;
  throw wrong("list of tokens", tokens, "a Uint32Array; make one of an array with Uint32Array.from");
}

function areMessages(value: unknown): value is readonly ChatMessage[] {
  const isMessage = (message: unknown): boolean =>
    isRecord(message) && typeof message["role"] === "string" && typeof message["content"] === "string";
  return Array.isArray(value) && value.every(isMessage);
}

function wrong(what: string, value: unknown, expected: string): WgslmError {
  return new WgslmError("invalid-argument", `the ${what} is ${shown(value)}; it should be ${expected}`);
}
