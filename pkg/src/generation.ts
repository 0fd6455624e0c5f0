import type { Call } from "./connection.js";
import type { GeneratedToken, GenerationResult } from "./types.js";

/** Starts the call that a generation is about; what it throws is the generation's failure. */
export type StartGeneration = (onEvent: (tokens: GeneratedToken[]) => void) => Call<"generate">;

/**
 * An answer as it comes. Iterate over it for tokens and their text; leaving the loop early ends it in the worker.
 * `result` has the whole of it, also without iterating.
 */
export class Generation implements AsyncIterableIterator<GeneratedToken>, AsyncDisposable {
  /**
   * Settles at the end: with `finishReason` "cancelled" after {@link cancel} or a `break`; after an abort it rejects
   * with the signal's reason.
   */
  readonly result: Promise<GenerationResult>;
  readonly #call: Call<"generate">;
  readonly #tokens: GeneratedToken[] = [];
  #read = 0;
  #waiting: (() => void)[] = [];
  #left = false;
  #end: { error?: unknown } | undefined;

  /** @internal */
  constructor(start: StartGeneration) {
    this.#call = started(() => start((tokens) => this.#push(tokens)));
    this.result = this.#call.result.then((summary) => ({
      ...summary,
      text: this.#tokens.map(({ text }) => text).join(""),
    }));
    this.result.then(
      () => this.#finish({}),
      // Whoever iterates gets the error there; that nobody awaits `result` is then no fault.
      (error: unknown) => this.#finish({ error }),
    );
  }

  /** Ends the answer; what has been generated so far still comes. Does nothing after the end. */
  cancel(): void {
    this.#call.cancel();
  }

  async next(): Promise<IteratorResult<GeneratedToken, undefined>> {
    for (;;) {
      const value = this.#left ? undefined : this.#tokens[this.#read];
      if (value) {
        this.#read += 1;
        return { done: false, value };
      }
      if (this.#left) return { done: true, value: undefined };
      if (this.#end) {
        this.#left = true;
        if ("error" in this.#end) throw this.#end.error;
        return { done: true, value: undefined };
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  async return(): Promise<IteratorResult<GeneratedToken, undefined>> {
    this.#left = true;
    this.cancel();
    this.#wake();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Ends the answer, for `await using`, and waits until it has ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
    await this.result.catch(() => undefined);
  }

  #wake(): void {
    this.#waiting.splice(0).forEach((resolve) => resolve());
  }

  #push(tokens: GeneratedToken[]): void {
    this.#tokens.push(...tokens);
    this.#wake();
  }

  #finish(end: { error?: unknown }): void {
    this.#end = end;
    this.#wake();
  }
}

/** The call that `start` begins, or one that has failed with what it threw. */
function started(start: () => Call<"generate">): Call<"generate"> {
  try {
    return start();
  } catch (error) {
    return { result: Promise.reject(error), cancel: () => undefined };
  }
}
