// `engine.chat.completions`: conversations in the shape of OpenAI's API.
import { checkConversation } from "../arguments.js";
import type { Connection } from "../connection.js";
import { wireGrammar } from "../grammar.js";
import { isRecord, shown } from "../options.js";
import type { ChatPieces, Methods } from "../protocol.js";
import type { SignalOptions } from "../types.js";
import type { ChatEnd, Conversation, ModelInfo, TokenLogprobs } from "../wasm/wgslm.js";
import type { JsGrammar } from "../wasm/wgslm_grammar.js";
import {
  type FieldKinds,
  type Present,
  SAMPLING_KINDS,
  checkFields,
  count,
  flag,
  list,
  object,
  requestOfFields,
  text,
  wrong,
} from "./fields.js";
import { ResponseStream, head, logprobsOf, usageOf } from "./response.js";
import type { ChatCompletion, ChatCompletionChunk, ChatCompletionFields, ResponseFormat } from "./types.js";

const KINDS: FieldKinds<ChatCompletionFields> = {
  ...SAMPLING_KINDS,
  messages: list,
  stream: flag,
  tools: list,
  tool_choice: {
    holds: (value) => isRecord(value) || ["auto", "none", "required"].includes(value as string),
    expected: '"auto", "none", "required" or { type: "function", function: { name } }',
  },
  parallel_tool_calls: flag,
  response_format: object,
  max_completion_tokens: count,
  max_tokens: count,
  logprobs: flag,
  top_logprobs: count,
  reasoning_effort: text,
  documents: list,
  enable_thinking: flag,
  chat_template_kwargs: object,
};

/** The fields that are the conversation's own. */
const CONVERSATION = [
  "messages",
  "tools",
  "tool_choice",
  "parallel_tool_calls",
  "reasoning_effort",
  "documents",
  "enable_thinking",
  "chat_template_kwargs",
] as const;

/** Answers to conversations in the shape of OpenAI's API. */
export class ChatCompletions {
  readonly #connection: Connection;
  readonly #info: ModelInfo;

  /** @internal */
  constructor(connection: Connection, info: ModelInfo) {
    this.#connection = connection;
    this.#info = info;
  }

  /** Answers a conversation: whole, or as a stream of pieces where `stream` is true. */
  create(
    fields: ChatCompletionFields & { stream: true },
    options?: SignalOptions,
  ): Promise<ResponseStream<ChatCompletionChunk, ChatCompletion>>;
  create(fields: ChatCompletionFields & { stream?: false | null }, options?: SignalOptions): Promise<ChatCompletion>;
  create(
    fields: ChatCompletionFields,
    options?: SignalOptions,
  ): Promise<ChatCompletion | ResponseStream<ChatCompletionChunk, ChatCompletion>>;
  async create(
    given: ChatCompletionFields,
    { signal }: SignalOptions = {},
  ): Promise<ChatCompletion | ResponseStream<ChatCompletionChunk, ChatCompletion>> {
    const fields = checkFields(given, KINDS);
    const params = paramsOf(fields);
    signal?.throwIfAborted();
    const writer = new ChatWriter(fields, this.#info);
    const call = (onChunks: (chunks: ChatCompletionChunk[]) => void) => {
      const onEvent = (pieces: ChatPieces): void => onChunks(writer.chunks(pieces));
      const { result, cancel } = this.#connection.call("chat", params, { signal, onEvent });
      const whole = result.then((ends) => (onChunks(writer.endChunks(ends)), writer.whole(ends)));
      return { result: whole, cancel };
    };
    return fields.stream ? new ResponseStream(call) : call(() => undefined).result;
  }
}

/** The call of the worker that these fields ask for. */
function paramsOf(fields: Present<ChatCompletionFields>): Methods["chat"]["params"] {
  const { response_format: format, logprobs, top_logprobs: top } = fields;
  if (top !== undefined && !logprobs) throw wrong("top_logprobs needs logprobs: true");
  const grammar = format && formatGrammar(format);
  const own = Object.fromEntries(CONVERSATION.flatMap((name) => (fields[name] === undefined ? [] : [[name, fields[name]]])));
  // Reasoning would have to follow the grammar too.
  const thinking = grammar && fields.enable_thinking === undefined ? { enable_thinking: false } : {};
  return {
    conversation: withSystemRole(checkConversation({ ...own, ...thinking } as Conversation)),
    answers: fields.n ?? 1,
    ...requestOfFields(fields, {
      maxTokens: fields.max_completion_tokens ?? fields.max_tokens,
      logprobs: logprobs ? (top ?? 0) : undefined,
      grammar,
    }),
  };
}

/** A conversation whose developer speaks as its system, the older name that chat templates know. */
function withSystemRole({ messages, ...rest }: Conversation): Conversation {
  return { messages: messages.map((message) => (message.role === "developer" ? { ...message, role: "system" } : message)), ...rest };
}

/** The grammar of a form of answers; text has none. */
function formatGrammar(format: ResponseFormat): JsGrammar | undefined {
  switch (format.type) {
    case "text":
      return undefined;
    case "json_object":
      return wireGrammar({ json: true });
    case "json_schema": {
      const schema: unknown = isRecord(format.json_schema) ? format.json_schema.schema : undefined;
      if (isRecord(schema)) return wireGrammar({ jsonSchema: schema });
      throw wrong(`response_format.json_schema.schema is ${shown(schema)}; it should be a JSON Schema as an object`);
    }
    default: {
      const { type } = format as { type?: unknown };
      const found = typeof type === "string" ? JSON.stringify(type) : shown(type);
      throw wrong(`response_format.type is ${found}; it should be "text", "json_object" or "json_schema"`);
    }
  }
}

/** Writes the answers of one request as OpenAI's API has them. */
class ChatWriter {
  readonly #head: { id: string; created: number; model: string };
  readonly #logprobs: boolean;
  readonly #usage: boolean;
  /** The log-probabilities of the tokens so far, by answer. */
  readonly #tokens: TokenLogprobs[][] = [];
  readonly #begun = new Set<number>();

  constructor({ model, logprobs, stream_options }: Present<ChatCompletionFields>, info: ModelInfo) {
    this.#head = head("chatcmpl", model, info);
    this.#logprobs = logprobs ?? false;
    this.#usage = stream_options?.include_usage ?? false;
  }

  /** The chunks of some pieces of an answer; the first one says whose turn it is. */
  chunks({ index, deltas, logprobs }: ChatPieces): ChatCompletionChunk[] {
    (this.#tokens[index] ??= []).push(...logprobs);
    const beginning = this.#begun.has(index) ? [] : [this.#chunk(index, { role: "assistant", content: "" })];
    this.#begun.add(index);
    // The end of a call is an empty piece, which OpenAI's API doesn't have.
    const pieces = deltas.filter((delta) => Object.keys(delta).length > 0);
    if (pieces.length === 0 && logprobs.length > 0) pieces.push({});
    return [...beginning, ...pieces.map((delta, place) => this.#chunk(index, delta, place === 0 ? logprobs : []))];
  }

  /** The last chunks: an end for each answer and, where it is asked for, the usage. */
  endChunks(ends: readonly ChatEnd[]): ChatCompletionChunk[] {
    const chunks = ends.flatMap(({ finishReason }, index) => {
      const beginning = this.chunks({ index, deltas: [], logprobs: [] });
      const end = this.#chunk(index, {});
      end.choices[0]!.finish_reason = finishReason;
      return [...beginning, end];
    });
    if (!this.#usage) return chunks;
    const last = { ...this.#headOf("chat.completion.chunk"), choices: [], ...this.#counts(ends) };
    return [...chunks, last];
  }

  whole(ends: readonly ChatEnd[]): ChatCompletion {
    const choices = ends.map(({ message, finishReason }, index) => ({
      index,
      message: { ...message, content: message.content ?? null, refusal: null },
      logprobs: this.#logprobs ? logprobsOf(this.#tokens[index] ?? []) : null,
      finish_reason: finishReason,
    }));
    return { ...this.#headOf("chat.completion"), choices, ...this.#counts(ends) };
  }

  #chunk(
    index: number,
    delta: ChatCompletionChunk["choices"][number]["delta"],
    logprobs: readonly TokenLogprobs[] = [],
  ): ChatCompletionChunk {
    const found = logprobs.length > 0 ? logprobsOf(logprobs) : null;
    const choices = [{ index, delta, logprobs: found, finish_reason: null }];
    return { ...this.#headOf("chat.completion.chunk"), choices, ...(this.#usage && { usage: null }) };
  }

  #headOf<Kind extends string>(kind: Kind) {
    const { id, created, model } = this.#head;
    return { id, object: kind, created, model };
  }

  #counts(ends: readonly ChatEnd[]) {
    const summaries = ends.map(({ summary }) => summary);
    return { usage: usageOf([summaries]), timings: summaries[0]!.timings };
  }
}
