import {
  checkAnswers,
  checkConversation,
  checkPrompt,
  checkPromptOrConversation,
  checkText,
  checkTexts,
  checkTokens,
  checkContent,
  postSnapshot,
} from "./arguments.js";
import { Autocomplete } from "./autocomplete.js";
import type { AutocompleteOptions } from "./autocomplete/options.js";
import { modelCache } from "./cache/model-cache.js";
import { savedSession, savedSessions } from "./cache/saved-sessions.js";
import { Chat } from "./chat.js";
import { connect, keepSpare } from "./connect.js";
import type { Connection } from "./connection.js";
import { WgslmError, messageOf } from "./errors.js";
import { Generation, Generations } from "./generation.js";
import { named } from "./models.js";
import { ChatCompletions } from "./openai/chat.js";
import { Completions } from "./openai/completions.js";
import { EmbeddingsApi } from "./openai/embeddings.js";
import {
  BEAM_OPTIONS,
  GPU_OPTIONS,
  LOAD_OPTIONS,
  PLAN_OPTIONS,
  PRICE_OPTIONS,
  SCORE_OPTIONS,
  RERANK_OPTIONS,
  SIGNAL_OPTIONS,
  SUPPORT_OPTIONS,
  TOKENIZE_OPTIONS,
  checkOptions,
} from "./options.js";
import { requestOf } from "./request.js";
import { Session, nextSession } from "./session.js";
import { joinShared } from "./shared.js";
import { postModel } from "./source.js";
import type {
  Beam,
  BeamOptions,
  ChatMessage,
  Conversation,
  EmbedOptions,
  RankedDocument,
  RerankOptions,
  GenerateOptions,
  LoadOptions,
  MemoryUse,
  MetricsSnapshot,
  ModelInfo,
  GpuOptions,
  ModelPlan,
  ModelSource,
  PlanOptions,
  Prompt,
  Score,
  ScoreOptions,
  SignalOptions,
  SnapshotSource,
  Support,
  SupportOptions,
  TokenizeOptions,
} from "./types.js";
import { EngineWatch } from "./watch.js";
import { type WebGpu, isWebGpu, requireWebGpu } from "./web-gpu.js";

/**
 * The connection of an engine, for the parts of this package that aren't methods of it.
 * @internal
 */
export let connectionOf: (engine: Engine) => Connection;

/**
 * An engine at the end of a connection to a host that has loaded it.
 * @internal
 */
export let engineOf: (connection: Connection, info: ModelInfo, shared: boolean) => Engine;

/** A model on the user's GPU. It lives in a worker of its own, so the page stays responsive. */
export class Engine implements AsyncDisposable {
  /** The models that this origin keeps in the browser. */
  static readonly cache = modelCache;
  /** The sessions that this origin keeps in the browser: see `session.save`. */
  static readonly savedSessions = savedSessions;
  /** The figures of the loaded model. */
  readonly info: ModelInfo;
  /** True where other tabs may use the same engine, as the load option `shared` asks. */
  readonly shared: boolean;
  /** Answers to conversations in the shape of OpenAI's API: `engine.chat.completions.create`. */
  readonly chat: { readonly completions: ChatCompletions };
  /** Continuations of prompts in the shape of OpenAI's older API: `engine.completions.create`. */
  readonly completions: Completions;
  /** Embeddings in the shape of OpenAI's API: `engine.embeddings.create`. */
  readonly embeddings: EmbeddingsApi;
  readonly #connection: Connection;
  readonly #watch: EngineWatch;
  #unloading: Promise<void> | undefined;

  static {
    connectionOf = (engine) => engine.#connection;
    engineOf = (connection, info, shared) => new Engine(connection, info, shared);
  }

  private constructor(connection: Connection, info: ModelInfo, shared: boolean, onProgress?: LoadOptions["onProgress"]) {
    this.#connection = connection;
    this.#watch = new EngineWatch(connection, onProgress);
    this.info = info;
    this.shared = shared;
    this.chat = { completions: new ChatCompletions(connection, info) };
    this.completions = new Completions(connection, info);
    this.embeddings = new EmbeddingsApi(connection, info);
  }

  /** Says whether models can run here, on which adapter, and which kernels it would use. Rejects only where its signal aborts. */
  static async support(options: SupportOptions = {}): Promise<Support> {
    let connection: Connection | undefined;
    try {
      const { workerUrl, mainThread, gpu: webGpu, signal, ...gpu } = checkOptions(options, SUPPORT_OPTIONS);
      const place = { workerUrl, mainThread, webGpu };
      signal?.throwIfAborted();
      if (!webGpu) requireWebGpu();
      connection = await connect(place);
      const report = await connection.call("support", { gpu }, { signal }).result;
      keepSpare(place, connection);
      return { available: true, ...report };
    } catch (error) {
      void connection?.close(unloaded());
      options.signal?.throwIfAborted();
      const { code, message } = error instanceof WgslmError ? error : new WgslmError("internal", messageOf(error));
      return { available: false, code, reason: message };
    }
  }

  /**
   * Tells what loading a model takes, by the headers of its files and before anything is downloaded: bytes on the GPU, the size of the download,
   * whether the GPU allows buffers that large, and with which options it would take less. A stream or Response can't be planned, since it
   * can be read only once.
   */
  static async plan(source: ModelSource, options: PlanOptions = {}): Promise<ModelPlan> {
    const { signal, gpu = {}, workerUrl, mainThread, cache, headers, fetch, models, ...rest } = checkOptions(options, PLAN_OPTIONS);
    const { webGpu, gpuOptions } = deviceOf(gpu);
    if (source instanceof ReadableStream || source instanceof Response) {
      throw new WgslmError("invalid-argument", "a stream or Response can be read only once, by the load itself; plan with an address, a File or a Blob");
    }
    signal?.throwIfAborted();
    if (!webGpu) requireWebGpu();
    const place = { workerUrl, mainThread, webGpu };
    // The load that follows wants the buffer too.
    const planned = source instanceof ArrayBuffer ? new Blob([source]) : named(source, models);
    const { transfer, ...posted } = postModel(planned, { cache, headers, fetch });
    const connection = await connect(place);
    try {
      const plan = await connection.call("plan", { ...posted, gpu: gpuOptions, options: rest }, { signal, transfer }).result;
      keepSpare(place, connection);
      return plan;
    } catch (error) {
      void connection.close(unloaded());
      throw error;
    }
  }

  /** Fetches or reads a model and puts its weights on the GPU as they come; no file of weights is ever whole in memory. */
  static async load(source: ModelSource, options: LoadOptions = {}): Promise<Engine> {
    const { onProgress, signal, gpu = {}, workerUrl, mainThread, shared, cache, integrity, headers, fetch, models, prefixes = [], ...rest } =
      checkOptions(options, LOAD_OPTIONS);
    const { webGpu, gpuOptions } = deviceOf(gpu);
    if (rest.price) checkOptions(rest.price, PRICE_OPTIONS);
    prefixes.forEach(checkPrompt);
    if (rest.prefixCache === false && prefixes.length > 0) {
      throw new WgslmError("invalid-option", "prefixes are kept in the prefix cache; leave out prefixCache: false");
    }
    signal?.throwIfAborted();
    if (!webGpu) requireWebGpu();
    const { transfer, ...posted } = postModel(named(source, models), { cache, integrity, headers, fetch });
    const params = { ...posted, gpu: gpuOptions, options: rest, prefixes };
    const place = { workerUrl, mainThread, webGpu };
    const load = async (connection: Connection, isShared: boolean): Promise<Engine> => {
      try {
        const call = connection.call("load", params, { signal, transfer, onEvent: onProgress });
        return new Engine(connection, await call.result, isShared, onProgress);
      } catch (error) {
        void connection.close(unloaded());
        throw error;
      }
    };
    const joined = shared ? await joinShared(params, place) : undefined;
    try {
      if (joined) return await load(joined, true);
    } catch (error) {
      // Some browsers have WebGPU in workers, but not in shared ones.
      if ((error as Partial<WgslmError>).code !== "no-webgpu") throw error;
    }
    return load(await connect(place), false);
  }

  /**
   * Resolves when the GPU is lost, as `GPUDevice.lost` does, with the error that running requests reject with. The next call gets a GPU, the
   * model and all sessions back by itself; from then on this is a promise of the next loss. It also resolves once the engine can't be used
   * any more: with the code `unloaded`, `worker-crashed` or `wasm-trap`. Never rejects.
   */
  get lost(): Promise<WgslmError> {
    return this.#watch.lost;
  }

  /**
   * Generates from a prompt or, given messages, the assistant's next turn; `await` gives the text. Several generations run at the same time, up to the load
   * option `slots`, and none changes another's answer; of those that come beyond, as many as the load option `queue` says wait, and more
   * fail with the code `busy`.
   */
  generate(prompt: Prompt, options: GenerateOptions = {}): Generation {
    return new Generation((onEvent) => {
      const { signal, ...request } = requestOf(options);
      const params = { prompt: checkPrompt(prompt), answers: 1, measuring: {}, ...request };
      return this.#connection.call("generate", params, { signal, onEvent });
    });
  }

  /**
   * Generates several answers to one prompt, which is read once. The first has the `seed` of the options, and each after it the next one; at
   * temperature 0 they are all the same.
   */
  generateSeveral(prompt: Prompt, answers: number, options: GenerateOptions = {}): Generations {
    return new Generations((onEvent) => {
      const { signal, ...request } = requestOf(options);
      const params = { prompt: checkPrompt(prompt), answers: checkAnswers(answers), measuring: {}, ...request };
      return this.#connection.call("generate", params, { signal, onEvent });
    });
  }

  /**
   * Answers a conversation, perhaps by calls of its tools; `await` gives the message. Reasoning and tool calls are told apart from text as
   * they come. Calls that `tool_choice` demands follow a grammar of their own, before which `grammar` has no effect.
   */
  answer(conversation: Conversation | readonly ChatMessage[], options: GenerateOptions = {}): Chat {
    return new Chat((onEvent) => {
      const { signal, ...request } = requestOf(options);
      const params = { conversation: checkConversation(conversation), answers: 1, ...request };
      return this.#connection.call("chat", params, { signal, onEvent });
    });
  }

  /** Suggests how a text that is being typed goes on: see {@link Autocomplete.suggest}. */
  autocomplete(options: AutocompleteOptions = {}): Autocomplete {
    return new Autocomplete(
      (request, onEvent) => this.#connection.call("complete", request, { onEvent }),
      this.info.contextLength,
      options,
    );
  }

  /** The likeliest answers to a prompt as wholes, the best first, as a beam search finds them. */
  async beamSearch(prompt: Prompt, options: BeamOptions = {}): Promise<Beam[]> {
    const { signal, ...rest } = checkOptions(options, BEAM_OPTIONS);
    const params = { prompt: checkPrompt(prompt), options: rest };
    return (await this.#connection.call("beamSearch", params, { signal }).result).beams;
  }

  /** The log-probabilities that the model gives to a text. */
  async score(text: string | Uint32Array, options: ScoreOptions = {}): Promise<Score> {
    const { signal, after } = checkOptions(options, SCORE_OPTIONS);
    const params = { text: checkContent(text), after };
    const scored = await this.#connection.call("score", params, { signal }).result;
    return { ...scored, total: scored.logprobs.reduce((sum, logprob) => sum + logprob, 0) };
  }

  /** A new session: a sequence of tokens that is kept between requests. */
  session(): Session {
    const session = nextSession();
    // What it fails with the session's own calls fail with.
    this.#connection.call("openSession", { session }).result.catch(() => undefined);
    return new Session(this.#connection, session);
  }

  /**
   * A session from the bytes of `session.snapshot`. Those of another model or of other settings are refused with the code
   * `snapshot-mismatch`, and damaged ones with `snapshot-damaged`.
   */
  async restore(snapshot: SnapshotSource, options: SignalOptions = {}): Promise<Session> {
    const { signal } = checkOptions(options, SIGNAL_OPTIONS);
    const { source, transfer } = postSnapshot(snapshot);
    const session = nextSession();
    const restored = new Session(this.#connection, session);
    try {
      await this.#connection.call("restoreSession", { session, source }, { signal, transfer }).result;
      return restored;
    } catch (error) {
      void restored.dispose();
      throw error;
    }
  }

  /**
   * A session that `session.save` has kept in the browser. Fails with the code `no-saved-session` where there is none of the name, and
   * otherwise as {@link restore} does.
   */
  async restoreSaved(name: string, options: SignalOptions = {}): Promise<Session> {
    return this.restore(await savedSession(name), options);
  }

  /**
   * The embedding of a text: a vector of length 1 with `info.width` values, whose dot product with another is their similarity. Of
   * several texts, their embeddings in the same order. Where the model generates text instead, fails with the code `wrong-task`.
   */
  embed(text: string, options?: EmbedOptions): Promise<Float32Array>;
  embed(texts: readonly string[], options?: EmbedOptions): Promise<Float32Array[]>;
  async embed(texts: string | readonly string[], options: EmbedOptions = {}): Promise<Float32Array | Float32Array[]> {
    const one = typeof texts === "string";
    const params = { texts: checkTexts(one ? [texts] : texts) };
    const { embeddings } = await this.#connection.call("embed", params, checkOptions(options, SIGNAL_OPTIONS)).result;
    return one ? embeddings[0]! : embeddings;
  }

  /**
   * Ranks documents by how well they answer a query, the best first, with a reranker: a model whose `info.task` is `ranking`. Others fail
   * with the code `wrong-task`.
   */
  async rerank(query: string, documents: readonly string[], options: RerankOptions = {}): Promise<RankedDocument[]> {
    const { top, ...rest } = checkOptions(options, RERANK_OPTIONS);
    const params = { query: checkText(query), documents: checkTexts(documents) };
    const scores = await this.#connection.call("rerank", params, rest).result;
    const ranked = [...scores].map((score, index) => ({ index, score })).sort((a, b) => b.score - a.score);
    return ranked.slice(0, top);
  }

  /** The tokens of a text. */
  async tokenize(text: string, options: TokenizeOptions = {}): Promise<Uint32Array> {
    const { special = true, ...rest } = checkOptions(options, TOKENIZE_OPTIONS);
    return this.#connection.call("tokenize", { text: checkText(text), special }, rest).result;
  }

  /** The text of tokens. */
  async detokenize(tokens: Uint32Array, options: SignalOptions = {}): Promise<string> {
    return this.#connection.call("detokenize", { tokens: checkTokens(tokens) }, checkOptions(options, SIGNAL_OPTIONS)).result;
  }

  /** The number of tokens that a prompt has, those that the model expects around it and those of the chat template included. */
  async countTokens(prompt: Prompt | Conversation, options: SignalOptions = {}): Promise<number> {
    return this.#connection.call("countTokens", { prompt: checkPromptOrConversation(prompt) }, checkOptions(options, SIGNAL_OPTIONS)).result;
  }

  /** A conversation as the model's chat template writes it down, up to where the assistant's next turn begins. */
  async applyTemplate(conversation: Conversation | readonly ChatMessage[], options: SignalOptions = {}): Promise<string> {
    return this.#connection.call("applyTemplate", { conversation: checkConversation(conversation) }, checkOptions(options, SIGNAL_OPTIONS)).result;
  }

  /** The logits of every position: `tokens.length` rows of `info.vocabulary` values. */
  async logits(tokens: Uint32Array, options: SignalOptions = {}): Promise<Float32Array> {
    return this.#connection.call("logits", { tokens: checkTokens(tokens) }, checkOptions(options, SIGNAL_OPTIONS)).result;
  }

  /** The metrics of all generations so far: durations, rates, outcomes and the prefix cache, in all and by the option `feature`. */
  async metrics(options: SignalOptions = {}): Promise<MetricsSnapshot> {
    return this.#connection.call("metrics", {}, checkOptions(options, SIGNAL_OPTIONS)).result;
  }

  /** The memory this engine takes. */
  async memory(options: SignalOptions = {}): Promise<MemoryUse> {
    return this.#connection.call("memory", {}, checkOptions(options, SIGNAL_OPTIONS)).result;
  }

  /** Frees everything and ends the worker. What is under way and every later call reject with the code `unloaded`. */
  unload(): Promise<void> {
    return (this.#unloading ??= this.#connection.close(unloaded()));
  }

  /** Unloads the engine at the end of a block with `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.unload();
  }
}

/** The option `gpu` by its two meanings: a WebGPU in place of the browser's, or the abilities of the adapter. */
function deviceOf(gpu: GpuOptions | WebGpu): { webGpu: WebGpu | undefined; gpuOptions: GpuOptions } {
  if (isWebGpu(gpu)) return { webGpu: gpu, gpuOptions: {} };
  return { webGpu: undefined, gpuOptions: checkOptions(gpu, GPU_OPTIONS) };
}

function unloaded(): WgslmError {
  return new WgslmError("unloaded", "the engine was unloaded; load the model again");
}
