// Losses of the GPU in a row, between which longer and longer pauses are made, so that a driver that crashes isn't asked in a loop.

/** The pause after the second loss in a row, in ms; each one after it is twice as long. */
const FIRST_PAUSE = 1000;
/** The longest pause, in ms. */
const LONGEST_PAUSE = 60_000;

/** Counts losses, until a request has been answered again. */
export class Losses {
  readonly #now: () => number;
  #inRow = 0;
  #lastAt = 0;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Counts a loss, or an attempt to recover from one that failed. */
  add(): void {
    this.#inRow += 1;
    this.#lastAt = this.#now();
  }

  /** Forgets them: the GPU has answered a request. */
  reset(): void {
    this.#inRow = 0;
  }

  /** The number of losses in a row. */
  get inRow(): number {
    return this.#inRow;
  }

  /** The time until the next attempt, in ms: none after the first loss. */
  get pauseMs(): number {
    if (this.#inRow < 2) return 0;
    const pause = Math.min(FIRST_PAUSE * 2 ** (this.#inRow - 2), LONGEST_PAUSE);
    return Math.max(0, Math.ceil(this.#lastAt + pause - this.#now()));
  }
}
