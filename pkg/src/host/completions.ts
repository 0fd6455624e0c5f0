// Completions of texts that are being typed.
import { PromptMaker } from "../autocomplete/prompt.js";
import type { CompletionPiece, CompletionRequest } from "../protocol.js";
import type { GenerationSummary, Model } from "../wasm/wgslm.js";
import { runAnswers } from "./answers.js";

/** Completes texts with a model. */
export class Completions {
  readonly model: Model;
  readonly #prompts: PromptMaker;

  constructor(model: Model) {
    this.model = model;
    this.#prompts = new PromptMaker(model);
  }

  /** Completes a text, and emits the pieces as they come. */
  async run(request: CompletionRequest, emit: (piece: CompletionPiece) => void, signal: AbortSignal): Promise<GenerationSummary> {
    const { tokens: prompt, healed } = this.#prompts.make(request);
    // The text of the token that was taken off the prompt's end comes first, and isn't new.
    let known = healed?.text.length ?? 0;
    let isHealed = healed !== undefined;
    const begin = () => this.model.complete(prompt, healed?.token, request.options);
    const [summary] = await runAnswers(
      1,
      {
        begin,
        take: (_, { tokens, summary: end }) => {
          for (const { text, logprobs } of tokens) {
            // A token that was chosen among a few only has no probability that says anything.
            const logprob = isHealed ? undefined : logprobs?.chosen.logprob;
            emit({ text: text.slice(known), ...(logprob !== undefined && { logprob }) });
            known = Math.max(0, known - text.length);
            isHealed = false;
          }
          return end;
        },
      },
      signal,
    );
    return summary!;
  }
}
