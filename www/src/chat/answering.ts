// Asking the model: an answer as it comes, tools called in between, and its end.
import { signal } from "@preact/signals";
import type { ChatDelta, ChatResult, Engine, GenerationResult } from "wgslm";
import { type Loaded } from "../engine/runner.ts";
import { answering, writer } from "../engine/runners.ts";
import { recordAnswer } from "../metrics/history.ts";
import type { Failure } from "../ui/error-panel.tsx";
import { count, duration, rate } from "../ui/format.ts";
import { announce } from "../ui/status.tsx";
import { type Chat, changeChat, chats, ensureChat, messagesOf, messagesOfStep, openId, type Step, type Turn } from "./chats.ts";
import { optionsOf, sampling, useTools } from "./settings.ts";
import { runTool, TOOLS } from "./tools.ts";

/** The turn that is being answered, with what has come of it. */
export const running = signal<{ chat: string; turn: Turn } | undefined>(undefined);
/** The reason why the last answer failed. */
export const failure = signal<Failure | undefined>(undefined);

/** The most times that a model may call tools in one answer. */
const MOST_ROUNDS = 4;
const ENDINGS: Record<string, string> = {
  length: "reached the most tokens",
  context: "the context is full",
  cancelled: "stopped",
  deadline: "out of time",
};

let stopping = new AbortController();

/** Ends the answer under way; what has come of it stays. */
export function stop(): void {
  stopping.abort();
}

/** Asks the next question of the open chat. */
export async function ask(question: string): Promise<void> {
  const chat = ensureChat();
  await answer(chat.id, chat.turns.length, question, 0);
}

/** Answers a question of the open chat anew, perhaps changed; what came after it goes. */
export async function askAgain(index: number, question?: string): Promise<void> {
  const chat = ensureChat();
  const turn = chat.turns[index];
  if (!turn) return;
  await answer(chat.id, index, question ?? turn.question, question === undefined ? (attempts += 1) : 0);
}
let attempts = 0;

async function answer(id: string, index: number, question: string, attempt: number): Promise<void> {
  const loaded = writer.loaded.value;
  const chat = chats.value.find((each) => each.id === id);
  if (!loaded || !chat || answering.value) return;
  stopping = new AbortController();
  failure.value = undefined;
  const before = chat.turns.slice(0, index);
  let turn: Turn = { question, steps: [], figures: "", ending: "running" };
  const show = (change: Partial<Turn>): void => {
    turn = { ...turn, ...change };
    running.value = { chat: id, turn };
  };
  changeChat(id, () => ({ turns: [...before, turn], usedAt: Date.now() }));
  answering.value = true;
  show({});
  try {
    const result = await written(loaded, chat, before, question, attempt, (steps) => show({ steps }));
    recordAnswer(result);
    show({ figures: figuresOf(result), ending: result.finishReason });
    announce("The answer is complete");
  } catch (error) {
    failure.value = writer.fail(error);
    show({ figures: "No answer", ending: "error" });
  }
  changeChat(id, () => ({ turns: [...before, turn] }));
  running.value = undefined;
  answering.value = false;
  // The chat that the visitor went to in the meantime stays open.
  openId.value ??= id;
}

/** Has the model write, and calls the tools that it asks for. */
async function written(
  { engine }: Loaded,
  { system }: Chat,
  before: readonly Turn[],
  question: string,
  attempt: number,
  show: (steps: Step[]) => void,
): Promise<ChatResult | GenerationResult> {
  const options = optionsOf(sampling.value, attempt);
  if (!engine.info.hasChatTemplate) return continued(engine, question, options, show);
  const messages = messagesOf(system, [...before, { question, steps: [], figures: "", ending: "" }]);
  const steps: Step[] = [];
  for (let round = 0; ; round += 1) {
    const tools = useTools.value && round < MOST_ROUNDS ? { tools: TOOLS } : {};
    const chat = engine.answer({ messages, ...tools }, options);
    const cancel = (): void => chat.cancel();
    stopping.signal.addEventListener("abort", cancel);
    if (stopping.signal.aborted) cancel();
    let step: Step = { reasoning: "", text: "", calls: [], results: [] };
    for await (const delta of chat) {
      step = added(step, delta);
      show([...steps, step]);
    }
    stopping.signal.removeEventListener("abort", cancel);
    const result = await chat.result;
    const whole = result.finishReason === "tool_calls" && !result.unfinishedCall;
    step = { ...step, results: whole ? step.calls.map(runTool) : [] };
    steps.push(step);
    show([...steps]);
    if (!whole) return stopping.signal.aborted ? { ...result, finishReason: "cancelled" as ChatResult["finishReason"] } : result;
    messages.push(...messagesOfStep(step));
  }
}

/** A model without a chat template goes on with the text itself. */
async function continued(engine: Engine, text: string, options: ReturnType<typeof optionsOf>, show: (steps: Step[]) => void): Promise<GenerationResult> {
  const generation = engine.generate(text, options);
  stopping.signal.addEventListener("abort", () => generation.cancel());
  let written = "";
  for await (const piece of generation) {
    written += piece.text;
    show([{ reasoning: "", text: written, calls: [], results: [] }]);
  }
  return generation.result;
}

function added(step: Step, { content = "", reasoning_content = "", tool_calls = [] }: ChatDelta): Step {
  const calls = [...step.calls];
  for (const { index, id, function: piece } of tool_calls) {
    const call = calls[index] ?? { id: id ?? "", type: "function", function: { name: piece.name ?? "", arguments: "" } };
    calls[index] = { ...call, function: { ...call.function, arguments: call.function.arguments + piece.arguments } };
  }
  return { ...step, text: step.text + content, reasoning: step.reasoning + reasoning_content, calls };
}

function figuresOf({ tokens, timings, finishReason }: ChatResult | GenerationResult): string {
  const parts = [`${count(tokens)} ${tokens === 1 ? "token" : "tokens"}`];
  if (tokens > 1) parts.push(`${rate(timings.decodeTokensPerSecond)} tokens/s`);
  if (tokens > 0) parts.push(`first token after ${duration(timings.ttftMs)}`);
  const ending = ENDINGS[finishReason];
  if (ending) parts.push(ending);
  return parts.join(" · ");
}
