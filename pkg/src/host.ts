import { WgslmError, toErrorMessage } from "./errors.js";
import { abortable, unlessAborted } from "./host/abort.js";
import { answerOptions, runAnswers, tokensTaken } from "./host/answers.js";
import { Completions } from "./host/completions.js";
import { Grammars } from "./host/grammars.js";
import { keptSource, requireReadable } from "./host/kept-source.js";
import { LiveModel, type Need, type OnDevice } from "./host/live-model.js";
import { planModel } from "./host/plan.js";
import { Prefixes } from "./host/prefixes.js";
import { promptOf } from "./host/prompts.js";
import { SessionCalls } from "./host/session-calls.js";
import { LoadClock, type LoadTimes } from "./load-times.js";
import { type Context, type LoadedModel, loadModel } from "./load.js";
import type { EngineMethods, EngineNews, Handlers, Methods } from "./protocol.js";
import { Queue } from "./queue.js";
import { keepTuning, recallTuning } from "./tuning.js";
import type { LoadProgress } from "./types.js";
import { instantiate, wasmBytes } from "./wasm.js";
import { type WebGpu, withWebGpu } from "./web-gpu.js";
import {
  type ChatEnd,
  type ChatStep,
  Gpu,
  type GpuOptions,
  type Model,
} from "./wasm/wgslm.js";
import type { GrammarConstraint, JsGrammar } from "./wasm/wgslm_grammar.js";

/** The most calls other than generations that use the GPU and may be unfinished at once. */
const QUEUE_CAPACITY = 64;

/** The worker's side of an engine: one wasm instance, one device, one model. */
export class Host implements Handlers<Omit<EngineMethods, "unload">> {
  /** The WebAssembly, where another worker has compiled it. */
  wasm: WebAssembly.Module | undefined;
  readonly #webGpu: WebGpu | undefined;
  readonly #shareWasm: (module: WebAssembly.Module) => void;
  #compiled: WebAssembly.Module | undefined;
  #gpu: { device: Gpu; options: string } | undefined;
  #live: LiveModel | undefined;
  #grammars: Grammars | undefined;
  #completions: Completions | undefined;
  /** The sessions of everyone who calls. */
  readonly #sessions = new Set<SessionCalls>();
  readonly #prefixes = new Prefixes();
  readonly #queue = new Queue(QUEUE_CAPACITY);
  /** Those who are told of losses and recoveries. */
  readonly #watchers = new Set<(news: EngineNews) => void>();

  /** `shareWasm` gets the WebAssembly that this host compiles; `webGpu` stands in for the browser's. */
  constructor(shareWasm: (module: WebAssembly.Module) => void, webGpu?: WebGpu) {
    this.#shareWasm = shareWasm;
    this.#webGpu = webGpu;
  }

  /** The calls about the sessions of one who calls, under numbers that nobody else has to know. */
  sessionCalls(): SessionCalls {
    const calls = new SessionCalls({
      live: () => this.#model(),
      constraint: (grammar) => this.#constraint(grammar),
    });
    this.#sessions.add(calls);
    return calls;
  }

  /** Frees the sessions of one who has left. */
  async endSessions(calls: SessionCalls): Promise<void> {
    await calls.closeAll();
    this.#sessions.delete(calls);
  }

  support({ gpu }: Methods["support"]["params"]): Promise<Methods["support"]["result"]> {
    return this.#queue.run(async () => (await this.#device(gpu)).support());
  }

  load(
    request: Methods["load"]["params"],
    context: Context<Methods["load"]["event"]>,
  ): Promise<Methods["load"]["result"]> {
    return this.#queue.run(async () => {
      try {
        const kept = await keptSource(request.source, context.signal);
        const load = (again: Context<LoadProgress>) => this.#loadOnto({ ...request, source: kept }, again);
        const { model, gpu, cache, loadTimes } = await load(context);
        const live = new LiveModel(
          { model, gpu },
          {
            require: () => requireReadable(kept),
            load,
            suspend: () => {
              this.#prefixes.free();
              this.#sessions.forEach((calls) => calls.suspend());
            },
            resume: (resumed) => this.#sessions.forEach((calls) => calls.resume(resumed)),
            tell: (news) => this.#watchers.forEach((tell) => tell(news)),
          },
        );
        this.#live = live;
        this.#grammars = new Grammars(() => live.model);
        this.#completions = undefined;
        return { ...model.info(), cache, loadTimes };
      } finally {
        // Tells whoever feeds a stream that nobody will read it.
        const { source } = request;
        if (source instanceof ReadableStream && !source.locked) void source.cancel();
      }
    });
  }

  plan(
    { gpu, ...model }: Methods["plan"]["params"],
    context: Context<never>,
  ): Promise<Methods["plan"]["result"]> {
    return this.#queue.run(async () => planModel(await this.#device(gpu), model, context));
  }

  generate(
    { prompt, answers, measuring, ...request }: Methods["generate"]["params"],
    { signal, emit }: Context<Methods["generate"]["event"]>,
  ): Promise<Methods["generate"]["result"]> {
    return this.#use({ signal }, async (model) => {
      const constraint = await this.#constraint(request.grammar);
      const optionsOf = answerOptions(request);
      const begin = (index: number) => model.generate(prompt, optionsOf(index), measuring, constraint?.fork());
      return runAnswers(answers, { begin, take: tokensTaken(emit) }, signal);
    });
  }

  chat(
    { conversation, answers, ...request }: Methods["chat"]["params"],
    { signal, emit }: Context<Methods["chat"]["event"]>,
  ): Promise<Methods["chat"]["result"]> {
    return this.#use({ signal }, async (model) => {
      let chat = model.chat(conversation);
      // Tool calls that the conversation demands go before what else the answer should look like.
      const calls = chat.grammar;
      const constraint = await this.#constraint(calls === undefined ? request.grammar : { type: "lark", grammar: calls });
      const optionsOf = answerOptions(request);
      const begin = (index: number) => {
        // Each answer has a reader of its own.
        if (index > 0) chat = model.chat(conversation);
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
    return this.#use({ signal }, (model) => {
      // A model that was loaded again after a loss is another one.
      if (this.#completions?.model !== model) this.#completions = new Completions(model);
      return this.#completions.run(request, emit, signal);
    });
  }

  beamSearch(
    { prompt, options }: Methods["beamSearch"]["params"],
    { signal }: Context<never>,
  ): Promise<Methods["beamSearch"]["result"]> {
    return this.#use({ signal }, (model) => abortable(signal, (aborted) => model.beamSearch(prompt, options, aborted)));
  }

  score({ text, after }: Methods["score"]["params"], { signal }: Context<never>): Promise<Methods["score"]["result"]> {
    return this.#inTurn(signal, async (model) => {
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

  async tokenize({ text, special }: Methods["tokenize"]["params"], { signal }: Context<never>): Promise<Uint32Array> {
    return this.#use({ gpu: false, signal }, (model) => model.tokenize(text, special));
  }

  async detokenize({ tokens }: Methods["detokenize"]["params"], { signal }: Context<never>): Promise<string> {
    return this.#use({ gpu: false, signal }, (model) => model.detokenize(tokens));
  }

  async countTokens({ prompt }: Methods["countTokens"]["params"], { signal }: Context<never>): Promise<number> {
    return this.#use({ gpu: false, signal }, (model) => model.promptTokens(promptOf(model, prompt)).length);
  }

  async applyTemplate({ conversation }: Methods["applyTemplate"]["params"], { signal }: Context<never>): Promise<string> {
    return this.#use({ gpu: false, signal }, (model) => model.applyTemplate(conversation));
  }

  embed({ texts }: Methods["embed"]["params"], { signal }: Context<never>): Promise<Methods["embed"]["result"]> {
    return this.#inTurn(signal, async (model) => {
      const tokens = texts.map((text) => (typeof text === "string" ? model.promptTokens(text) : text));
      const embeddings = await abortable(signal, (aborted) => model.embed(tokens, aborted));
      return { embeddings, tokens: tokens.reduce((sum, { length }) => sum + length, 0) };
    });
  }

  rerank(
    { query, documents }: Methods["rerank"]["params"],
    { signal }: Context<never>,
  ): Promise<Methods["rerank"]["result"]> {
    return this.#inTurn(signal, (model) => abortable(signal, (aborted) => model.rerank(query, [...documents], aborted)));
  }

  logits({ tokens }: Methods["logits"]["params"], { signal }: Context<never>): Promise<Float32Array> {
    return this.#inTurn(signal, (model) => model.logits(tokens));
  }

  async metrics(_: Methods["metrics"]["params"], { signal }: Context<never>): Promise<Methods["metrics"]["result"]> {
    return this.#use({ gpu: false, signal }, (model) => model.metrics());
  }

  async memory(): Promise<Methods["memory"]["result"]> {
    return {
      wasmBytes: wasmBytes(),
      gpuBytes: this.#gpu?.device.bytes ?? 0,
      gpuPeakBytes: this.#gpu?.device.peakBytes ?? 0,
    };
  }

  /** Tells of losses of the GPU and of recoveries, as long as the caller wants. */
  watch(_: Methods["watch"]["params"], { signal, emit }: Context<EngineNews>): Promise<never> {
    const { failure } = this.#model();
    if (failure !== undefined) emit({ lost: toErrorMessage(failure) });
    this.#watchers.add(emit);
    return new Promise((_resolve, reject) => {
      signal.addEventListener("abort", () => {
        this.#watchers.delete(emit);
        reject(signal.reason);
      });
    });
  }

  /** Gets the GPU and the model back now, if they were lost. */
  async recover(_: Methods["recover"]["params"], { signal }: Context<never>): Promise<null> {
    await unlessAborted(signal, this.#model().recover());
    return null;
  }

  async decodeBytes({ depth }: Methods["decodeBytes"]["params"], { signal }: Context<never>): Promise<number> {
    return this.#use({ gpu: false, signal }, (model) => model.decodeBytes(depth));
  }

  copyBandwidth(_: Methods["copyBandwidth"]["params"], { signal }: Context<never>): Promise<number> {
    return this.#inTurn(signal, async () => this.#gpu?.device.copyBytesPerSecond() ?? 0);
  }

  /** Frees everything, once everyone who called has left. */
  async unload(): Promise<void> {
    await Promise.all([this.#live?.close(), this.#queue.idle()]);
    this.#prefixes.free();
    await this.#grammars?.free();
    this.#gpu?.device.free();
    this.#live = this.#gpu = this.#grammars = this.#completions = undefined;
  }

  #model(): LiveModel {
    if (!this.#live) throw new WgslmError("unloaded", "no model is loaded");
    return this.#live;
  }

  /** Runs `work` on the model, after getting it back if the GPU was lost. */
  async #use<T>(need: Need, work: (model: Model) => T | Promise<T>): Promise<T> {
    return this.#model().use(work, need);
  }

  /** Runs `work` on the model once the calls before it have ended. */
  #inTurn<T>(signal: AbortSignal, work: (model: Model) => T | Promise<T>): Promise<T> {
    return this.#queue.run(() => this.#use({ signal }, work));
  }

  /** The compiled grammar of a request, which its answers fork. */
  async #constraint(grammar: JsGrammar | undefined): Promise<GrammarConstraint | undefined> {
    return grammar && this.#grammars?.compile(grammar);
  }

  /** Loads a model onto the device that is asked for, and reads its prefixes. */
  async #loadOnto(
    { source, access, gpu: gpuOptions, options, prefixes }: Methods["load"]["params"],
    context: Context<LoadProgress>,
  ): Promise<OnDevice & LoadedModel & { loadTimes: LoadTimes }> {
    const clock = new LoadClock();
    context.emit({ phase: "preparing", loadedBytes: 0, cachedBytes: 0 });
    let tuning: string | undefined;
    const opening = clock.time("deviceMs", async () => {
      const gpu = await this.#device(gpuOptions);
      tuning = await recallTuning(gpu.tuningKey);
      if (tuning !== undefined) gpu.adoptTuning(tuning);
      return gpu;
    });
    // Whoever waits for it hears of it.
    opening.catch(() => undefined);
    const { model, cache } = await loadModel(opening, source, access, options, context, clock);
    try {
      await this.#prefixes.read(model, prefixes, context.signal);
    } catch (error) {
      model.free();
      throw error;
    }
    const gpu = await opening;
    if (gpu.tuning() !== tuning) await keepTuning(gpu.tuningKey, gpu.tuning());
    return { model, gpu, cache, loadTimes: clock.finish(model.loadTimes()) };
  }

  /** The device that these options ask for: the one that was opened for them before, unless it was lost. */
  async #device(wanted: GpuOptions): Promise<Gpu> {
    if (!this.#webGpu && !globalThis.navigator?.gpu) {
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
    const device = await withWebGpu(this.#webGpu, () => Gpu.request(wanted));
    this.#gpu = { device, options };
    return device;
  }
}
