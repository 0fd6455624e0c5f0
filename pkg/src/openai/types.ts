// Requests and responses in the shape of OpenAI's API, as far as models here answer them.
import type { Grammar, Timings } from "../types.js";
import type {
  AssistantMessage,
  ChatDelta,
  ChatFinishReason,
  ChatMessage,
  Speculation,
  Tool,
  ToolChoice,
} from "../wasm/wgslm.js";

/** Fields of requests for text. What OpenAI's API has besides is accepted and has no effect. */
export interface SamplingFields {
  /** Appears in the response; an engine has one model. */
  model?: string | null;
  /** By default 1, as in OpenAI's API; 0 always takes the likeliest token. */
  temperature?: number | null;
  top_p?: number | null;
  /** The seed of sampling: the same one gives the same answer. By default each request has another. */
  seed?: number | null;
  /** Texts that end the answer and aren't part of it. */
  stop?: string | readonly string[] | null;
  /** From -2 to 2, for each time that a token is among the last ones, the prompt's included. */
  frequency_penalty?: number | null;
  /** From -2 to 2, for tokens that are among the last ones, the prompt's included. */
  presence_penalty?: number | null;
  /** Numbers from -100, which leaves a token out, to 100, by the token's id. */
  logit_bias?: Readonly<Record<string, number>> | null;
  /** The number of answers. */
  n?: number | null;
  stream_options?: { include_usage?: boolean | null } | null;
  /** Samples from this many of the likeliest tokens. Not of OpenAI's API, as the fields below. */
  top_k?: number | null;
  /** Samples from tokens that are at least this fraction as likely as the likeliest one. */
  min_p?: number | null;
  /** The factor by which the logits of tokens among the last ones go down. */
  repetition_penalty?: number | null;
  /** The source of drafts. */
  speculation?: Speculation | null;
  /** The rule that the answer has to follow. */
  grammar?: Grammar | null;
}

/** The form of an answer. */
export type ResponseFormat =
  | { readonly type: "text" }
  | { readonly type: "json_object" }
  | { readonly type: "json_schema"; readonly json_schema: { readonly name?: string; readonly schema: object; readonly strict?: boolean | null } };

/** A request to `chat.completions.create`. */
export interface ChatCompletionFields extends SamplingFields {
  messages: readonly ChatMessage[];
  stream?: boolean | null;
  tools?: readonly Tool[] | null;
  tool_choice?: ToolChoice | null;
  parallel_tool_calls?: boolean | null;
  /**
   * The form of the answer. An answer in JSON calls no tool, unless `tool_choice` demands it, and is given without reasoning where the model's
   * template allows that.
   */
  response_format?: ResponseFormat | null;
  /** The most tokens to generate. */
  max_completion_tokens?: number | null;
  /** The older name of `max_completion_tokens`. */
  max_tokens?: number | null;
  logprobs?: boolean | null;
  /** The number of likeliest tokens whose log-probabilities come with each token's, up to 20. */
  top_logprobs?: number | null;
  reasoning_effort?: string | null;
  /** The documents that the answer may draw on. */
  documents?: readonly object[] | null;
  /** True if the model should reason before it answers, false if not. */
  enable_thinking?: boolean | null;
  /** More variables of the chat template. */
  chat_template_kwargs?: Readonly<Record<string, unknown>> | null;
}

/** A request to `completions.create`. */
export interface CompletionFields extends SamplingFields {
  /** A text, tokens, or several of either. */
  prompt: string | readonly string[] | readonly number[] | readonly (readonly number[])[];
  stream?: boolean | null;
  /** By default 16, as in OpenAI's API. */
  max_tokens?: number | null;
  /** Asks for each token's log-probability, and for those of this many of the likeliest ones. */
  logprobs?: number | null;
}

/** A request to `embeddings.create`. */
export interface EmbeddingFields {
  /** A text, tokens, or several of either. */
  input: string | readonly string[] | readonly number[] | readonly (readonly number[])[];
  model?: string | null;
  encoding_format?: "float" | "base64" | null;
  /** Keeps this many values of each embedding, for models that were trained for that. */
  dimensions?: number | null;
}

/** The numbers of tokens of a request. */
export interface Usage {
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
  prompt_tokens_details: { cached_tokens: number };
  completion_tokens_details: { accepted_prediction_tokens: number; rejected_prediction_tokens: number };
}

/** The log-probability of a token. */
export interface LogprobEntry {
  token: string;
  /** The bytes of the token's text; null for control tokens. */
  bytes: number[] | null;
  logprob: number;
}

/** The log-probabilities of the tokens of an answer. */
export interface ChoiceLogprobs {
  content: (LogprobEntry & { top_logprobs: LogprobEntry[] })[];
  refusal: null;
}

interface Response<Kind extends string> {
  id: string;
  object: Kind;
  /** The time of the request, in seconds since 1970. */
  created: number;
  model: string;
}

/** A response of `chat.completions.create`. */
export interface ChatCompletion extends Response<"chat.completion"> {
  choices: {
    index: number;
    message: AssistantMessage & { refusal: null };
    logprobs: ChoiceLogprobs | null;
    finish_reason: ChatFinishReason;
  }[];
  usage: Usage;
  /** The speed of the first answer. Not of OpenAI's API. */
  timings: Timings;
}

/** A piece of a streamed response of `chat.completions.create`. */
export interface ChatCompletionChunk extends Response<"chat.completion.chunk"> {
  choices: {
    index: number;
    delta: ChatDelta & { role?: "assistant" };
    logprobs: ChoiceLogprobs | null;
    finish_reason: ChatFinishReason | null;
  }[];
  /** The usage, in the last piece, where `stream_options` asks for it. */
  usage?: Usage | null;
  /** The speed of the first answer, beside the usage. Not of OpenAI's API. */
  timings?: Timings;
}

/** The log-probabilities of the tokens of a continuation. */
export interface CompletionLogprobs {
  tokens: string[];
  token_logprobs: number[];
  top_logprobs: Record<string, number>[];
  /** The place of each token's text in the answer. */
  text_offset: number[];
}

/** One of the continuations of a prompt. */
export interface CompletionChoice<Finish> {
  index: number;
  text: string;
  logprobs: CompletionLogprobs | null;
  finish_reason: Finish;
}

/** A response of `completions.create`. */
export interface Completion extends Response<"text_completion"> {
  choices: CompletionChoice<"stop" | "length">[];
  usage: Usage;
  /** The speed of the first answer. Not of OpenAI's API. */
  timings: Timings;
}

/** A piece of a streamed response of `completions.create`. */
export interface CompletionChunk extends Response<"text_completion"> {
  choices: CompletionChoice<"stop" | "length" | null>[];
  usage?: Usage | null;
  timings?: Timings;
}

/** A response of `embeddings.create`. */
export interface EmbeddingResponse<Values = number[] | string> {
  object: "list";
  data: { object: "embedding"; index: number; embedding: Values }[];
  model: string;
  usage: { prompt_tokens: number; total_tokens: number };
}
