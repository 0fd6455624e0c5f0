// The types of the public API. What crosses to the engine is declared in Rust (crates/runtime/src/web), from which wasm-bindgen
// generates wasm/wgslm.d.ts.
import type { ErrorCode } from "./errors.js";
import type { LoadTimes } from "./load-times.js";
import type { NamedModel } from "./models.js";
import type { HuggingFaceSource } from "./sources/hugging-face.js";
import type {
  AssistantMessage,
  BeamSearchOptions,
  ChatFinishReason,
  ChatMessage,
  GeneratedToken,
  GenerationOptions,
  GenerationSummary,
  GpuOptions,
  LoaderOptions,
  MemoryPlan,
  ModelInfo as EngineModelInfo,
  SupportReport,
} from "./wasm/wgslm.js";
import type { WebGpu } from "./web-gpu.js";
import type { JsWhitespace } from "./wasm/wgslm_grammar.js";

export type {
  Activations,
  AdapterInfo,
  AlternativeOptions,
  AssistantMessage,
  Beam,
  BeamSearchOptions,
  ChatDelta,
  ChatFinishReason,
  ChatMessage,
  ChatPart,
  Conversation,
  Cost,
  Distribution,
  EngineLoadTimes,
  FinishReason,
  GeneratedToken,
  GpuOptions,
  KvFormat,
  Latency,
  MemoryPlan,
  MetricsSnapshot,
  ModelTask,
  Outcome,
  PlanAlternative,
  Price,
  PricedTime,
  Priority,
  Quantize,
  QuantizeKind,
  QuantizePolicy,
  Speculation,
  SupportReport,
  Timeline,
  Timings,
  TokenLogprob,
  TokenLogprobs,
  Tool,
  ToolCall,
  ToolCallDelta,
  ToolChoice,
  UsageSnapshot,
} from "./wasm/wgslm.js";

export type { LoadTimes } from "./load-times.js";
export type { HuggingFaceSource } from "./sources/hugging-face.js";
export type { WebGpu } from "./web-gpu.js";

/**
 * The place that a model comes from.
 *
 * - The address of a GGUF file; of the first part of a split one (`name-00001-of-00003.gguf`), beside which the others are found;
 *   or, ending in a slash, of a Hugging Face folder.
 * - A repository of Hugging Face, as `{ hf: "owner/name", file, revision }` or `"hf:owner/name/file"` (`"hf:owner/name@revision/file"`).
 * - A model of `MODELS`, or of the option `models`, by its `id`.
 * - One GGUF file as a `File`, `Blob`, `ArrayBuffer`, `Uint8Array`, `Response` or stream of bytes. A stream, a response or an
 *   ArrayBuffer goes to the worker and can't be read again; a Uint8Array is copied.
 * - All files of a model: those of an `<input type="file" multiple>` or `webkitdirectory`, or the handle of their folder.
 * - In Node.js and Deno, the path of a GGUF file, of the first part of a split one, or of a Hugging Face folder.
 */
export type ModelSource =
  | URL
  | HuggingFaceSource
  | string
  | Blob
  | ArrayBuffer
  | Uint8Array
  | Response
  | ReadableStream<Uint8Array>
  | readonly File[]
  | FileList
  | FileSystemDirectoryHandle;

/** The use of the cache: `auto` keeps files where that is possible, `required` fails where it isn't, `false` reads and keeps none. */
export type CacheMode = "auto" | "required" | false;

/** The place of the engine. */
export interface WorkerOptions {
  /**
   * The address of the package's `worker.js`, where a bundler has put it elsewhere than beside the script that has this package.
   * It may be on another origin that lets this page read it.
   */
  workerUrl?: string | URL;
  /** Runs the engine on the thread of its caller instead of in a worker, to debug it. The page stands still while a step is prepared. */
  mainThread?: boolean;
}

/** Options of `Engine.support`. */
export interface SupportOptions extends GpuOptions, WorkerOptions {
  /** A WebGPU in place of the browser's, as the load option `gpu` takes it. */
  gpu?: WebGpu;
  /** Aborting it rejects the call with the signal's reason. */
  signal?: AbortSignal;
}

/** Options of `Engine.load`. */
export interface LoadOptions extends LoaderOptions, WorkerOptions {
  /**
   * The use of the cache for models that have an address. `"auto"`, the default, reads from it and keeps there what it downloads, as far
   * as the browser has room; `"required"` fails with the code `quota-exceeded` or `cache` where a file can't be kept; `false` does neither.
   */
  cache?: CacheMode;
  /**
   * The SHA-256 of the file at the address, as 64 hexadecimal digits or as `sha256-` and base64; of several files, an object by name. A
   * file that has another one fails with the code `integrity`, and nothing of it is kept.
   */
  integrity?: string | Readonly<Record<string, string>>;
  /** Headers of the requests for the model's files, such as `Authorization` for repositories that ask for a key. */
  headers?: HeadersInit;
  /** A function to fetch the model's files with, in place of the global one. It is called in the page. */
  fetch?: typeof globalThis.fetch;
  /**
   * Called as the load goes on, some twenty times a second at most, and once at the end of each phase; also when the model is loaded again
   * after the GPU was lost.
   */
  onProgress?: (progress: LoadProgress) => void;
  /** Aborting it stops the download, frees everything, and rejects the load with the signal's reason. */
  signal?: AbortSignal;
  /**
   * Shares one engine among the tabs that load the same model with the same options, in a SharedWorker: each has its own requests, sessions and aborts. It is
   * freed once the last of them has unloaded it or is closed. Only a model that has an address can be shared, and no function `fetch` be given. Where the browser
   * has no shared workers with WebGPU, the tab gets an engine of its own: see `engine.shared`.
   */
  shared?: boolean;
  /** Models that may be loaded by their `id`, besides `MODELS` and before those. */
  models?: readonly NamedModel[];
  /**
   * Prompts that requests will begin with, such as `[{ role: "system", content }]`: read before the load resolves, and held in the prefix
   * cache, where they are the last to be evicted.
   */
  prefixes?: readonly Prompt[];
  /**
   * The abilities of the adapter to use; or, outside of browsers, a WebGPU such as the npm package `webgpu` makes for Node.js. The engine then runs on
   * the thread of its caller.
   */
  gpu?: GpuOptions | WebGpu;
}

/** Options of `Engine.plan`: those of the load that is planned. */
export type PlanOptions = Omit<LoadOptions, "onProgress" | "integrity" | "shared" | "prefixes">;

/** The memory and the download that loading a model takes. */
export interface ModelPlan extends MemoryPlan {
  /** Bytes still to be downloaded: those that the cache doesn't have yet, without a folder's `tokenizer.json`, which isn't asked for its size. */
  downloadBytes: number;
  /** The limits of the GPU that `withinLimits` is about. The memory that it has, or has left, is told by no browser. */
  limits: { maxBufferSize: number; maxStorageBufferBindingSize: number };
}

/** The progress of a load. */
export interface LoadProgress {
  /**
   * `preparing` starts the wasm and the GPU, `loading` moves the weights there, `waiting` lets another tab download them first,
   * `finishing` makes the model ready.
   */
  phase: "preparing" | "waiting" | "loading" | "finishing";
  /** Bytes of the model's files that have come so far; never fewer than before. */
  loadedBytes: number;
  /** Those of them that came from the cache. */
  cachedBytes: number;
  /** Bytes of the file that another tab has so far, where `phase` is `waiting`. */
  elsewhereBytes?: number;
  /** The time left for the files at the rate of the last seconds, in seconds; absent until it can be told. */
  secondsLeft?: number;
  /** Bytes of all its files; absent until it's known. */
  totalBytes?: number;
  /** True where the model is loaded again because the GPU was lost. */
  recovering?: true;
}

/** The use of the cache for a model. */
export interface CacheUse {
  /** True where all of the model's files are in the cache, so that it loads without a network from now on. */
  kept: boolean;
  /** Bytes that came from the cache. */
  bytesRead: number;
  /** The reason why files aren't kept that were to be, such as the code `quota-exceeded`. */
  warning?: { code: ErrorCode; message: string };
}

/** The figures of a model. */
export interface ModelInfo extends EngineModelInfo {
  /** The use of the cache when it was loaded. */
  cache: CacheUse;
  /** The times that loading it took. */
  loadTimes: LoadTimes;
}

/** Memory in use, in bytes. */
export interface MemoryUse {
  /** The engine's WebAssembly memory. It never shrinks, so this is also its peak. */
  wasmBytes: number;
  /** Weights, KV cache and scratch buffers on the GPU. */
  gpuBytes: number;
  /** The most that buffers on the GPU took at a time, those for loading and reading back included. */
  gpuPeakBytes: number;
}

/** A text (special tokens in it are read as such), its tokens, or a conversation for the model's chat template. */
export type Prompt = string | Uint32Array | readonly ChatMessage[];

/** The white space between the parts of JSON: none, or any, up to 64 characters at a place. */
export type Whitespace = JsWhitespace;

/** The rule that an answer has to follow, from its first character to its last. Its code is loaded when one is first given. */
export type Grammar =
  /** JSON that a JSON Schema accepts. By default any white space is allowed. */
  | { readonly jsonSchema: object; readonly whitespace?: Whitespace }
  /** Any JSON object. */
  | { readonly json: true; readonly whitespace?: Whitespace }
  /** Text that a regular expression matches as a whole, in the syntax of Rust's crate `regex`. */
  | { readonly regex: string }
  /** A grammar in llguidance's variant of Lark. */
  | { readonly lark: string }
  /** A grammar in llama.cpp's notation. */
  | { readonly gbnf: string }
  /** One of some texts. */
  | { readonly choice: readonly string[] };

/** Options of a call that takes no others. */
export interface SignalOptions {
  /** Aborting it ends the work, and the call rejects with the signal's reason. */
  signal?: AbortSignal;
}

/** Options of `engine.generate` and what else gives an answer. */
export interface GenerateOptions extends GenerationOptions {
  /** Aborting it stops the answer, and iteration throws the signal's reason. */
  signal?: AbortSignal;
  /** The rule that the answer has to follow. An answer that ends before its limit of tokens does. */
  grammar?: Grammar;
}

/** Options of `engine.embed`. */
export type EmbedOptions = SignalOptions;

/** Options of `engine.rerank`. */
export interface RerankOptions extends SignalOptions {
  /** Gives the best so many only. */
  top?: number;
}

/** A document that was ranked. */
export interface RankedDocument {
  /** Its place among the documents given. */
  index: number;
  /** Its score: the larger, the better it answers. Any number for rerankers like BERT's, a probability for Qwen 3's. */
  score: number;
}

/** Options of `engine.beamSearch`. */
export interface BeamOptions extends BeamSearchOptions, SignalOptions {}

/** Options of `engine.score`. */
export interface ScoreOptions extends SignalOptions {
  /** What comes before the text, and isn't scored itself. */
  after?: string | Uint32Array;
}

/** The log-probabilities that a model gives to a text. */
export interface Score {
  /** The tokens that have one: all of the text but, where nothing comes before it, the first. */
  tokens: Uint32Array;
  /** The natural logarithm of each token's probability, given all before it. */
  logprobs: Float32Array;
  /** Their sum: the logarithm of the text's probability. */
  total: number;
}

/** The bytes of a session: as `session.snapshot` gave them, or as they were stored since. A stream can't be read again. */
export type SnapshotSource = Blob | ArrayBuffer | Uint8Array | ReadableStream<Uint8Array>;

/** Options of `engine.tokenize`. */
export interface TokenizeOptions extends SignalOptions {
  /** Reads special tokens such as `<|im_start|>` as such, the default, or as text. */
  special?: boolean;
}

/** The whole of an answer. */
export interface GenerationResult extends GenerationSummary {
  /** Its text. */
  text: string;
}

/** A token of one of several answers. */
export interface AnswerToken extends GeneratedToken {
  /** The answer's index. */
  index: number;
}

/** The whole of an answer to a conversation. */
export interface ChatResult extends Omit<GenerationSummary, "finishReason"> {
  /** The assistant's message, ready to be added to the conversation. */
  message: AssistantMessage;
  /** The reason for its end: the model or a stop sequence, a limit, or that it called tools. */
  finishReason: ChatFinishReason;
  /** True if the last tool call was cut off, so that its arguments are no whole JSON object. */
  unfinishedCall: boolean;
}

/** The answer to whether models can run here: the device, or the reason why not. */
export type Support = ({ available: true } & SupportReport) | { available: false; code: ErrorCode; reason: string };
