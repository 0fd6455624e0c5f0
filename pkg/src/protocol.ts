import type { ErrorMessage } from "./errors.js";
import type { CacheMode, LoadProgress, MemoryUse, ModelInfo, Prompt } from "./types.js";
import type {
  ChatMessage,
  GeneratedToken,
  GenerationOptions,
  GenerationSummary,
  GpuOptions,
  LoaderOptions,
  MeasuringOptions,
  MetricsSnapshot,
  SupportReport,
} from "./wasm/wgslm.js";

/** A model source in the forms that can be posted: a string is an absolute URL. */
export type PostedSource =
  | string
  | Blob
  | ArrayBuffer
  | ReadableStream<Uint8Array>
  | readonly PathedFile[]
  | FileSystemDirectoryHandle;

/** A file, and its path in the folder that was chosen: a file that is posted forgets it. */
export interface PathedFile {
  path: string;
  file: File;
}

/** The way to files at an address, in the form that can be posted. */
export interface PostedAccess {
  cache: CacheMode;
  /** The SHA-256 of files by name, in hexadecimal digits; that of the file to begin with under the empty name. */
  integrity: Readonly<Record<string, string>>;
  headers: readonly (readonly [string, string])[];
  /** The port behind which the page's own `fetch` is. */
  fetch: MessagePort | undefined;
}

/** The methods of the worker: what goes in, what is reported on the way, what comes out. */
export interface Methods {
  support: Method<{ gpu: GpuOptions }, never, SupportReport>;
  load: Method<
    { source: PostedSource; access: PostedAccess; gpu: GpuOptions; options: LoaderOptions },
    LoadProgress,
    ModelInfo
  >;
  generate: Method<
    { prompt: Prompt; options: GenerationOptions; measuring: MeasuringOptions },
    GeneratedToken[],
    GenerationSummary
  >;
  tokenize: Method<{ text: string; special: boolean }, never, Uint32Array>;
  detokenize: Method<{ tokens: Uint32Array }, never, string>;
  chatPrompt: Method<{ messages: readonly ChatMessage[] }, never, string>;
  embed: Method<{ texts: readonly string[] }, never, Float32Array[]>;
  logits: Method<{ tokens: Uint32Array }, never, Float32Array>;
  metrics: Method<Record<never, never>, never, MetricsSnapshot>;
  memory: Method<Record<never, never>, never, MemoryUse>;
  decodeBytes: Method<{ depth: number }, never, number>;
  copyBandwidth: Method<Record<never, never>, never, number>;
  unload: Method<Record<never, never>, never, null>;
}

interface Method<Params, Event, Result> {
  params: Params;
  event: Event;
  result: Result;
}

export type MethodName = keyof Methods;

/** To the worker: the WebAssembly, where another worker has compiled it; a call under a number that its answers bear; or the wish to end one. */
export type ToWorker =
  | { wasm: WebAssembly.Module }
  | { [M in MethodName]: { id: number; method: M; params: Methods[M]["params"] } }[MethodName]
  | { abort: number };

/** From the worker: the WebAssembly that it compiled; an event of a call, its end, or the end of the worker itself. */
export type FromWorker =
  | { wasm: WebAssembly.Module }
  | { id: number; event: Methods[MethodName]["event"] }
  | { id: number; result: Methods[MethodName]["result"] }
  | { id: number; error: ErrorMessage }
  | { fatal: ErrorMessage };
