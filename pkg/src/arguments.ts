// Arguments as callers give them, refused where they are something else.
import { WgslmError } from "./errors.js";
import { isRecord, shown } from "./options.js";
import type { ChatMessage, Conversation, Prompt, SnapshotSource } from "./types.js";

/** The most answers to one prompt, as OpenAI's API has it. */
const MOST_ANSWERS = 128;

export function checkPrompt(prompt: Prompt): Prompt {
  if (typeof prompt === "string" || prompt instanceof Uint32Array || areMessages(prompt)) return prompt;
  throw wrong("prompt", prompt, "a string, a Uint32Array of tokens, or an array of messages, { role, content }");
}

/** A conversation, given as such or by its messages. */
export function checkConversation(given: Conversation | readonly ChatMessage[]): Conversation {
  const conversation = Array.isArray(given) ? { messages: given as readonly ChatMessage[] } : given;
  if (isConversation(conversation)) return conversation;
  throw wrong("conversation", given, "an array of messages, { role, content }, or an object that has them as `messages`");
}

/** A prompt, or a conversation with its tools. */
export function checkPromptOrConversation(given: Prompt | Conversation): Prompt | Conversation {
  return isConversation(given) ? given : checkPrompt(given as Prompt);
}

/** A text, or its tokens. */
export function checkContent(content: string | Uint32Array): string | Uint32Array {
  if (typeof content === "string" || content instanceof Uint32Array) return content;
  throw wrong("content", content, "a string or a Uint32Array of tokens");
}

export function checkLength(length: number): number {
  if (Number.isInteger(length) && 0 <= length && length < 2 ** 32) return length;
  throw wrong("length", length, "a whole number, 0 or above");
}

export function checkAnswers(answers: number): number {
  if (Number.isInteger(answers) && 1 <= answers && answers <= MOST_ANSWERS) return answers;
  throw wrong("number of answers", answers, `a whole number from 1 to ${MOST_ANSWERS}`);
}

/** The bytes of a session in a form that the worker can be sent, and what has to be handed over with it. */
export function postSnapshot(source: SnapshotSource): { source: Blob | ReadableStream<Uint8Array>; transfer: Transferable[] } {
  if (source instanceof Blob) return { source, transfer: [] };
  if (source instanceof ReadableStream) return { source, transfer: [source] };
  if (source instanceof ArrayBuffer || source instanceof Uint8Array) {
    return { source: new Blob([source as BlobPart]), transfer: [] };
  }
  throw wrong("snapshot", source, "a Blob, an ArrayBuffer, a Uint8Array or a stream of bytes");
}

export function checkText(text: string): string {
  if (typeof text === "string") return text;
  throw wrong("text", text, "a string");
}

export function checkTexts(texts: readonly string[]): readonly string[] {
  if (Array.isArray(texts) && texts.every((text) => typeof text === "string")) return texts;
  throw wrong("list of texts", texts, "an array of strings");
}

export function checkTokens(tokens: Uint32Array): Uint32Array {
  if (tokens instanceof Uint32Array) return tokens;
  throw wrong("list of tokens", tokens, "a Uint32Array; make one of an array with Uint32Array.from");
}

function isConversation(value: unknown): value is Conversation {
  return isRecord(value) && areMessages(value["messages"]);
}

function areMessages(value: unknown): value is readonly ChatMessage[] {
  return Array.isArray(value) && value.every(isMessage);
}

/** True for what has a role, and a content of text or parts; an assistant may have none. */
function isMessage(message: unknown): boolean {
  if (!isRecord(message) || typeof message["role"] !== "string") return false;
  const { role, content } = message;
  if (Array.isArray(content)) return content.every((part) => isRecord(part) && typeof part["type"] === "string");
  return typeof content === "string" || ((content ?? null) === null && role === "assistant");
}

function wrong(what: string, value: unknown, expected: string): WgslmError {
  return new WgslmError("invalid-argument", `the ${what} is ${shown(value)}; it should be ${expected}`);
}
