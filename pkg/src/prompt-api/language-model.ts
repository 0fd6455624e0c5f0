// A session of the Prompt API: a conversation that grows by what it is asked and what it answers.
import type { Engine } from "../engine.js";
import type { Session } from "../session.js";
import type { AssistantMessage, ChatMessage, Conversation, GenerateOptions, ToolCall } from "../types.js";
import { rejectionBy } from "./aborts.js";
import { grammarOf } from "./constraint.js";
import { exceptionOf, quotaExceeded } from "./errors.js";
import { checkPrompt } from "./messages.js";
import { type Sampling, generateOptions } from "./sampling.js";
import { contentOfCall, runTool, toolsOf } from "./tools.js";
import type {
  LanguageModelAnswer,
  LanguageModelMessageContent,
  LanguageModelPrompt,
  LanguageModelPromptOptions,
  LanguageModelSamplingMode,
  LanguageModelSignalOptions,
  LanguageModelTool,
} from "./types.js";

/** What the sessions of one creation and its clones have in common. */
export interface SessionSettings {
  readonly engine: Engine;
  readonly tools: readonly LanguageModelTool[];
  readonly sampling: Sampling;
  /** The messages that are never dropped. */
  readonly initial: readonly ChatMessage[];
}

/** A session with a language model. Its calls run in their order. */
export class LanguageModel extends EventTarget {
  /** Called when messages have to be dropped so that the next ones fit. */
  oncontextoverflow: ((this: LanguageModel, event: Event) => unknown) | null = null;
  readonly #settings: SessionSettings;
  /** Holds what was computed for the messages so far. */
  readonly #held: Session;
  readonly #destroyed = new AbortController();
  /** The messages after the initial ones. */
  #history: readonly ChatMessage[];
  #usage: number;
  /** Settles once the calls so far have ended. */
  #calls: Promise<unknown> = Promise.resolve();

  /** @internal */
  constructor(settings: SessionSettings, held: Session, history: readonly ChatMessage[] = [], usage = 0) {
    super();
    this.#settings = settings;
    this.#held = held;
    this.#history = history;
    this.#usage = usage;
    this.addEventListener("contextoverflow", (event) => this.oncontextoverflow?.(event));
  }

  /** Tokens in use: those of all messages so far. */
  get contextUsage(): number {
    return this.#usage;
  }

  /** The most tokens that the messages of the session may have together. */
  get contextWindow(): number {
    return this.#settings.engine.info.contextLength;
  }

  /** The likeliest tokens that answers draw from. */
  get topK(): number {
    return this.#settings.sampling.topK;
  }

  /** The temperature of the draw. */
  get temperature(): number {
    return this.#settings.sampling.temperature;
  }

  /** The freedom of answers; null where it was given by numbers. */
  get samplingMode(): LanguageModelSamplingMode | null {
    return this.#settings.sampling.mode;
  }

  /**
   * Asks the model; the answer becomes part of the session. An abort takes the prompt back. The answer is its text, unless it calls
   * tools that have no `execute`: `prompt<LanguageModelAnswer>` is for sessions with such tools.
   */
  prompt<Result extends LanguageModelAnswer = string>(
    input: LanguageModelPrompt,
    options: LanguageModelPromptOptions = {},
  ): Promise<Result> {
    return this.#call(options.signal, async (signal) => (await this.#ask(input, options, signal, () => undefined)) as Result);
  }

  /** Asks the model, and streams the pieces of its answer, calls for the caller at the end. Cancelling the stream takes the prompt back. */
  promptStreaming<Result extends LanguageModelAnswer = string>(
    input: LanguageModelPrompt,
    options: LanguageModelPromptOptions = {},
  ): ReadableStream<Result> {
    const cancelled = new AbortController();
    const signal = options.signal ? AbortSignal.any([cancelled.signal, options.signal]) : cancelled.signal;
    return new ReadableStream({
      start: async (controller) => {
        try {
          const answer = await this.#call(signal, (aborted) => this.#ask(input, options, aborted, (text) => controller.enqueue(text as Result)));
          if (typeof answer !== "string") controller.enqueue(answer.filter(({ type }) => type !== "text") as Result);
          controller.close();
        } catch (error) {
          controller.error(error);
        }
      },
      cancel: (reason) => cancelled.abort(reason),
    });
  }

  /** Adds messages, and reads them ahead of the next prompt. */
  append(input: LanguageModelPrompt, options: LanguageModelSignalOptions = {}): Promise<undefined> {
    return this.#call(options.signal, async (signal) => {
      const { messages, prefix } = checkPrompt(input, this.#isEmpty);
      if (prefix !== undefined) messages.push({ role: "assistant", content: prefix });
      await this.#makeRoom(messages);
      await this.#keep([...this.#history, ...messages]);
      await this.#held.prefill({ signal });
      return undefined;
    });
  }

  /** The tokens that a prompt would add. */
  measureContextUsage(input: LanguageModelPrompt, options: LanguageModelPromptOptions = {}): Promise<number> {
    return this.#call(options.signal, async () => {
      grammarOf(options);
      const { messages, prefix } = checkPrompt(input, this.#isEmpty);
      return (await this.#count(this.#conversation(messages))) + (await this.#tokensOf(prefix)).length - this.#usage;
    });
  }

  /** A session that goes on from here by itself. */
  clone(options: LanguageModelSignalOptions = {}): Promise<LanguageModel> {
    return this.#call(options.signal, async () => {
      return new LanguageModel(this.#settings, this.#held.fork(), this.#history, this.#usage);
    });
  }

  /** Ends all calls, which reject with the reason, an `AbortError` by default, as do later ones. */
  destroy(reason: unknown = new DOMException("the session was destroyed", "AbortError")): void {
    this.#destroyed.abort(reason);
    void this.#held.dispose();
  }

  /**
   * Begins with the initial messages, of which those that don't fit are an error.
   * @internal
   */
  async begin(signal: AbortSignal | undefined): Promise<void> {
    const { initial } = this.#settings;
    if (initial.length === 0) return;
    await this.#keep([]);
    if (this.#usage >= this.contextWindow) throw quotaExceeded(this.#usage, this.contextWindow);
    await this.#held.prefill(signal ? { signal } : {});
  }

  get #isEmpty(): boolean {
    return this.#settings.initial.length + this.#history.length === 0;
  }

  /** Runs a call after those before it, and has its failures be the API's. */
  #call<Result>(signal: AbortSignal | undefined, run: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
    const aborted = AbortSignal.any([this.#destroyed.signal, ...(signal ? [signal] : [])]);
    const running = this.#calls.then(async () => {
      aborted.throwIfAborted();
      return run(aborted);
    });
    this.#calls = running.catch(() => undefined);
    // A call that waits for others is given up at once.
    return Promise.race([running, rejectionBy(aborted)]).catch((error: unknown) => {
      throw exceptionOf(error);
    });
  }

  async #ask(
    input: LanguageModelPrompt,
    options: LanguageModelPromptOptions,
    signal: AbortSignal,
    emit: (text: string) => void,
  ): Promise<LanguageModelAnswer> {
    const grammar = grammarOf(options);
    const { messages, prefix } = checkPrompt(input, this.#isEmpty);
    const generate: GenerateOptions = { ...generateOptions(this.#settings.sampling), signal, ...(grammar && { grammar }) };
    await this.#makeRoom(messages, (await this.#tokensOf(prefix)).length);
    for (;;) {
      const conversation = { ...this.#conversation(messages), ...(grammar && { enable_thinking: false }) };
      const answer =
        prefix === undefined
          ? await this.#answer(conversation, generate, emit)
          : await this.#continue(conversation, prefix, generate, emit);
      if (grammar && answer.isCut) {
        throw new DOMException("the context ended before the answer followed its constraint; shorten the prompt", "SyntaxError");
      }
      messages.push(answer.message);
      const calls = answer.message.tool_calls ?? [];
      const results = this.#resultsOf(calls);
      if (calls.length === 0 || !results) {
        await this.#keep([...this.#history, ...messages]);
        return calls.length === 0 ? (answer.message.content ?? "").slice(prefix?.length ?? 0) : contentsOf(answer.message);
      }
      messages.push(...(await results));
      signal.throwIfAborted();
      await this.#makeRoom(messages);
    }
  }

  async #answer(conversation: Conversation, options: GenerateOptions, emit: (text: string) => void): Promise<Answer> {
    const answer = this.#settings.engine.answer(conversation, options);
    for await (const { content } of answer) if (content) emit(content);
    const { message, finishReason } = await answer.result;
    return { message, isCut: finishReason === "length" };
  }

  /** An answer that goes on from its beginning. */
  async #continue(
    conversation: Conversation,
    prefix: string,
    options: GenerateOptions,
    emit: (text: string) => void,
  ): Promise<Answer> {
    const session = this.#held.fork();
    try {
      await session.set({ ...conversation, enable_thinking: false });
      await session.append(await this.#tokensOf(prefix));
      const generation = session.generate(options);
      for await (const { text } of generation) emit(text);
      const { text, finishReason } = await generation.result;
      return { message: { role: "assistant", content: prefix + text }, isCut: finishReason !== "stop" };
    } finally {
      void session.dispose();
    }
  }

  /** The results of calls, unless one of them is the caller's to run. */
  #resultsOf(calls: readonly ToolCall[]): Promise<ChatMessage[]> | undefined {
    const tools = calls.map(({ function: { name } }) => this.#settings.tools.find((tool) => tool.name === name));
    if (!tools.every((tool) => tool?.execute)) return undefined;
    return Promise.all(
      calls.map(async (call, index): Promise<ChatMessage> => {
        return { role: "tool", tool_call_id: call.id, name: call.function.name, content: await runTool(tools[index]!, call) };
      }),
    );
  }

  /** Drops the oldest prompts and answers until these messages fit, with so many tokens besides. */
  async #makeRoom(messages: readonly ChatMessage[], more = 0): Promise<void> {
    const before = this.#history;
    for (;;) {
      const requested = (await this.#count(this.#conversation(messages))) + more;
      if (requested < this.contextWindow) break;
      if (this.#history.length === 0) {
        this.#history = before;
        throw quotaExceeded(requested, this.contextWindow);
      }
      const next = this.#history.findIndex(({ role }, index) => index > 0 && role === "user");
      this.#history = next < 0 ? [] : this.#history.slice(next);
    }
    if (this.#history === before) return;
    await this.#keep(this.#history);
    this.dispatchEvent(new Event("contextoverflow"));
  }

  #conversation(messages: readonly ChatMessage[], history = this.#history): Conversation {
    const { initial, tools } = this.#settings;
    return { messages: [...initial, ...history, ...messages], ...(tools.length > 0 && { tools: toolsOf(tools) }) };
  }

  /** Has the session be these messages after the initial ones. */
  async #keep(history: readonly ChatMessage[]): Promise<void> {
    const conversation = { ...this.#conversation([], history), add_generation_prompt: false };
    const usage = conversation.messages.length === 0 ? 0 : await this.#count(conversation);
    await this.#held.set(conversation);
    this.#history = history;
    this.#usage = usage;
  }

  #count(conversation: Conversation): Promise<number> {
    return this.#settings.engine.countTokens(conversation);
  }

  /** The tokens of a text, in which none is read as a control token. */
  async #tokensOf(text: string | undefined): Promise<Uint32Array> {
    return text ? this.#settings.engine.tokenize(text, { special: false }) : new Uint32Array();
  }
}

/** The message of an answer. */
interface Answer {
  message: AssistantMessage;
  /** True where the context ended before the answer did. */
  isCut: boolean;
}

function contentsOf({ content, tool_calls = [] }: AssistantMessage): LanguageModelMessageContent[] {
  return [...(content ? [{ type: "text" as const, value: content }] : []), ...tool_calls.map(contentOfCall)];
}
