// Suggestions for a text that is being typed.
import { Anchor } from "./autocomplete/anchor.js";
import { type AutocompleteCounters, countWork, noCounts } from "./autocomplete/counters.js";
import { type AutocompleteOptions, type Settings, type SuggestRequest, checkRequest, settingsOf } from "./autocomplete/options.js";
import { hasArrived, lengthWithoutOverlap } from "./autocomplete/overlap.js";
import { RecentRuns } from "./autocomplete/recent.js";
import { Run, type RunCall } from "./autocomplete/run.js";
import { Suggestion, type SuggestionResult } from "./autocomplete/suggestion.js";
import { WgslmError } from "./errors.js";
import type { CompletionPiece, CompletionRequest } from "./protocol.js";

/** The time between two tokens, in ms, from which on none is computed ahead: a request that takes another one's place would wait for those. */
const SLOW = 20;

/** Starts a completion in the engine. */
export type Complete = (request: CompletionRequest, take: (piece: CompletionPiece) => void) => RunCall;

/**
 * Suggests how a text that is being typed goes on. What is typed along a suggestion is answered from it, a typed character costs the GPU a row or two, and
 * only the newest request is alive.
 */
export class Autocomplete implements Disposable {
  readonly #complete: Complete;
  readonly #contextLength: number;
  readonly #settings: Settings;
  readonly #anchor: Anchor;
  readonly #recent = new RecentRuns();
  readonly #counters = noCounts();
  /** The run that the GPU works on. */
  #running: Run | undefined;
  /** Ends the newest suggestion. */
  #newest: AbortController | undefined;
  #closed = false;
  /** The time between two tokens of the last run, in ms. */
  #pace: number | undefined;

  /** @internal */
  constructor(complete: Complete, contextLength: number, options: AutocompleteOptions = {}) {
    this.#complete = complete;
    this.#contextLength = contextLength;
    this.#settings = settingsOf(options, contextLength);
    this.#anchor = new Anchor(this.#settings.context);
  }

  /** Suggests what may come between the two texts. A suggestion that was asked for before ends with an `AbortError`. */
  suggest(request: SuggestRequest): Suggestion {
    return new Suggestion((push) => {
      const { prefix, suffix = "", signal } = checkRequest(request);
      if (this.#closed) throw new WgslmError("unloaded", "the autocomplete was closed; make another");
      signal?.throwIfAborted();
      this.#newest?.abort(new DOMException("a newer request took this one's place", "AbortError"));
      const ended = (this.#newest = new AbortController());
      this.#counters.requests += 1;
      const abort = (): void => {
        ended.abort(signal?.reason);
        this.#abandon(ended);
      };
      signal?.addEventListener("abort", abort);
      let text = "";
      const show = (piece: string): void => {
        if (text === "") this.#counters.shown += 1;
        text += piece;
        push([piece]);
      };
      const cancelled = new AbortController();
      let settled = false;
      const result = Promise.race([
        this.#answer([prefix, suffix], show, AbortSignal.any([ended.signal, cancelled.signal])),
        new Promise<never>((_, reject) => ended.signal.addEventListener("abort", () => reject(ended.signal.reason))),
        new Promise<SuggestionResult>((resolve) =>
          cancelled.signal.addEventListener("abort", () => resolve({ text, reused: false, finishReason: "cancelled" })),
        ),
      ]).finally(() => {
        settled = true;
        signal?.removeEventListener("abort", abort);
      });
      ended.signal.addEventListener("abort", () => (this.#counters.aborted += settled ? 0 : 1));
      const cancel = (): void => {
        cancelled.abort();
        this.#abandon(ended);
      };
      return { result, cancel };
    });
  }

  /** Counts text of a suggestion that was accepted. */
  accepted(text: string): void {
    if (text === "") return;
    this.#counters.accepted += 1;
    this.#counters.acceptedCharacters += text.length;
  }

  /** The counts so far. */
  get counters(): AutocompleteCounters {
    return { ...this.#counters };
  }

  /** Ends the suggestion under way. Later requests fail with the code `unloaded`. */
  close(): void {
    this.#closed = true;
    this.#newest?.abort(new DOMException("the autocomplete was closed", "AbortError"));
    this.#running?.stop("cancelled");
  }

  /** Closes it at the end of a block with `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Frees the GPU of the run that only the suggestion of `ended` has, unless the same task asks for what it is about to give. */
  #abandon(ended: AbortController): void {
    const run = this.#running;
    setTimeout(() => {
      if (this.#newest === ended && this.#running === run) run?.stop("cancelled");
    });
  }

  async #answer(
    [prefix, suffix]: readonly [string, string],
    show: (piece: string) => void,
    ended: AbortSignal,
  ): Promise<SuggestionResult> {
    if (prefix.trim().length < this.#settings.minChars) {
      this.#follow(undefined);
      return { text: "", reused: false, finishReason: "stop" };
    }
    let run = this.#recent.find(prefix, suffix);
    let found = run;
    this.#follow(run);
    if (found) this.#counters.withoutGpu += 1;
    for (let text = ""; ; ) {
      if (!run || !leadsTo(run, prefix)) {
        if (this.#settings.debounceMs > 0) await delay(this.#settings.debounceMs, ended);
        run = this.#start(prefix, suffix);
        // What was typed ahead of a suggestion turned out not to be its text.
        if (found) this.#counters.withoutGpu -= 1;
        found = undefined;
      }
      if (run.error !== undefined) throw run.error;
      const typed = prefix.length - run.prefix.length;
      const whole = run.text.slice(typed, Math.max(typed, run.shown));
      const next = whole.slice(0, lengthWithoutOverlap(whole, suffix));
      if (next.length > text.length) show(next.slice(text.length));
      text = next;
      if (hasArrived(whole, suffix)) run.stop("stop");
      const { finishReason, probability } = run;
      if (finishReason !== undefined) {
        if (!found && run.shown === 0 && run.text !== "") this.#counters.belowAcceptance += 1;
        return { text, reused: found !== undefined, finishReason, ...(probability !== undefined && { probability }) };
      }
      await run.changed();
      ended.throwIfAborted();
    }
  }

  /** Ends the run under way unless it is the one that is followed now. */
  #follow(run: Run | undefined): void {
    this.#pace = this.#running?.pace ?? this.#pace;
    if (this.#running !== run) this.#running?.stop("cancelled");
    this.#running = run;
  }

  #start(prefix: string, suffix: string): Run {
    this.#follow(undefined);
    const { maxTokens, acceptance, fim, context, stopAtLine } = this.#settings;
    const isSlow = this.#pace !== undefined && this.#pace > SLOW;
    const request: CompletionRequest = {
      ...this.#anchor.place(prefix, suffix),
      context,
      fim,
      most: this.#contextLength - maxTokens,
      // One request at a time is alive, so there is nothing to share.
      options: { maxTokens, feature: "autocomplete", coalesce: false, ...(acceptance > 0 && { logprobs: 0 }), ...(isSlow && { tokensInFlight: 1 }) },
    };
    const run = new Run([prefix, suffix], { stopAtLine, acceptance }, (take) => this.#complete(request, take));
    this.#follow(run);
    this.#recent.add(run);
    void run.summary.then((summary) => countWork(this.#counters, summary));
    return run;
  }
}

/** True while a run has, or may come to, text at the end of `prefix`, with which its text is known to begin. */
function leadsTo(run: Run, prefix: string): boolean {
  if (run.error !== undefined) return true;
  if (run.finishReason === "cancelled") return false;
  const typed = prefix.slice(run.prefix.length);
  if (run.ended) return typed === "" || (run.text.startsWith(typed) && run.text.length > typed.length);
  return run.text.startsWith(typed) || typed.startsWith(run.text);
}

/** Settles after `ms`, and rejects as soon as `signal` aborts. */
function delay(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}
