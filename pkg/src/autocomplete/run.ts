// A completion on its way from the GPU, or done.
import type { CompletionPiece } from "../protocol.js";
import type { FinishReason, GenerationSummary } from "../wasm/wgslm.js";

/** What a run needs to know of its autocomplete. */
export interface RunOptions {
  stopAtLine: boolean;
  /** The mean probability of tokens that what is shown has to have. */
  acceptance: number;
}

/** The call of a run under way. */
export interface RunCall {
  result: Promise<GenerationSummary>;
  cancel(): void;
}

/** The completion of one text: suggestions read it, also those of texts that its beginning was typed into since. */
export class Run {
  readonly prefix: string;
  readonly suffix: string;
  /** All text so far. */
  text = "";
  /** The length of the part of it that may be shown. */
  shown = 0;
  /** The reason for the end, once there is one. */
  finishReason: FinishReason | undefined;
  /** What it failed with. */
  error: unknown;
  /** What the engine says of it at the end. */
  readonly summary: Promise<GenerationSummary | undefined>;
  readonly #options: RunOptions;
  readonly #call: RunCall;
  #logprobs = { sum: 0, count: 0 };
  readonly #came: { first?: number; last: number; tokens: number } = { last: 0, tokens: 0 };
  #waiting: (() => void)[] = [];

  /** Starts `call`, which gives its pieces to the function that it gets. */
  constructor(
    [prefix, suffix]: readonly [string, string],
    options: RunOptions,
    call: (take: (piece: CompletionPiece) => void) => RunCall,
  ) {
    this.prefix = prefix;
    this.suffix = suffix;
    this.#options = options;
    this.#call = call((piece) => this.#take(piece));
    this.summary = this.#call.result.then(
      (summary) => {
        this.#end(summary.finishReason);
        return summary;
      },
      (error: unknown) => {
        this.error = this.finishReason === undefined ? error : undefined;
        this.#end("cancelled");
        return undefined;
      },
    );
  }

  /** True once nothing more comes. */
  get ended(): boolean {
    return this.finishReason !== undefined;
  }

  /** The mean probability of its tokens so far: that of their logarithms. */
  get probability(): number | undefined {
    const { sum, count } = this.#logprobs;
    return count === 0 ? undefined : Math.exp(sum / count);
  }

  /** The time between two of its tokens, in ms, once that can be told. */
  get pace(): number | undefined {
    const { first, last, tokens } = this.#came;
    return first === undefined || tokens < 2 ? undefined : (last - first) / (tokens - 1);
  }

  /** Ends it here. What it has stays, and counts as complete unless `reason` says that it was cancelled. */
  stop(reason: FinishReason): void {
    if (this.ended) return;
    this.#call.cancel();
    this.#end(reason);
  }

  /** Settles at the next change. */
  changed(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #take({ text, logprob }: CompletionPiece): void {
    if (this.ended) return;
    this.#came.last = performance.now();
    this.#came.first ??= this.#came.last;
    this.#came.tokens += 1;
    const lineEnd = this.#options.stopAtLine ? text.search(/[\n\r]/) : -1;
    this.text += lineEnd < 0 ? text : text.slice(0, lineEnd);
    if (logprob !== undefined) {
      this.#logprobs.sum += logprob;
      this.#logprobs.count += 1;
    }
    const accepted = (this.probability ?? 1) >= this.#options.acceptance;
    if (accepted) this.shown = this.text.length;
    if (lineEnd >= 0 || (!accepted && this.shown > 0)) this.stop("stop");
    this.#wake();
  }

  #end(reason: FinishReason): void {
    this.finishReason ??= reason;
    this.#wake();
  }

  #wake(): void {
    this.#waiting.splice(0).forEach((resolve) => resolve());
  }
}
