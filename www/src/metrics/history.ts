// The answers of this visit, for the plots of the metrics page.
import { signal } from "@preact/signals";
import type { Timeline, Timings } from "wgslm";

/** The times of an answer, in ms. */
export interface AnswerTimes {
  ttftMs: number;
  interTokenMs: number | undefined;
  tokensPerSecond: number;
  /** Its phases, in the order in which they follow each other. */
  phases: { queue: number; prefill: number; decode: number; detokenise: number };
}

/** The most answers that plots show. */
const MOST = 60;

export const history = signal<readonly AnswerTimes[]>([]);

export function recordAnswer({ timings, timeline, tokens }: { timings: Timings; timeline: Timeline; tokens: number }): void {
  if (tokens === 0) return;
  const { queueMs = 0, batchingWindowMs = 0, prefillMs = 0, decodeMs = 0, detokeniseMs, meanInterTokenMs } = timeline;
  const times: AnswerTimes = {
    ttftMs: timings.ttftMs,
    interTokenMs: meanInterTokenMs,
    tokensPerSecond: timings.decodeTokensPerSecond,
    phases: { queue: queueMs + batchingWindowMs, prefill: prefillMs, decode: Math.max(decodeMs - detokeniseMs, 0), detokenise: detokeniseMs },
  };
  history.value = [...history.value, times].slice(-MOST);
}
