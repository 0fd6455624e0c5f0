// Suggestions as they come.
import { AnswerStream, type StartStream } from "../answer-stream.js";
import type { FinishReason } from "../types.js";

/** The whole of a suggestion. */
export interface SuggestionResult {
  /** Its text, without an end that repeats the text after the cursor. */
  text: string;
  /** True where it came from what was suggested before, without the GPU. */
  reused: boolean;
  /** The reason for its end. */
  finishReason: FinishReason;
  /** The mean probability of its tokens, where `acceptance` asks for it. */
  probability?: number;
}

/**
 * A suggestion under way. Iterate over it for pieces of its text, or await it for all of it. A newer request ends it: both then throw an
 * `AbortError`.
 */
export class Suggestion extends AnswerStream<string, SuggestionResult> implements PromiseLike<string> {
  /** @internal */
  constructor(start: StartStream<string, SuggestionResult>) {
    super(start);
  }

  /** Settles with the text, for `await`. */
  then<Kept = string, Failed = never>(
    kept?: ((text: string) => Kept | PromiseLike<Kept>) | null,
    failed?: ((reason: unknown) => Failed | PromiseLike<Failed>) | null,
  ): Promise<Kept | Failed> {
    return this.result.then(({ text }) => text).then(kept, failed);
  }
}
