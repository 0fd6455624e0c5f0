import { type ErrorMessage, WgslmError, toErrorMessage } from "./errors.js";
import { abortable } from "./host/abort.js";
import { answerOptions, runAnswers, tokensTaken } from "./host/answers.js";
import { Completions } from "./host/completions.js";
import { Grammars } from "./host/grammars.js";
import { SessionCalls } from "./host/session-calls.js";
import { type Context, loadModel } from "./load.js";
import type { EngineMethods, Handlers, Methods } from "./protocol.js";
import { Queue } from "./queue.js";
import { keepTuning, recallTuning } from "./tuning.js";
import type { Prompt } from "./types.js";
import { instantiate, wasmBytes } from "./wasm.js";
import {
  type ChatEnd,
  type ChatStep,
  type Conversation,
  Gpu,
  type GpuOptions,
  type Model,
} from "./wasm/wgslm.js";
import type { GrammarConstraint, JsGrammar } from "./wasm/wgslm_grammar.js";

/** The most calls other than generations that use the GPU and may be unfinished at once. */
const QUEUE_CAPACITY = 64;

/** The time between two looks at whether the device was lost, in ms. */
const DEVICE_INTERVAL = 500;

/** The worker's side of an engine: one wasm instance, one device, one model. */
export class Host implements Handlers<EngineMethods> {
  /** The WebAssembly, where another worker has compiled it. */
  wasm: WebAssembly.Module | undefined;
  readonly #shareWasm: (module: WebAssembly.Module) => void;
  #compiled: WebAssembly.Module | undefined;
  #gpu: { device: Gpu; options: string } | undefined;
  #loaded: Model | undefined;
  #grammars: Grammars | undefined;
  #completions: Completions | undefined;
  /** The calls about sessions. */
  readonly sessions = new SessionCalls({
    model: () => this.#model(),
    constraint: (grammar) => this.#constraint(grammar),
    track: (work) => this.#track(work),
  });
  readonly #queue = new Queue(QUEUE_CAPACITY);
  /** The requests under way. The engine schedules them, so they aren't queued here. */
  readonly #requests = new Set<Promise<unknown>>();

  /** `shareWasm` gets the WebAssembly that this host compiles. */
  constructor(shareWasm: (module: WebAssembly.Module) => void) {
    this.#shareWasm = shareWasm;
  }

  support({ gpu }: Methods["support"]["params"]): Promise<Methods["support"]["result"]> {
    return this.#queue.run(async () => (await this.#device(gpu)).support());
  }

  load(
    { source, access, gpu: gpuOptions, options }: Methods["load"]["params"],
    context: Context<Methods["load"]["event"]>,
  ): Promise<Methods["load"]["result"]> {
    return this.#queue.run(async () => {
      try {
        context.emit({ phase: "preparing", loadedBytes: 0, cachedBytes: 0 });
        const gpu = await this.#device(gpuOptions);
        context.signal.throwIfAborted();
        const tuning = await recallTuning(gpu.tuningKey);
        if (tuning !== undefined) gpu.adoptTuning(tuning);
        const { model, cache } = await loadModel(gpu, source, access, options, context);
        this.#loaded = model;
        this.#grammars = new Grammars(model);
        this.#completions = undefined;
        if (gpu.tuning() !== tuning) await keepTuning(gpu.tuningKey, gpu.tuning());
        return { ...model.info(), cache };
      } finally {
        // Tells whoever feeds a stream that nobody will read it.
        if (source instanceof ReadableStream && !source.locked) void source.cancel();
      }
    });
  }

  generate(
    { prompt, answers, measuring, ...request }: Methods["generate"]["params"],
    { signal, emit }: Context<Methods["generate"]["event"]>,
  ): Promise<Methods["generate"]["result"]> {
    return this.#track(async () => {
      const constraint = await this.#constraint(request.grammar);
      const optionsOf = answerOptions(request);
      const begin = (index: number) => this.#model().generate(prompt, optionsOf(index), measuring, constraint?.fork());
      return runAnswers(answers, { begin, take: tokensTaken(emit) }, signal);
    });
  }

  chat(
    { conversation, answers, ...request }: Methods["chat"]["params"],
    { signal, emit }: Context<Methods["chat"]["event"]>,
  ): Promise<Methods["chat"]["result"]> {
    return this.#track(async () => {
      let chat = this.#model().chat(conversation);
      // Tool calls that the conversation demands go before what else the answer should look like.
      const calls = chat.grammar;
      const constraint = await this.#constraint(calls === undefined ? request.grammar : { type: "lark", grammar: calls });
      const optionsOf = answerOptions(request);
      const begin = (index: number) => {
        // Each answer has a reader of its own.
        if (index > 0) chat = this.#model().chat(conversation);
        return chat.begin(optionsOf(index), constraint?.fork());
      };
      const take = (index: number, { deltas, logprobs, end }: ChatStep): ChatEnd | undefined => {
        if (deltas.length + logprobs.length > 0) emit({ index, deltas, logprobs });
        return end;
      };
      return runAnswers(answers, { begin, take }, signal);
    });
  }

  complete(
    request: Methods["complete"]["params"],
    { signal, emit }: Context<Methods["complete"]["event"]>,
  ): Promise<Methods["complete"]["result"]> {
    return this.#track(async () => {
      this.#completions ??= new Completions(this.#model());
      return this.#completions.run(request, emit, signal);
    });
  }

  beamSearch(
    { prompt, options }: Methods["beamSearch"]["params"],
    { signal }: Context<never>,
  ): Promise<Methods["beamSearch"]["result"]> {
    return this.#track(() => abortable(signal, (aborted) => this.#model().beamSearch(prompt, options, aborted)));
  }

  score({ text, after }: Methods["score"]["params"], { signal }: Context<never>): Promise<Methods["score"]["result"]> {
    return this.#queue.run(async () => {
      const model = this.#model();
      const tokensOf = (part: string | Uint32Array, isFirst: boolean): Uint32Array => {
        if (typeof part !== "string") return part;
        return isFirst ? model.promptTokens(part) : model.tokenize(part, true);
      };
      const before = after === undefined ? new Uint32Array() : tokensOf(after, true);
      const tokens = Uint32Array.of(...before, ...tokensOf(text, after === undefined));
      const logprobs = await abortable(signal, (aborted) => model.score(tokens, before.length, aborted));
      return { tokens: tokens.slice(tokens.length - logprobs.length), logprobs };
    });
  }

  async tokenize({ text, special }: Methods["tokenize"]["params"]): Promise<Uint32Array> {
    return this.#model().tokenize(text, special);
  }

  async detokenize({ tokens }: Methods["detokenize"]["params"]): Promise<string> {
    return this.#model().detokenize(tokens);
  }

  async countTokens({ prompt }: Methods["countTokens"]["params"]): Promise<number> {
    if (!isConversation(prompt)) return this.#model().promptTokens(prompt).length;
    const chat = this.#model().chat(prompt);
    const { length } = chat.prompt;
    chat.free();
    return length;
  }

  async applyTemplate({ conversation }: Methods["applyTemplate"]["params"]): Promise<string> {
    return this.#model().applyTemplate(conversation);
  }

  embed({ texts }: Methods["embed"]["params"], { signal }: Context<never>): Promise<Methods["embed"]["result"]> {
    return this.#queue.run(async () => {
      const model = this.#model();
      const tokens = texts.map((text) => (typeof text === "string" ? model.promptTokens(text) : text));
      const embeddings = await abortable(signal, (aborted) => model.embed(tokens, aborted));
      return { embeddings, tokens: tokens.reduce((sum, { length }) => sum + length, 0) };
    });
  }

  rerank(
    { query, documents }: Methods["rerank"]["params"],
    { signal }: Context<never>,
  ): Promise<Methods["rerank"]["result"]> {
    return this.#queue.run(() => {
      const model = this.#model();
      return abortable(signal, (aborted) => model.rerank(query, [...documents], aborted));
    });
  }

  logits({ tokens }: Methods["logits"]["params"]): Promise<Float32Array> {
    return this.#queue.run(() => this.#model().logits(tokens));
  }

  async metrics(): Promise<Methods["metrics"]["result"]> {
    return this.#model().metrics();
  }

  async memory(): Promise<Methods["memory"]["result"]> {
    return {
      wasmBytes: wasmBytes(),
      gpuBytes: this.#loaded?.info().gpuBytes ?? 0,
      gpuPeakBytes: this.#gpu?.device.peakBytes ?? 0,
    };
  }

  /** Tells that the device was lost or has failed, whenever that is. */
  async lost(_: Methods["lost"]["params"], { signal }: Context<never>): Promise<ErrorMessage> {
    for (;;) {
      signal.throwIfAborted();
      const failure: unknown = this.#gpu?.device.failure();
      if (failure !== undefined) return toErrorMessage(failure);
      await new Promise((resolve) => setTimeout(resolve, DEVICE_INTERVAL));
    }
  }

  async decodeBytes({ depth }: Methods["decodeBytes"]["params"]): Promise<number> {
    return this.#model().decodeBytes(depth);
  }

  copyBandwidth(): Promise<number> {
    return this.#queue.run(async () => {
      this.#model();
      return this.#gpu?.device.copyBytesPerSecond() ?? 0;
    });
  }

  /** Frees everything once the running calls, which the caller has aborted, have ended. */
  async unload(): Promise<null> {
    await Promise.allSettled([this.#queue.idle(), ...this.#requests]);
    await this.sessions.closeAll();
    await this.#grammars?.free();
    this.#loaded?.free();
    this.#gpu?.device.free();
    this.#loaded = this.#gpu = this.#grammars = this.#completions = undefined;
    return null;
  }

  #model(): Model {
    if (!this.#loaded) throw new WgslmError("unloaded", "no model is loaded");
    return this.#loaded;
  }

  /** The compiled grammar of a request, which its answers fork. */
  async #constraint(grammar: JsGrammar | undefined): Promise<GrammarConstraint | undefined> {
    this.#model();
    return grammar && this.#grammars?.compile(grammar);
  }

  /** Keeps the model until `work` has ended. */
  async #track<T>(work: () => Promise<T>): Promise<T> {
    const request = work();
    this.#requests.add(request);
    try {
      return await request;
    } finally {
      this.#requests.delete(request);
    }
  }

  /** The device that these options ask for: the one that was opened for them before, unless it was lost. */
  async #device(wanted: GpuOptions): Promise<Gpu> {
    if (!("gpu" in navigator)) {
      throw new WgslmError(
        "no-webgpu",
        "this browser has no WebGPU in workers; use a current Chrome, Edge, Firefox or Safari",
      );
    }
    if (!this.#compiled) {
      this.#compiled = await instantiate(this.wasm);
      if (!this.wasm) this.#shareWasm(this.#compiled);
    }
    const options = JSON.stringify(wanted);
    if (this.#gpu?.options === options && this.#gpu.device.isUsable) return this.#gpu.device;
    this.#gpu?.device.free();
    this.#gpu = undefined;
    const device = await Gpu.request(wanted);
    this.#gpu = { device, options };
    return device;
  }
}

function isConversation(prompt: Prompt | Conversation): prompt is Conversation {
  return typeof prompt === "object" && "messages" in prompt;
}
