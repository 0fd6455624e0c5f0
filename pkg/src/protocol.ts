import type { PromptRequest } from "./autocomplete/prompt.js";
import type { ErrorMessage } from "./errors.js";
import type { Context } from "./load.js";
import type { CacheMode, LoadProgress, MemoryUse, ModelInfo, ModelPlan, Prompt } from "./types.js";
import type {
  Beams,
  BeamSearchOptions,
  ChatDelta,
  ChatEnd,
  Conversation,
  GeneratedToken,
  GenerationOptions,
  GenerationSummary,
  GpuOptions,
  LoaderOptions,
  MeasuringOptions,
  MetricsSnapshot,
  SupportReport,
  TokenLogprobs,
} from "./wasm/wgslm.js";
import type { JsGrammar } from "./wasm/wgslm_grammar.js";

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

/** What every request for an answer has. */
export interface RequestParams {
  options: GenerationOptions;
  /** The grammar that the answer has to follow. */
  grammar?: JsGrammar;
}

/** Tokens of one of the answers to a prompt. */
export interface AnswerTokens {
  index: number;
  tokens: GeneratedToken[];
}

/** Pieces of one of the answers to a conversation. */
export interface ChatPieces {
  index: number;
  deltas: ChatDelta[];
  logprobs: TokenLogprobs[];
}

/** A change of a session's tokens. */
export type SessionChange = { append: string | Uint32Array } | { set: Prompt | Conversation } | { truncate: number };

/** The way to files at an address, in the form that can be posted. */
export interface PostedAccess {
  cache: CacheMode;
  /** The SHA-256 of files by name, in hexadecimal digits; that of the file to begin with under the empty name. */
  integrity: Readonly<Record<string, string>>;
  headers: readonly (readonly [string, string])[];
  /** The port behind which the page's own `fetch` is. */
  fetch: MessagePort | undefined;
}

/** A text to complete. */
export interface CompletionRequest extends PromptRequest {
  options: GenerationOptions;
}

/** A piece of a completion: the text that a token completes, and the token's log-probability where it is asked for. */
export interface CompletionPiece {
  text: string;
  logprob?: number;
}
/** News of an engine: that its GPU was lost, how far it is in getting the model back, and that it has it. */
export type EngineNews = { lost: ErrorMessage } | { progress: LoadProgress } | { recovered: true };

/** The calls about a model: what goes in, what is reported on the way, what comes out. */
export interface EngineMethods {
  support: Method<{ gpu: GpuOptions }, never, SupportReport>;
  load: Method<
    { source: PostedSource; access: PostedAccess; gpu: GpuOptions; options: LoaderOptions; prefixes: readonly Prompt[] },
    LoadProgress,
    ModelInfo
  >;
  plan: Method<{ source: PostedSource; access: PostedAccess; gpu: GpuOptions; options: LoaderOptions }, never, ModelPlan>;
  generate: Method<
    RequestParams & { prompt: Prompt; answers: number; measuring: MeasuringOptions },
    AnswerTokens,
    GenerationSummary[]
  >;
  chat: Method<RequestParams & { conversation: Conversation; answers: number }, ChatPieces, ChatEnd[]>;
  complete: Method<CompletionRequest, CompletionPiece, GenerationSummary>;
  beamSearch: Method<{ prompt: Prompt; options: BeamSearchOptions }, never, Beams>;
  score: Method<{ text: string | Uint32Array; after: string | Uint32Array | undefined }, never, ScoredTokens>;
  tokenize: Method<{ text: string; special: boolean }, never, Uint32Array>;
  detokenize: Method<{ tokens: Uint32Array }, never, string>;
  countTokens: Method<{ prompt: Prompt | Conversation }, never, number>;
  applyTemplate: Method<{ conversation: Conversation }, never, string>;
  embed: Method<{ texts: readonly (string | Uint32Array)[] }, never, Embeddings>;
  rerank: Method<{ query: string; documents: readonly string[] }, never, Float32Array>;
  logits: Method<{ tokens: Uint32Array }, never, Float32Array>;
  metrics: Method<Record<never, never>, never, MetricsSnapshot>;
  memory: Method<Record<never, never>, never, MemoryUse>;
  watch: Method<Record<never, never>, EngineNews, never>;
  recover: Method<Record<never, never>, never, null>;
  decodeBytes: Method<{ depth: number }, never, number>;
  copyBandwidth: Method<Record<never, never>, never, number>;
  unload: Method<Record<never, never>, never, null>;
}

/** The calls about sessions, under numbers that the page gives them. */
export interface SessionMethods {
  openSession: Method<{ session: number }, never, null>;
  restoreSession: Method<{ session: number; source: Blob | ReadableStream<Uint8Array> }, never, null>;
  forkSession: Method<{ session: number; fork: number }, never, null>;
  changeSession: Method<{ session: number; change: SessionChange }, never, null>;
  prefillSession: Method<{ session: number }, never, null>;
  generateInSession: Method<RequestParams & { session: number }, AnswerTokens, GenerationSummary[]>;
  sessionTokens: Method<{ session: number }, never, Uint32Array>;
  sessionCounts: Method<{ session: number }, never, { length: number; held: number }>;
  snapshotSession: Method<{ session: number }, never, Blob>;
  closeSession: Method<{ session: number }, never, null>;
}

/** Embeddings, and the number of tokens of their texts. */
export interface Embeddings {
  embeddings: Float32Array[];
  tokens: number;
}

/** Tokens, and the log-probabilities of the last of them. */
export interface ScoredTokens {
  tokens: Uint32Array;
  logprobs: Float32Array;
}

/** The methods of the worker. */
export interface Methods extends EngineMethods, SessionMethods {}

interface Method<Params, Event, Result> {
  params: Params;
  event: Event;
  result: Result;
}

export type MethodName = keyof Methods;

/** The functions that answer some of the calls. */
export type Handlers<Some> = {
  [M in keyof Some & MethodName]: (
    params: Methods[M]["params"],
    context: Context<Methods[M]["event"]>,
  ) => Promise<Methods[M]["result"]>;
};

/**
 * To the worker: the WebAssembly, where another worker has compiled it; the port of another one who calls; the lock that tells when the caller has
 * ended; a call under a number that its answers bear; or the wish to end one.
 */
export type ToWorker =
  | { wasm: WebAssembly.Module }
  | { client: MessagePort }
  | { lifeline: string }
  | { [M in MethodName]: { id: number; method: M; params: Methods[M]["params"] } }[MethodName]
  | { abort: number };

/** From the worker: the WebAssembly that it compiled; the lock that tells when it has ended; an event of a call, its end, or the end of the worker itself. */
export type FromWorker =
  | { wasm: WebAssembly.Module }
  | { lifeline: string }
  | { id: number; event: Methods[MethodName]["event"] }
  | { id: number; result: Methods[MethodName]["result"] }
  | { id: number; error: ErrorMessage }
  | { fatal: ErrorMessage };
