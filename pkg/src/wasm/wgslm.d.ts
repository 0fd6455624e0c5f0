// The surface of the engine that wasm-bindgen exports (crates/runtime/src/web). Failures are `Error`s with a `code`.
import type {
  Activations,
  ChatMessage,
  GenerateOptions,
  GeneratedToken,
  GenerationResult,
  GpuOptions,
  ModelInfo,
  Quantize,
  SupportReport,
} from "../types.js";

export default function init(options: { module_or_path: URL }): Promise<{ memory: WebAssembly.Memory }>;

/** One device, self-checked. */
export class Gpu {
  static request(options: GpuOptions): Promise<Gpu>;
  support(): SupportReport;
  readonly peakBytes: number;
  copyBytesPerSecond(): Promise<number>;
  loader(options: { contextLength?: number; activations?: Activations; quantize?: Quantize; entry: string }): Loader;
  /** What tells whether a tuning made elsewhere holds for this device. */
  readonly tuningKey: string;
  /** The choices of kernels measured so far, as text; empty where there was nothing to choose. */
  tuning(): string;
  adoptTuning(text: string): void;
  free(): void;
}

/** A file of a model, and where to start in it. The model may do without an optional one. */
export interface WantedFile {
  file: string;
  offset: number;
  optional: boolean;
}

/** Takes a model's files in pieces and writes its weights to the GPU as they come. */
export class Loader {
  /** The file to begin with, where a model is given as files or a folder with these names. */
  static entry(names: string[]): string;
  /** The file whose bytes are wanted next; `undefined` when nothing more is. */
  nextFile(): WantedFile | undefined;
  /** There is no such file. */
  absent(): void;
  /** Resolves, when more may come, with whether more of this file is wanted. */
  push(bytes: Uint8Array): Promise<boolean>;
  /** The file has ended. */
  endFile(): void;
  /** Bytes taken so far, of all files. */
  readonly loadedBytes: number;
  /** The size of all files in bytes, once their headers have been read. */
  readonly expectedBytes: number | undefined;
  /** Consumes the loader, also when it fails. */
  finish(): Promise<Model>;
  free(): void;
}

export class Model {
  info(): ModelInfo;
  decodeBytes(depth: number): number;
  tokenize(text: string, parseSpecial: boolean): Uint32Array;
  detokenize(tokens: Uint32Array): string;
  applyChatTemplate(messages: readonly ChatMessage[], addGenerationPrompt: boolean): string;
  /** Control tokens that a message spells are text here. */
  tokenizeChat(messages: readonly ChatMessage[], addGenerationPrompt: boolean): Uint32Array;
  generate(prompt: string | Uint32Array, options: Omit<GenerateOptions, "signal">): Generation;
  /** The embedding of a text, of length 1. */
  embed(text: string): Promise<Float32Array>;
  /** The logits of every position, `[tokens, vocabulary]`. */
  logits(tokens: Uint32Array): Promise<Float32Array>;
  free(): void;
}

export class Generation {
  next(): Promise<{ pieces: GeneratedToken[]; finished?: Omit<GenerationResult, "text"> }>;
  /** Takes effect between two submits; may be called while `next` is pending. */
  cancel(): void;
  free(): void;
}
