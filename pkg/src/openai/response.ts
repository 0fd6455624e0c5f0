// What responses have in common.
import { AnswerStream, type StartStream } from "../answer-stream.js";
import { hex } from "../cache/digest.js";
import { modelName } from "../model-name.js";
import type { GenerationSummary, ModelInfo, TokenLogprob, TokenLogprobs } from "../wasm/wgslm.js";
import type { ChoiceLogprobs, LogprobEntry, Usage } from "./types.js";

/** A streamed response: iterate over it for its pieces. `result` is the response as it would have come whole. */
export class ResponseStream<Chunk, Whole> extends AnswerStream<Chunk, Whole> {
  /** @internal */
  constructor(start: StartStream<Chunk, Whole>) {
    super(start);
  }
}

/** The head of a response: an id of its own, the time and the model. */
export function head(prefix: string, model: string | undefined, info: ModelInfo): { id: string; created: number; model: string } {
  const id = hex(crypto.getRandomValues(new Uint8Array(12)));
  return { id: `${prefix}-${id}`, created: Math.floor(Date.now() / 1000), model: model ?? modelName(info) };
}

/** The usage of answers, given by prompt. */
export function usageOf(prompts: readonly (readonly GenerationSummary[])[]): Usage {
  const sum = (numbers: number[]): number => numbers.reduce((total, value) => total + value, 0);
  const first = prompts.flatMap((answers) => answers.slice(0, 1));
  const all = prompts.flat();
  const prompt = sum(first.map(({ promptTokens }) => promptTokens));
  const completion = sum(all.map(({ tokens }) => tokens));
  const accepted = sum(all.map(({ acceptedTokens }) => acceptedTokens));
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: sum(first.map(({ cachedTokens }) => cachedTokens)) },
    completion_tokens_details: {
      accepted_prediction_tokens: accepted,
      rejected_prediction_tokens: sum(all.map(({ draftedTokens }) => draftedTokens)) - accepted,
    },
  };
}

/** The log-probabilities of tokens as OpenAI's API has them. */
export function logprobsOf(tokens: readonly TokenLogprobs[]): ChoiceLogprobs {
  const entry = ({ text, bytes, logprob }: TokenLogprob): LogprobEntry => ({
    token: text,
    bytes: bytes.length > 0 ? bytes : null,
    logprob,
  });
  return { content: tokens.map(({ chosen, top }) => ({ ...entry(chosen), top_logprobs: top.map(entry) })), refusal: null };
}
