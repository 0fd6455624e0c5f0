import type { ErrorMessage } from "./errors.js";
import type {
  ChatMessage,
  GenerateOptions,
  GeneratedToken,
  GenerationResult,
  GpuOptions,
  LoadOptions,
  LoadProgress,
  MemoryUse,
  ModelInfo,
  Prompt,
  SupportReport,
} from "./types.js";

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

/** What the worker can be asked: what goes in, what is reported on the way, what comes out. */
export interface Methods {
  support: Method<{ gpu: GpuOptions }, never, SupportReport>;
  load: Method<{ source: PostedSource } & Pick<LoadOptions, "contextLength" | "activations" | "quantize" | "gpu">, LoadProgress, ModelInfo>;
  generate: Method<
    { prompt: Prompt; options: Omit<GenerateOptions, "signal"> },
    GeneratedToken[],
    Omit<GenerationResult, "text">
  >;
  tokenize: Method<{ text: string; special: boolean }, never, Uint32Array>;
  detokenize: Method<{ tokens: Uint32Array }, never, string>;
  chatPrompt: Method<{ messages: readonly ChatMessage[] }, never, string>;
  embed: Method<{ texts: readonly string[] }, never, Float32Array[]>;
  logits: Method<{ tokens: Uint32Array }, never, Float32Array>;
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

/** To the worker: a call under a number that its answers bear, or the wish to end one. */
export type ToWorker =
  { [M in MethodName]: { id: number; method: M; params: Methods[M]["params"] } }[MethodName] | { abort: number };

/** From the worker: an event of a call, its end, or the end of the worker itself. */
export type FromWorker =
  | { id: number; event: Methods[MethodName]["event"] }
  | { id: number; result: Methods[MethodName]["result"] }
  | { id: number; error: ErrorMessage }
  | { fatal: ErrorMessage };
