// Answers as they come.

/** A call that answers with a stream: its end, and a way to bring it about. */
export interface StreamingCall<Result> {
  result: Promise<Result>;
  /** Asks for the end; `result` still settles. */
  cancel(): void;
}

/** Starts the call of a stream, which gives its events to `push`; what it throws is the stream's failure. */
export type StartStream<Event, Result> = (push: (events: readonly Event[]) => void) => StreamingCall<Result>;

/**
 * An answer as it comes. Iterate over it for its events; leaving the loop early ends it in the worker. `result` has the whole of it,
 * also without iterating.
 */
export class AnswerStream<Event, Result> implements AsyncIterableIterator<Event>, AsyncDisposable {
  /**
   * Settles at the end: with `finishReason` "cancelled" after {@link cancel} or a `break`; after an abort it rejects
   * with the signal's reason.
   */
  readonly result: Promise<Result>;
  readonly #call: StreamingCall<Result>;
  readonly #events: Event[] = [];
  #waiting: (() => void)[] = [];
  #left = false;
  #end: { error?: unknown } | undefined;

  /** @internal */
  constructor(start: StartStream<Event, Result>) {
    this.#call = started(() => start((events) => this.#push(events)));
    this.result = this.#call.result;
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

  /** The next event, once it is there. */
  async next(): Promise<IteratorResult<Event, undefined>> {
    for (;;) {
      if (this.#left) return { done: true, value: undefined };
      if (this.#events.length > 0) return { done: false, value: this.#events.shift()! };
      if (this.#end) {
        this.#left = true;
        if ("error" in this.#end) throw this.#end.error;
        return { done: true, value: undefined };
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** Ends the answer, as leaving a loop does. */
  async return(): Promise<IteratorResult<Event, undefined>> {
    this.#left = true;
    this.cancel();
    this.#wake();
    return { done: true, value: undefined };
  }

  /** The events, for `for await`. */
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

  #push(events: readonly Event[]): void {
    // Nobody reads them once the loop was left.
    if (this.#left) return;
    this.#events.push(...events);
    this.#wake();
  }

  #finish(end: { error?: unknown }): void {
    this.#end = end;
    this.#wake();
  }
}

/** The call that `start` begins, or one that has failed with what it threw. */
function started<Result>(start: () => StreamingCall<Result>): StreamingCall<Result> {
  try {
    return start();
  } catch (error) {
    return { result: Promise.reject(error), cancel: () => undefined };
  }
}
