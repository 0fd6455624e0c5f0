// The visitor's chats, which stay in this browser.
import { computed, signal } from "@preact/signals";
import type { ChatMessage, ToolCall } from "wgslm";
import { isRecord, stored } from "../ui/stored.ts";

/** What the model wrote in one go: several of these make an answer where it called tools in between. */
export interface Step {
  reasoning: string;
  text: string;
  calls: ToolCall[];
  /** The results of the calls, in the same order. */
  results: string[];
}

/** A question and what became of it. */
export interface Turn {
  question: string;
  steps: Step[];
  /** Counts and times, as the page shows them. */
  figures: string;
  /** The reason for its end; `running` until then. */
  ending: string;
}

export interface Chat {
  id: string;
  system: string;
  turns: Turn[];
  usedAt: number;
}

/** The most chats that are kept. */
const MOST = 100;

export const chats = stored<Chat[]>("chats", [], (value): value is Chat[] => Array.isArray(value) && value.every(isChat));
/** The chat that is open; none before its first question. */
export const openId = signal<string | undefined>(undefined);
export const open = computed(() => chats.value.find(({ id }) => id === openId.value));
/** With it the smallest models keep to the point. */
export const DEFAULT_SYSTEM = "You are a helpful assistant. Answer briefly and clearly.";
/** The system prompt of the chat that is open, or of the one that the next question begins. */
export const system = signal(DEFAULT_SYSTEM);

export function titleOf({ turns }: Chat): string {
  return turns[0]?.question.trim().split("\n")[0]?.slice(0, 80) || "Empty chat";
}

/** The open chat; a new one where none is. */
export function ensureChat(): Chat {
  if (open.value) return open.value;
  const chat: Chat = { id: crypto.randomUUID(), system: system.value, turns: [], usedAt: Date.now() };
  chats.value = [chat, ...chats.value].slice(0, MOST);
  openId.value = chat.id;
  return chat;
}

export function openChat(id: string | undefined): void {
  openId.value = id;
  system.value = open.value?.system ?? DEFAULT_SYSTEM;
}

export function changeChat(id: string, change: (chat: Chat) => Partial<Chat>): void {
  chats.value = chats.value.map((chat) => (chat.id === id ? { ...chat, ...change(chat) } : chat));
}

export function deleteChat(id: string): void {
  chats.value = chats.value.filter((chat) => chat.id !== id);
  if (openId.value === id) openChat(undefined);
}

export function setSystem(text: string): void {
  system.value = text;
  if (openId.value) changeChat(openId.value, () => ({ system: text }));
}

/** The messages of some turns, as a chat template takes them. */
export function messagesOf(system: string, turns: readonly Turn[]): ChatMessage[] {
  const asked = turns.flatMap(({ question, steps }): ChatMessage[] => [{ role: "user", content: question }, ...steps.flatMap(messagesOfStep)]);
  return system.trim() ? [{ role: "system", content: system.trim() }, ...asked] : asked;
}

export function messagesOfStep({ text, calls, results }: Step): ChatMessage[] {
  const answer: ChatMessage = { role: "assistant", content: text, ...(calls.length > 0 && { tool_calls: calls }) };
  return [answer, ...calls.map((call, index) => toolMessage(call, results[index] ?? ""))];
}

export function toolMessage({ id, function: { name } }: ToolCall, content: string): ChatMessage {
  return { role: "tool", tool_call_id: id, name, content };
}

export function textOf({ steps }: Turn): string {
  return steps
    .map(({ text }) => text)
    .filter(Boolean)
    .join("\n\n");
}

function isChat(value: unknown): value is Chat {
  return isRecord(value) && typeof value["id"] === "string" && typeof value["system"] === "string" && Array.isArray(value["turns"]) && value["turns"].every(isTurn);
}

function isTurn(value: unknown): value is Turn {
  return isRecord(value) && typeof value["question"] === "string" && typeof value["ending"] === "string" && Array.isArray(value["steps"]) && value["steps"].every(isStep);
}

function isStep(value: unknown): value is Step {
  return isRecord(value) && typeof value["text"] === "string" && Array.isArray(value["calls"]) && Array.isArray(value["results"]);
}
