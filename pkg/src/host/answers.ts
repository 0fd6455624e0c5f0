// Answers of the engine, one or several to a prompt.
import type { AnswerTokens, RequestParams } from "../protocol.js";
import type { GenerationOptions, GenerationStep, GenerationSummary } from "../wasm/wgslm.js";

/** An answer under way in the engine. */
export interface Answer<Step> {
  next(): Promise<Step>;
  cancel(): void;
  free(): void;
}

/** The way in which answers begin, and their steps are taken. */
export interface Answers<Step, End> {
  /** Starts the answer of this index. */
  begin(index: number): Answer<Step>;
  /** Takes a step of an answer, and returns its end if it is the last one. */
  take(index: number, step: Step): End | undefined;
}

/**
 * Runs `count` answers to one prompt to their ends. The first one reads the prompt; the others begin once it has, find it in the prefix
 * cache, and run beside it as the engine's queue has room. An error of one ends all.
 */
export async function runAnswers<Step, End>(
  count: number,
  { begin, take }: Answers<Step, End>,
  signal: AbortSignal,
): Promise<End[]> {
  const ends: End[] = [];
  const failed = new AbortController();
  const ended = AbortSignal.any([signal, failed.signal]);
  const running = new Set<Promise<void>>();
  let readPrompt!: () => void;
  const promptIsRead = new Promise<void>((resolve) => (readPrompt = resolve));

  const run = async (index: number, answer: Answer<Step>): Promise<void> => {
    const cancel = (): void => answer.cancel();
    ended.addEventListener("abort", cancel);
    if (ended.aborted) cancel();
    try {
      for (;;) {
        const end = take(index, await answer.next());
        readPrompt();
        if (end === undefined) continue;
        ends[index] = end;
        return;
      }
    } finally {
      ended.removeEventListener("abort", cancel);
      answer.free();
    }
  };
  const started = async (index: number): Promise<Answer<Step>> => {
    for (;;) {
      try {
        return begin(index);
      } catch (error) {
        // A full queue has room again once one of those that run has ended.
        if ((error as { code?: unknown }).code !== "busy" || running.size === 0) throw error;
        await Promise.race(running);
      }
    }
  };
  try {
    for (let index = 0; index < count; index += 1) {
      const answer = run(index, await started(index)).finally(() => running.delete(answer));
      running.add(answer);
      if (index === 0 && count > 1) await Promise.race([answer, promptIsRead]);
    }
    await Promise.all(running);
    return ends;
  } catch (error) {
    failed.abort();
    throw error;
  } finally {
    await Promise.allSettled(running);
  }
}

/** Takes the steps of generations: emits their tokens. */
export function tokensTaken(
  emit: (event: AnswerTokens) => void,
): (index: number, step: GenerationStep) => GenerationSummary | undefined {
  return (index, { tokens, summary }) => {
    if (tokens.length > 0) emit({ index, tokens });
    return summary;
  };
}

/** The options of a request's answers by index: each has the next seed, and all end at the same time. */
export function answerOptions({ options }: RequestParams): (index: number) => GenerationOptions {
  const begun = performance.now();
  return (index) => {
    if (index === 0) return options;
    const { seed = 0, deadlineMs } = options;
    const left = deadlineMs !== undefined && { deadlineMs: Math.max(0, deadlineMs - (performance.now() - begun)) };
    return { ...options, seed: (seed + index) % 2 ** 53, ...left };
  };
}
