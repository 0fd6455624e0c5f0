import { Connection } from "./connection.js";
import { WgslmError } from "./errors.js";
import { Generation } from "./generation.js";
import type { MethodName, Methods } from "./protocol.js";
import { postSource } from "./source.js";
import type {
  ChatMessage,
  EmbedOptions,
  GenerateOptions,
  GpuOptions,
  LoadOptions,
  MemoryUse,
  ModelInfo,
  ModelSource,
  Prompt,
  Support,
} from "./types.js";

/** A model on the user's GPU. It lives in a worker of its own, so the page stays responsive. */
export class Engine {
  /** What was loaded. */
  readonly info: ModelInfo;
  readonly #connection: Connection;
  #unloading: Promise<void> | undefined;

  private constructor(connection: Connection, info: ModelInfo) {
    this.#connection = connection;
    this.info = info;
  }

  /** Says whether models can run here, on which adapter, and which kernels it would use. Never rejects. */
  static async support(gpu: GpuOptions = {}): Promise<Support> {
    let connection: Connection | undefined;
    try {
      requireWebGpu();
      connection = new Connection();
      return { available: true, ...(await connection.call("support", { gpu }).result) };
    } catch (error) {
      const { code, message } = error instanceof WgslmError ? error : new WgslmError("internal", String(error));
      return { available: false, code, reason: message };
    } finally {
      void connection?.close(unloaded());
    }
  }

  /** Fetches or reads a GGUF model and puts its weights on the GPU as they come; the file is never whole in memory. */
  static async load(source: ModelSource, { onProgress, signal, ...options }: LoadOptions = {}): Promise<Engine> {
    signal?.throwIfAborted();
    requireWebGpu();
    const { transfer, ...posted } = postSource(source);
    const connection = new Connection();
    try {
      const call = connection.call(
        "load",
        { ...posted, ...options },
        { signal, transfer, ...(onProgress && { onEvent: onProgress }) },
      );
      return new Engine(connection, await call.result);
    } catch (error) {
      void connection.close(unloaded());
      if (error instanceof DOMException && error.name === "DataCloneError") {
        throw new WgslmError(
          "invalid-argument",
          `no worker can take this source (${error.message}); give a Blob or a URL, or a stream that nobody reads yet`,
        );
      }
      throw error;
    }
  }

  /** Generates from a prompt or, given messages, the assistant's next turn. Calls wait for each other in order. */
  generate(prompt: Prompt, options: GenerateOptions = {}): Generation {
    return new Generation(this.#connection, prompt, options);
  }

  /**
   * The embedding of a text: a vector of length 1 with `info.width` values, whose dot product with another is their similarity. Of
   * several texts, their embeddings in the same order. Where the model generates text instead, fails with the code `wrong-task`.
   */
  embed(text: string, options?: EmbedOptions): Promise<Float32Array>;
  embed(texts: readonly string[], options?: EmbedOptions): Promise<Float32Array[]>;
  async embed(texts: string | readonly string[], options: EmbedOptions = {}): Promise<Float32Array | Float32Array[]> {
    const one = typeof texts === "string";
    const given: readonly unknown[] = one ? [texts] : Array.isArray(texts) ? texts : [texts];
    if (!given.every((text) => typeof text === "string")) {
      throw new WgslmError("invalid-argument", "embeddings are made of texts; give a string or an array of strings");
    }
    const embeddings = await this.#connection.call("embed", { texts: given }, options).result;
    return one ? embeddings[0]! : embeddings;
  }

  /** The tokens of a text. `special`, the default, reads special tokens such as `<|im_start|>` as such, not as text. */
  tokenize(text: string, { special = true }: { special?: boolean } = {}): Promise<Uint32Array> {
    return this.#call("tokenize", { text, special });
  }

  /** The text of tokens. */
  detokenize(tokens: Uint32Array): Promise<string> {
    return this.#call("detokenize", { tokens });
  }

  /** A conversation as the model's chat template writes it down, up to where the assistant's next turn begins. */
  chatPrompt(messages: readonly ChatMessage[]): Promise<string> {
    return this.#call("chatPrompt", { messages });
  }

  /** The logits of every position: `tokens.length` rows of `info.vocabulary` values. */
  logits(tokens: Uint32Array): Promise<Float32Array> {
    return this.#call("logits", { tokens });
  }

  /** The memory this engine takes. */
  memory(): Promise<MemoryUse> {
    return this.#call("memory", {});
  }

  /** Bytes that generating one token reads with `depth` tokens before it: the weights, and their keys and values. */
  decodeBytes(depth: number): Promise<number> {
    return this.#call("decodeBytes", { depth });
  }

  /** Measures how many bytes the GPU reads and writes a second when it copies: no token can come faster than that. */
  copyBandwidth(): Promise<number> {
    return this.#call("copyBandwidth", {});
  }

  /** Frees everything and ends the worker. What is under way and every later call reject with the code `unloaded`. */
  unload(): Promise<void> {
    return (this.#unloading ??= this.#connection.close(unloaded()));
  }

  #call<M extends MethodName>(method: M, params: Methods[M]["params"]): Promise<Methods[M]["result"]> {
    return this.#connection.call(method, params).result;
  }
}

/** Fails before a worker is started or a byte fetched where nothing could come of it. */
function requireWebGpu(): void {
  if ("gpu" in navigator) return;
  throw new WgslmError(
    "no-webgpu",
    isSecureContext
      ? "this browser has no WebGPU; use a current Chrome, Edge, Firefox or Safari, with hardware acceleration on"
      : "browsers offer WebGPU to secure pages only; open this page over https or on localhost",
  );
}

function unloaded(): WgslmError {
  return new WgslmError("unloaded", "the engine was unloaded; load the model again");
}
