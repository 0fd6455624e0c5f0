// The completions of the last moments, which answer what is typed along them or deleted back to.
import type { Run } from "./run.js";

/** The most completions that are kept. */
const MOST = 32;
/** The most characters of the texts that they are about, all together: a text is kept whole. */
const MOST_CHARACTERS = 4_000_000;

export class RecentRuns {
  /** The newest first. */
  #runs: Run[] = [];

  add(run: Run): void {
    let characters = 0;
    const fits = ({ prefix, suffix }: Run): boolean => (characters += prefix.length + suffix.length) <= MOST_CHARACTERS;
    this.#runs = [run, ...this.#runs].slice(0, MOST).filter((kept) => kept === run || fits(kept));
  }

  /** A run that has text for this cursor or, while it is under way, may come to it. One that was cut off in between has none. */
  find(prefix: string, suffix: string): Run | undefined {
    return this.#runs.find((run) => {
      if (run.error !== undefined || run.finishReason === "cancelled") return false;
      const typed = prefix.slice(run.prefix.length);
      const matches = run.ended
        ? run.text.startsWith(typed) && (typed === "" || typed.length < run.text.length)
        : run.text.startsWith(typed) || typed.startsWith(run.text);
      // The texts themselves are compared last, since they may be long.
      return prefix.length >= run.prefix.length && matches && suffix === run.suffix && prefix.startsWith(run.prefix);
    });
  }
}
