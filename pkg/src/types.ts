// The types of the public API. What crosses to the engine is declared in Rust (crates/runtime/src/web), from which wasm-bindgen
// generates wasm/wgslm.d.ts.
import type { ErrorCode } from "./errors.js";
import type {
  ChatMessage,
  GenerationOptions,
  GenerationSummary,
  GpuOptions,
  LoaderOptions,
  SupportReport,
} from "./wasm/wgslm.js";

export type {
  Activations,
  AdapterInfo,
  ChatMessage,
  Cost,
  Distribution,
  FinishReason,
  GeneratedToken,
  GpuOptions,
  KvFormat,
  Latency,
  MetricsSnapshot,
  ModelInfo,
  ModelTask,
  Outcome,
  Price,
  PricedTime,
  Priority,
  Quantize,
  QuantizeKind,
  QuantizePolicy,
  SupportReport,
  Timeline,
  Timings,
  UsageSnapshot,
} from "./wasm/wgslm.js";

/**
 * The place that a model comes from.
 *
 * - The address of a GGUF file; of the first part of a split one (`name-00001-of-00003.gguf`), beside which the others are found;
 *   or, ending in a slash, of a Hugging Face folder.
 * - One GGUF file as a `File`, `Blob`, `ArrayBuffer`, `Uint8Array`, `Response` or stream of bytes. A stream, a response or an
 *   ArrayBuffer goes to the worker and can't be read again; a Uint8Array is copied.
 * - All files of a model: those of an `<input type="file" multiple>` or `webkitdirectory`, or the handle of their folder.
 */
export type ModelSource =
  | URL
  | string
  | Blob
  | ArrayBuffer
  | Uint8Array
  | Response
  | ReadableStream<Uint8Array>
  | readonly File[]
  | FileList
  | FileSystemDirectoryHandle;

/** The place of the worker's script. */
export interface WorkerOptions {
  /**
   * The address of the package's `worker.js`, where a bundler has put it elsewhere than beside the script that has this package.
   * It may be on another origin that lets this page read it.
   */
  workerUrl?: string | URL;
}

/** Options of `Engine.support`. */
export interface SupportOptions extends GpuOptions, WorkerOptions {}

/** Options of `Engine.load`. */
export interface LoadOptions extends LoaderOptions, WorkerOptions {
  /** Called as the load goes on, some twenty times a second at most, and once at the end of each phase. */
  onProgress?: (progress: LoadProgress) => void;
  /** Aborting it stops the download, frees everything, and rejects the load with the signal's reason. */
  signal?: AbortSignal;
  /** The abilities of the adapter to use. */
  gpu?: GpuOptions;
}

/** The progress of a load. */
export interface LoadProgress {
  /** `preparing` starts the wasm and the GPU, `loading` moves the weights there, `finishing` makes the model ready. */
  phase: "preparing" | "loading" | "finishing";
  /** Bytes of the model's files taken so far. */
  loadedBytes: number;
  /** Bytes of all its files; absent until it's known. */
  totalBytes?: number;
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

/** Options of `engine.generate`. */
export interface GenerateOptions extends GenerationOptions {
  /** Aborting it stops the answer, and iteration throws the signal's reason. */
  signal?: AbortSignal;
}

/** Options of `engine.embed`. */
export interface EmbedOptions {
  /** Aborting it ends the work after the text under way, and the call rejects with the signal's reason. */
  signal?: AbortSignal;
}

/** Options of `engine.tokenize`. */
export interface TokenizeOptions {
  /** Reads special tokens such as `<|im_start|>` as such, the default, or as text. */
  special?: boolean;
}

/** The whole of an answer. */
export interface GenerationResult extends GenerationSummary {
  /** Its text. */
  text: string;
}

/** The answer to whether models can run here: the device, or the reason why not. */
export type Support = ({ available: true } & SupportReport) | { available: false; code: ErrorCode; reason: string };
