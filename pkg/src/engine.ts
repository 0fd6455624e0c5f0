import { checkMessages, checkPrompt, checkText, checkTexts, checkTokens } from "./arguments.js";
import { modelCache } from "./cache/model-cache.js";
import { connect, keepSpare } from "./connect.js";
import type { Connection } from "./connection.js";
import { WgslmError, messageOf } from "./errors.js";
import { Generation } from "./generation.js";
import {
  EMBED_OPTIONS,
  GENERATE_OPTIONS,
  GPU_OPTIONS,
  LOAD_OPTIONS,
  PRICE_OPTIONS,
  SUPPORT_OPTIONS,
  TOKENIZE_OPTIONS,
  checkOptions,
} from "./options.js";
import { postModel } from "./source.js";
import type {
  ChatMessage,
  EmbedOptions,
  GenerateOptions,
  LoadOptions,
  MemoryUse,
  MetricsSnapshot,
  ModelInfo,
  ModelSource,
  Prompt,
  Support,
  SupportOptions,
  TokenizeOptions,
} from "./types.js";

/**
 * The connection of an engine, for the parts of this package that aren't methods of it.
 * @internal
 */
export let connectionOf: (engine: Engine) => Connection;

/** A model on the user's GPU. It lives in a worker of its own, so the page stays responsive. */
export class Engine implements AsyncDisposable {
  /** The models that this origin keeps in the browser. */
  static readonly cache = modelCache;
  /** The figures of the loaded model. */
  readonly info: ModelInfo;
  readonly #connection: Connection;
  #unloading: Promise<void> | undefined;

  static {
    connectionOf = (engine) => engine.#connection;
  }

  private constructor(connection: Connection, info: ModelInfo) {
    this.#connection = connection;
    this.info = info;
  }

  /** Says whether models can run here, on which adapter, and which kernels it would use. Never rejects. */
  static async support(options: SupportOptions = {}): Promise<Support> {
    let connection: Connection | undefined;
    try {
      const { workerUrl, ...gpu } = checkOptions(options, SUPPORT_OPTIONS);
      requireWebGpu();
      connection = await connect(workerUrl);
      const report = await connection.call("support", { gpu }).result;
      keepSpare(workerUrl, connection);
      return { available: true, ...report };
    } catch (error) {
      void connection?.close(unloaded());
      const { code, message } = error instanceof WgslmError ? error : new WgslmError("internal", messageOf(error));
      return { available: false, code, reason: message };
    }
  }

  /** Fetches or reads a model and puts its weights on the GPU as they come; no file of weights is ever whole in memory. */
  static async load(source: ModelSource, options: LoadOptions = {}): Promise<Engine> {
    const { onProgress, signal, gpu = {}, workerUrl, cache, integrity, headers, fetch, ...rest } = checkOptions(options, LOAD_OPTIONS);
    checkOptions(gpu, GPU_OPTIONS);
    if (rest.price) checkOptions(rest.price, PRICE_OPTIONS);
    signal?.throwIfAborted();
    requireWebGpu();
    const { transfer, ...posted } = postModel(source, { cache, integrity, headers, fetch });
    const connection = await connect(workerUrl);
    try {
      const params = { ...posted, gpu, options: rest };
      const call = connection.call("load", params, { signal, transfer, onEvent: onProgress });
      return new Engine(connection, await call.result);
    } catch (error) {
      void connection.close(unloaded());
      throw error;
    }
  }

  /**
   * Generates from a prompt or, given messages, the assistant's next turn. Several generations run at the same time, up to the load
   * option `slots`, and none changes another's answer; of those that come beyond, as many as the load option `queue` says wait, and more
   * fail with the code `busy`.
   */
  generate(prompt: Prompt, options: GenerateOptions = {}): Generation {
    return new Generation((onEvent) => {
      const { signal, ...rest } = checkOptions(options, GENERATE_OPTIONS);
      const params = { prompt: checkPrompt(prompt), options: rest, measuring: {} };
      return this.#connection.call("generate", params, { signal, onEvent });
    });
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
    const embeddings = await this.#connection.call("embed", params, checkOptions(options, EMBED_OPTIONS)).result;
    return one ? embeddings[0]! : embeddings;
  }

  /** The tokens of a text. */
  async tokenize(text: string, options: TokenizeOptions = {}): Promise<Uint32Array> {
    const { special = true } = checkOptions(options, TOKENIZE_OPTIONS);
    return this.#connection.call("tokenize", { text: checkText(text), special }).result;
  }

  /** The text of tokens. */
  async detokenize(tokens: Uint32Array): Promise<string> {
    return this.#connection.call("detokenize", { tokens: checkTokens(tokens) }).result;
  }

  /** A conversation as the model's chat template writes it down, up to where the assistant's next turn begins. */
  async chatPrompt(messages: readonly ChatMessage[]): Promise<string> {
    return this.#connection.call("chatPrompt", { messages: checkMessages(messages) }).result;
  }

  /** The logits of every position: `tokens.length` rows of `info.vocabulary` values. */
  async logits(tokens: Uint32Array): Promise<Float32Array> {
    return this.#connection.call("logits", { tokens: checkTokens(tokens) }).result;
  }

  /** The metrics of all generations so far: durations, rates, outcomes and the prefix cache, in all and by the option `feature`. */
  metrics(): Promise<MetricsSnapshot> {
    return this.#connection.call("metrics", {}).result;
  }

  /** The memory this engine takes. */
  memory(): Promise<MemoryUse> {
    return this.#connection.call("memory", {}).result;
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

/** Fails before a worker is started or a byte fetched where nothing could come of it. */
function requireWebGpu(): void {
  if (globalThis.navigator && "gpu" in navigator) return;
  throw new WgslmError("no-webgpu", webGpuAdvice());
}

function webGpuAdvice(): string {
  if (typeof Worker === "undefined" || typeof isSecureContext === "undefined") {
    return "this package runs in browsers, whose WebGPU it uses; on a server or a command line, use the program wgslm";
  }
  return isSecureContext
    ? "this browser has no WebGPU; use a current Chrome, Edge, Firefox or Safari, with hardware acceleration on"
    : "browsers offer WebGPU to secure pages only; open this page over https or on localhost";
}

function unloaded(): WgslmError {
  return new WgslmError("unloaded", "the engine was unloaded; load the model again");
}
