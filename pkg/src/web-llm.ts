// `wgslm/web-llm`: what pages written for WebLLM call, on engines of this package. Models are GGUF files or Hugging Face folders instead of
// MLC's, so only their addresses change.
import { Engine } from "./engine.js";
import { WgslmError } from "./errors.js";
import type { ResponseStream } from "./openai/response.js";
import type {
  ChatCompletion,
  ChatCompletionChunk,
  ChatCompletionFields,
  Completion,
  CompletionChunk,
  CompletionFields,
  EmbeddingFields,
  EmbeddingResponse,
} from "./openai/types.js";
import type { LoadOptions, LoadProgress } from "./types.js";

/** The progress of a load. */
export interface InitProgressReport {
  /** From 0 to 1. */
  progress: number;
  /** Seconds since the load began. */
  timeElapsed: number;
  text: string;
}

/** Receives the progress of a load. */
export type InitProgressCallback = (report: InitProgressReport) => void;

/** A model that can be loaded by a name. */
export interface ModelRecord {
  model_id: string;
  /** The address of a GGUF file, or of a Hugging Face folder. */
  model: string;
}

/** Options of an engine. */
export interface MLCEngineConfig {
  appConfig?: { model_list: readonly ModelRecord[] };
  initProgressCallback?: InitProgressCallback;
  /** Options of `Engine.load`. Not of WebLLM. */
  load?: LoadOptions;
}

/** Options of a model. */
export interface ChatOptions {
  /** The most tokens that prompt and answer have together. */
  context_window_size?: number;
  temperature?: number;
  top_p?: number;
  repetition_penalty?: number;
  frequency_penalty?: number;
  presence_penalty?: number;
}

type Streams = ResponseStream<ChatCompletionChunk, ChatCompletion> | ResponseStream<CompletionChunk, Completion>;

/** WebLLM's engine: one model at a time, and requests in OpenAI's shape. */
export class MLCEngine {
  readonly chat: { readonly completions: { readonly create: ChatCreate } };
  readonly completions: { readonly create: CompletionCreate };
  readonly embeddings: {
    /** The embeddings of texts. */
    readonly create: (fields: EmbeddingFields) => Promise<EmbeddingResponse>;
  };
  #config: MLCEngineConfig;
  #engine: Engine | undefined;
  #defaults: ChatOptions = {};
  /** The requests under way. */
  readonly #running = new Set<Streams>();
  #last: ChatCompletion | undefined;

  constructor(config: MLCEngineConfig = {}) {
    this.#config = config;
    this.chat = { completions: { create: ((fields: ChatCompletionFields) => this.#chat(fields)) as ChatCreate } };
    this.completions = { create: ((fields: CompletionFields) => this.#complete(fields)) as CompletionCreate };
    this.embeddings = { create: (fields) => this.#loaded().embeddings.create(fields) };
  }

  /** Sets the callback of the loads to come. */
  setInitProgressCallback(callback: InitProgressCallback): void {
    this.#config = { ...this.#config, initProgressCallback: callback };
  }

  /** Loads a model in place of the one that is loaded: one of `appConfig.model_list`, or an address. */
  async reload(modelId: string, { context_window_size, ...defaults }: ChatOptions = {}): Promise<void> {
    await this.unload();
    const { appConfig, initProgressCallback, load } = this.#config;
    const source = appConfig?.model_list.find(({ model_id }) => model_id === modelId)?.model ?? modelId;
    const begun = performance.now();
    this.#engine = await Engine.load(source, {
      ...load,
      ...(context_window_size !== undefined && { contextLength: context_window_size }),
      onProgress: (progress) => {
        load?.onProgress?.(progress);
        initProgressCallback?.(reportOf(progress, begun));
      },
    });
    this.#defaults = defaults;
    initProgressCallback?.({ progress: 1, timeElapsed: secondsSince(begun), text: "ready" });
  }

  /** Frees the model. */
  async unload(): Promise<void> {
    const engine = this.#engine;
    this.#engine = this.#last = undefined;
    await engine?.unload();
  }

  /** Ends the requests under way; what they have generated so far still comes. */
  interruptGenerate(): void {
    this.#running.forEach((stream) => stream.cancel());
  }

  /** Forgets the last answer. Requests bring their conversations, so there is nothing else to forget. */
  async resetChat(): Promise<void> {
    this.#last = undefined;
  }

  /** The text of the last answer. */
  async getMessage(): Promise<string> {
    return this.#last?.choices[0]?.message.content ?? "";
  }

  /** The speed of the last answer. */
  async runtimeStatsText(): Promise<string> {
    if (!this.#last) return "";
    const { prefillTokensPerSecond, decodeTokensPerSecond } = this.#last.timings;
    return `prefill: ${prefillTokensPerSecond.toFixed(4)} tokens/sec, decoding: ${decodeTokensPerSecond.toFixed(4)} tokens/sec`;
  }

  /** The vendor of the GPU; empty where models can't run. */
  async getGPUVendor(): Promise<string> {
    const support = await Engine.support();
    return support.available ? support.adapter.vendor : "";
  }

  /** The most bytes of a binding; 0 where models can't run. */
  async getMaxStorageBufferBindingSize(): Promise<number> {
    const support = await Engine.support();
    return support.available ? (support.limits["maxStorageBufferBindingSize"] ?? 0) : 0;
  }

  async #chat(fields: ChatCompletionFields): Promise<ChatCompletion | ResponseStream<ChatCompletionChunk, ChatCompletion>> {
    const request = { ...this.#defaults, ...fields, stream: true as const };
    const stream = this.#tracked(await this.#loaded().chat.completions.create(request));
    stream.result.then((completion) => (this.#last = completion)).catch(() => undefined);
    return fields.stream ? stream : stream.result;
  }

  async #complete(fields: CompletionFields): Promise<Completion | ResponseStream<CompletionChunk, Completion>> {
    const request = { ...this.#defaults, ...fields, stream: true as const };
    const stream = this.#tracked(await this.#loaded().completions.create(request));
    return fields.stream ? stream : stream.result;
  }

  #tracked<Stream extends Streams>(stream: Stream): Stream {
    const forget = (): void => void this.#running.delete(stream);
    this.#running.add(stream);
    (stream.result as Promise<unknown>).then(forget, forget);
    return stream;
  }

  #loaded(): Engine {
    if (!this.#engine) throw new WgslmError("unloaded", "no model is loaded; call reload before");
    return this.#engine;
  }
}

/** Answers a conversation: whole, or as a stream. */
export interface ChatCreate {
  (fields: ChatCompletionFields & { stream: true }): Promise<ResponseStream<ChatCompletionChunk, ChatCompletion>>;
  (fields: ChatCompletionFields & { stream?: false | null }): Promise<ChatCompletion>;
  (fields: ChatCompletionFields): Promise<ChatCompletion | ResponseStream<ChatCompletionChunk, ChatCompletion>>;
}

/** Continues a prompt: whole, or as a stream. */
export interface CompletionCreate {
  (fields: CompletionFields & { stream: true }): Promise<ResponseStream<CompletionChunk, Completion>>;
  (fields: CompletionFields & { stream?: false | null }): Promise<Completion>;
  (fields: CompletionFields): Promise<Completion | ResponseStream<CompletionChunk, Completion>>;
}

/** Makes an engine and loads a model: one of `appConfig.model_list`, or an address. */
export async function CreateMLCEngine(
  modelId: string,
  config: MLCEngineConfig = {},
  options: ChatOptions = {},
): Promise<MLCEngine> {
  const engine = new MLCEngine(config);
  await engine.reload(modelId, options);
  return engine;
}

/** As {@link CreateMLCEngine}: engines run in a worker of their own, so that the given one is ended. */
export function CreateWebWorkerMLCEngine(
  worker: { terminate?: () => void },
  modelId: string,
  config?: MLCEngineConfig,
  options?: ChatOptions,
): Promise<MLCEngine> {
  worker.terminate?.();
  return CreateMLCEngine(modelId, config, options);
}

function reportOf({ phase, loadedBytes, totalBytes }: LoadProgress, begun: number): InitProgressReport {
  const share = totalBytes ? loadedBytes / totalBytes : 0;
  const text = phase === "loading" ? `loading: ${(loadedBytes / 1e6).toFixed(0)} MB, ${(100 * share).toFixed(0)} %` : phase;
  return { progress: phase === "finishing" ? 1 : share, timeElapsed: secondsSince(begun), text };
}

function secondsSince(begun: number): number {
  return (performance.now() - begun) / 1e3;
}
