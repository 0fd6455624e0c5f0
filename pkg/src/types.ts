/**
 * Where a model comes from.
 *
 * - The address of a GGUF file; of the first part of a split one (`name-00001-of-00003.gguf`), beside which the others are found;
 *   or, ending in a slash, of a Hugging Face folder.
 * - One GGUF file as a `File`, `Blob`, `ArrayBuffer` or stream of bytes. A stream or an ArrayBuffer goes to the worker and can't
 *   be read again.
 * - All files of a model: those of an `<input type="file" multiple>` or `webkitdirectory`, or the handle of their folder.
 */
export type ModelSource =
  | URL
  | string
  | Blob
  | ArrayBuffer
  | ReadableStream<Uint8Array>
  | readonly File[]
  | FileList
  | FileSystemDirectoryHandle;

/** Which of the adapter's abilities to use. */
export interface GpuOptions {
  /** Use default limits and no optional feature, whatever the adapter has: for comparisons and bug reports. */
  baseline?: boolean;
  /** The most bytes of one buffer binding; larger tensors are split. */
  maxBinding?: number;
}

/**
 * What the weights multiply: `float` is 32-bit floats; `int8` rounds them to 8 bits, which is faster and less exact; `auto` does
 * that for prompts of 64 tokens or more and, where the CPU stands in for a GPU, for answers.
 */
export type Activations = "auto" | "float" | "int8";

/** What a matrix becomes: 8 or 4 bits, 4-bit normal floats, floats, or what it is. */
export type QuantizeKind = "q8" | "q4" | "nf4" | "f16" | "f32" | "keep";

/** Which tensors become what. */
export interface QuantizePolicy {
  /** The first whose pattern matches a tensor's name decides; `*` stands for anything, `blk.last.` for the last block's. */
  rules?: readonly ({ pattern: string } & ({ kind: QuantizeKind } | { bits: 8 | 4 }))[];
  /** What all others become; by default `keep`. */
  default?: QuantizeKind;
  /** Whether the scales are quantised too, which takes some 5 % off a 4-bit model. */
  doubleQuant?: boolean;
}

/** A policy, or the name of one; `mixed` is 4 bits, and 8 where it matters. With `-dq` the scales are quantised too. */
export type Quantize = `${"q8" | "q4" | "nf4" | "mixed"}${"" | "-dq"}` | "f16" | "f32" | QuantizePolicy;

export interface LoadOptions {
  /** Called as the load goes on, some twenty times a second at most, and once at the end of each phase. */
  onProgress?: (progress: LoadProgress) => void;
  /** Aborting it stops the download, frees everything, and rejects the load with the signal's reason. */
  signal?: AbortSignal;
  /** Tokens that prompt and answer may have together; by default the engine chooses. */
  contextLength?: number;
  /** What the weights multiply; by default `auto`. */
  activations?: Activations;
  /** What weights that are floats in the file become on the GPU; by default what they are. */
  quantize?: Quantize;
  /** Which of the adapter's abilities to use. */
  gpu?: GpuOptions;
}

/** How far a load has come. */
export interface LoadProgress {
  /** `preparing` starts the wasm and the GPU, `loading` moves the weights there, `finishing` makes the model ready. */
  phase: "preparing" | "loading" | "finishing";
  /** Bytes of the model's files taken so far. */
  loadedBytes: number;
  /** Bytes of all its files; absent until it's known. */
  totalBytes?: number;
}

/** What a loaded model is. */
export interface ModelInfo {
  /** The architecture's name in the file, such as `llama`. */
  architecture: string;
  name: string;
  /** What it does: `generation` of text, or `embedding`s. A call for the other fails with the code `wrong-task`. */
  task: "generation" | "embedding";
  /** How many values stand for a token inside it; an embedding has as many. */
  width: number;
  /** How many weights it has. */
  parameters: number;
  layers: number;
  /** Tokens that prompt and answer may have together. */
  contextLength: number;
  /** Tokens that the model was trained to attend to. */
  trainedContextLength: number;
  /** How many different tokens there are. */
  vocabulary: number;
  /** GPU memory taken, in bytes. */
  gpuBytes: number;
  /** That of the weights. */
  weightBytes: number;
  /** That of the KV cache, which has room for `contextLength` tokens from the start. */
  kvCacheBytes: number;
  /** Kernels started for each generated token. */
  dispatchesPerToken: number;
  /** Whether the file says how a conversation is written down. */
  hasChatTemplate: boolean;
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

/** One message of a conversation. */
export interface ChatMessage {
  role: "system" | "user" | "assistant" | (string & {});
  content: string;
}

/** A text (special tokens in it are read as such), its tokens, or a conversation for the model's chat template. */
export type Prompt = string | Uint32Array | readonly ChatMessage[];

export interface GenerateOptions {
  /** The most tokens to generate; by default as many as the context holds. */
  maxTokens?: number;
  /** 0, the default, always takes the likeliest token; 1 samples as the model was trained. */
  temperature?: number;
  /** Makes sampling repeatable. */
  seed?: number;
  /**
   * Samples from this many of the likeliest tokens, and those just as likely as the last of them; 0, the default, is off.
   *
   * `topK`, `topP` and `minP` apply in this order, to the probabilities at temperature 1; the temperature comes after
   * them, as in llama.cpp. They have no effect at temperature 0.
   */
  topK?: number;
  /** Samples from the likeliest tokens that have this much of what `topK` left together: above 0; 1, the default, is off. */
  topP?: number;
  /** Samples from the tokens at least this much as likely as the likeliest: up to 1; 0, the default, is off. */
  minP?: number;
  /** Texts that end the answer; they are not part of it. */
  stop?: readonly string[];
  /** How many tokens the GPU computes ahead of reading them back. It changes speed, never the answer. */
  tokensInFlight?: number;
  /** Goes on after a stop token: for measuring how fast tokens come, whatever they are. */
  ignoreStop?: boolean;
  /** Tokens at the start of the prompt that the timings leave out: for measuring what happens after them. */
  untimedTokens?: number;
  /** Aborting it stops the answer, and iteration throws the signal's reason. */
  signal?: AbortSignal;
}

export interface EmbedOptions {
  /** Aborting it ends the work after the text under way, and the call rejects with the signal's reason. */
  signal?: AbortSignal;
}

/** A generated token and the text it completes, which may be empty: a character can take several tokens. */
export interface GeneratedToken {
  token: number;
  text: string;
}

/** How an answer ended: at a stop token or text, at `maxTokens`, at a full context, or because the caller left. */
export type FinishReason = "stop" | "length" | "context" | "cancelled";

/** The whole of an answer. */
export interface GenerationResult {
  text: string;
  finishReason: FinishReason;
  /** Tokens of the prompt. */
  promptTokens: number;
  /** Tokens generated, the stop token among them. */
  tokens: number;
  timings: Timings;
}

/** How fast an answer came. */
export interface Timings {
  /** Time to first token, from the start of prefill or the end of its untimed tokens, in ms. */
  ttftMs: number;
  prefillTokensPerSecond: number;
  decodeTokensPerSecond: number;
}

/** The GPU as the browser describes it. */
export interface AdapterInfo {
  name: string;
  vendor: string;
  architecture: string;
  /** Whether the "GPU" is a program on the CPU. */
  software: boolean;
}

/** What this device offers and what the engine makes of it. */
export interface SupportReport {
  adapter: AdapterInfo;
  /** The WebGPU features in use. */
  features: string[];
  limits: Record<string, number>;
  /** The kernel variants chosen, by kind. */
  chosen: Record<string, string>;
}

/** Whether models can run here, and if not, why. */
export type Support = ({ available: true } & SupportReport) | { available: false; code: string; reason: string };
