import { WgslmError } from "./errors.js";

/** Runs tasks one after the other, in the order they came. */
export class Queue {
  #last: Promise<unknown> = Promise.resolve();
  #length = 0;
  readonly #capacity: number;

  /** `capacity` is how many tasks may be unfinished at once; more are refused. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  run<T>(task: () => T | Promise<T>): Promise<T> {
    if (this.#length >= this.#capacity) {
      throw new WgslmError("queue-full", `${this.#capacity} calls are waiting already; await some before making more`);
    }
    this.#length += 1;
    const run = this.#last.then(task).finally(() => (this.#length -= 1));
    this.#last = run.catch(() => undefined);
    return run;
  }

  /** Settles when every task given so far has ended. */
  async idle(): Promise<void> {
    await this.#last;
  }
}
