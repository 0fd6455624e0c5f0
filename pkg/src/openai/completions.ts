// `engine.completions`: continuations of prompts in the shape of OpenAI's older API.
import type { Connection } from "../connection.js";
import type { AnswerTokens } from "../protocol.js";
import type { SignalOptions } from "../types.js";
import type { GeneratedToken, GenerationSummary, ModelInfo } from "../wasm/wgslm.js";
import { type FieldKinds, type Present, SAMPLING_KINDS, checkFields, count, flag, requestOfFields, wrong } from "./fields.js";
import { inputs } from "./inputs.js";
import { ResponseStream, head, usageOf } from "./response.js";
import type { Completion, CompletionChunk, CompletionFields, CompletionLogprobs } from "./types.js";

const KINDS: FieldKinds<CompletionFields> = { ...SAMPLING_KINDS, stream: flag, max_tokens: count, logprobs: count };

/** The most tokens where a request doesn't say, as in OpenAI's API. */
const MAX_TOKENS = 16;

/** Fields of OpenAI's API that would give another answer, had they an effect. */
const REFUSED = ["echo", "suffix", "best_of"] as const;

/** Continuations of prompts in the shape of OpenAI's older API. */
export class Completions {
  readonly #connection: Connection;
  readonly #info: ModelInfo;

  /** @internal */
  constructor(connection: Connection, info: ModelInfo) {
    this.#connection = connection;
    this.#info = info;
  }

  /** Continues prompts: whole, or as a stream of pieces where `stream` is true. */
  create(
    fields: CompletionFields & { stream: true },
    options?: SignalOptions,
  ): Promise<ResponseStream<CompletionChunk, Completion>>;
  create(fields: CompletionFields & { stream?: false | null }, options?: SignalOptions): Promise<Completion>;
  create(fields: CompletionFields, options?: SignalOptions): Promise<Completion | ResponseStream<CompletionChunk, Completion>>;
  async create(
    given: CompletionFields,
    { signal }: SignalOptions = {},
  ): Promise<Completion | ResponseStream<CompletionChunk, Completion>> {
    const fields = checkFields(given, KINDS);
    const refused = REFUSED.find((name) => (fields as Record<string, unknown>)[name]);
    if (refused) throw wrong(`${refused} is not supported; leave it out`);
    const prompts = inputs("prompt", fields.prompt);
    const answers = fields.n ?? 1;
    const own = { maxTokens: fields.max_tokens ?? MAX_TOKENS, logprobs: fields.logprobs };
    const request = { answers, measuring: {}, ...requestOfFields(fields, own) };
    signal?.throwIfAborted();
    const writer = new CompletionWriter(fields, this.#info);
    const call = (onChunks: (chunks: CompletionChunk[]) => void) => {
      const calls = prompts.map((prompt, place) => {
        const onEvent = ({ index, tokens }: AnswerTokens): void => onChunks(writer.chunks(place * answers + index, tokens));
        return this.#connection.call("generate", { prompt, ...request }, { signal, onEvent });
      });
      const cancel = (): void => calls.forEach((each) => each.cancel());
      const result = Promise.all(calls.map((each) => each.result)).then(
        (ends) => (onChunks(writer.endChunks(ends)), writer.whole(ends)),
        (error: unknown) => {
          cancel();
          throw error;
        },
      );
      return { result, cancel };
    };
    return fields.stream ? new ResponseStream(call) : call(() => undefined).result;
  }
}

/** Writes the answers of one request as OpenAI's API has them. */
class CompletionWriter {
  readonly #head: ReturnType<typeof head>;
  readonly #usage: boolean;
  readonly #logprobs: boolean;
  /** The answers so far. */
  readonly #texts: string[] = [];
  readonly #found: CompletionLogprobs[] = [];

  constructor({ model, stream_options, logprobs }: Present<CompletionFields>, info: ModelInfo) {
    this.#head = head("cmpl", model, info);
    this.#usage = stream_options?.include_usage ?? false;
    this.#logprobs = logprobs !== undefined;
  }

  chunks(index: number, tokens: readonly GeneratedToken[]): CompletionChunk[] {
    const before = this.#texts[index] ?? "";
    const text = tokens.map((token) => token.text).join("");
    this.#texts[index] = before + text;
    const found = this.#logprobs ? logprobsOf(tokens, before.length) : null;
    if (found) {
      const all = (this.#found[index] ??= noLogprobs());
      all.tokens.push(...found.tokens);
      all.token_logprobs.push(...found.token_logprobs);
      all.top_logprobs.push(...found.top_logprobs);
      all.text_offset.push(...found.text_offset);
    }
    if (text === "" && !found) return [];
    return [this.#chunk([{ index, text, logprobs: found, finish_reason: null }])];
  }

  endChunks(prompts: readonly (readonly GenerationSummary[])[]): CompletionChunk[] {
    const ends = prompts.flat().map((summary, index) => {
      return this.#chunk([{ index, text: "", logprobs: null, finish_reason: reasonOf(summary) }]);
    });
    return this.#usage ? [...ends, { ...this.#chunk([]), ...counts(prompts) }] : ends;
  }

  whole(prompts: readonly (readonly GenerationSummary[])[]): Completion {
    const choices = prompts.flat().map((summary, index) => ({
      index,
      text: this.#texts[index] ?? "",
      logprobs: this.#logprobs ? (this.#found[index] ?? noLogprobs()) : null,
      finish_reason: reasonOf(summary),
    }));
    return { ...this.#fields(), choices, ...counts(prompts) };
  }

  #chunk(choices: CompletionChunk["choices"]): CompletionChunk {
    return { ...this.#fields(), choices, ...(this.#usage && { usage: null }) };
  }

  #fields() {
    const { id, created, model } = this.#head;
    return { id, object: "text_completion" as const, created, model };
  }
}

function counts(prompts: readonly (readonly GenerationSummary[])[]) {
  return { usage: usageOf(prompts), timings: prompts[0]![0]!.timings };
}

/** OpenAI's API has no other reasons. */
function reasonOf({ finishReason }: GenerationSummary): "stop" | "length" {
  return finishReason === "stop" ? "stop" : "length";
}

function noLogprobs(): CompletionLogprobs {
  return { tokens: [], token_logprobs: [], top_logprobs: [], text_offset: [] };
}

function logprobsOf(tokens: readonly GeneratedToken[], offset: number): CompletionLogprobs {
  const found = noLogprobs();
  for (const { text, logprobs } of tokens) {
    if (logprobs) {
      found.tokens.push(logprobs.chosen.text);
      found.token_logprobs.push(logprobs.chosen.logprob);
      found.top_logprobs.push(Object.fromEntries(logprobs.top.map((other) => [other.text, other.logprob])));
      found.text_offset.push(offset);
    }
    offset += text.length;
  }
  return found;
}
