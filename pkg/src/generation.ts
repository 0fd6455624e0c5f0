// Generations: the continuation of a prompt, once or several times.
import { AnswerStream, type StreamingCall } from "./answer-stream.js";
import type { Call } from "./connection.js";
import type { AnswerTokens } from "./protocol.js";
import type { AnswerToken, GeneratedToken, GenerationResult } from "./types.js";
import type { GenerationSummary } from "./wasm/wgslm.js";

/** Starts the call that generations are about. */
export type StartGeneration = (onEvent: (step: AnswerTokens) => void) => Call<"generate"> | Call<"generateInSession">;

/**
 * A generation under way. Iterate over it for tokens and their text, or await it for the whole text; `result` has that together with
 * counts and times. An `async` function can't return it, since whoever awaits that gets the text.
 */
export class Generation extends AnswerStream<GeneratedToken, GenerationResult> implements PromiseLike<string> {
  /** @internal */
  constructor(start: StartGeneration) {
    super((push) => {
      const { result, cancel } = collected(start, ({ tokens }) => push(tokens));
      return { result: result.then(([first]) => first!), cancel };
    });
  }

  /** Settles with the text, for `await`. */
  then<Kept = string, Failed = never>(
    kept?: ((text: string) => Kept | PromiseLike<Kept>) | null,
    failed?: ((reason: unknown) => Failed | PromiseLike<Failed>) | null,
  ): Promise<Kept | Failed> {
    return this.result.then(({ text }) => text).then(kept, failed);
  }
}

/** Several answers to one prompt as one stream, whose tokens say which answer they are of. Awaiting it gives the texts. */
export class Generations extends AnswerStream<AnswerToken, GenerationResult[]> implements PromiseLike<string[]> {
  /** @internal */
  constructor(start: StartGeneration) {
    super((push) => collected(start, ({ index, tokens }) => push(tokens.map((token) => ({ index, ...token })))));
  }

  /** Settles with the texts, for `await`. */
  then<Kept = string[], Failed = never>(
    kept?: ((texts: string[]) => Kept | PromiseLike<Kept>) | null,
    failed?: ((reason: unknown) => Failed | PromiseLike<Failed>) | null,
  ): Promise<Kept | Failed> {
    return this.result.then((results) => results.map(({ text }) => text)).then(kept, failed);
  }
}

/** A call with the texts of its answers beside their summaries. */
function collected(start: StartGeneration, onStep: (step: AnswerTokens) => void): StreamingCall<GenerationResult[]> {
  const texts: string[] = [];
  const call = start((step) => {
    texts[step.index] = (texts[step.index] ?? "") + step.tokens.map(({ text }) => text).join("");
    onStep(step);
  });
  const results = (summaries: GenerationSummary[]): GenerationResult[] =>
    summaries.map((summary, index) => ({ ...summary, text: texts[index] ?? "" }));
  return { result: call.result.then(results), cancel: () => call.cancel() };
}
