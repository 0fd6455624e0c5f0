// The visitor's text, its passages and their embeddings.
import { signal } from "@preact/signals";
import { embedder } from "../engine/runners.ts";
import type { Failure } from "../ui/error-panel.tsx";
import { announce } from "../ui/status.tsx";
import { isText, stored } from "../ui/stored.ts";
import { passagesOf } from "./passages.ts";
import { SAMPLE } from "./sample.ts";

export interface Hit {
  passage: string;
  /** The similarity to what was asked, from -1 to 1. */
  score: number;
}

export const text = stored("library", SAMPLE, isText);
/** Passages with their embeddings, of the text as it was indexed. */
export const index = signal<{ of: string; passages: string[]; vectors: Float32Array[] } | undefined>(undefined);
/** The share of passages that have an embedding so far; undefined while none are made. */
export const indexing = signal<number | undefined>(undefined);
export const hits = signal<readonly Hit[] | undefined>(undefined);
export const failure = signal<Failure | undefined>(undefined);

/** Passages that are embedded at once: progress shows in between. */
const BATCH = 16;
const MOST_HITS = 5;

let newest = new AbortController();

/** Embeds the text's passages, unless they are there already. */
export async function makeIndex(): Promise<boolean> {
  const engine = embedder.loaded.value?.engine;
  const of = text.value;
  if (!engine) return false;
  if (index.value?.of === of) return true;
  newest.abort();
  const { signal } = (newest = new AbortController());
  failure.value = hits.value = index.value = undefined;
  indexing.value = 0;
  try {
    const passages = passagesOf(of);
    const vectors: Float32Array[] = [];
    while (vectors.length < passages.length) {
      vectors.push(...(await engine.embed(passages.slice(vectors.length, vectors.length + BATCH), { signal })));
      indexing.value = vectors.length / passages.length;
    }
    index.value = { of, passages, vectors };
    announce(`${passages.length} passages are indexed`);
    return true;
  } catch (error) {
    if (signal.aborted) return false;
    failure.value = embedder.fail(error);
    return false;
  } finally {
    if (signal === newest.signal) indexing.value = undefined;
  }
}

let asked = 0;

/** Finds the passages that are the most like a question. */
export async function search(question: string): Promise<void> {
  const turn = (asked += 1);
  if (!question.trim()) {
    hits.value = undefined;
    return;
  }
  if (!(await makeIndex())) return;
  const engine = embedder.loaded.value?.engine;
  const known = index.value;
  if (!engine || !known || turn !== asked) return;
  try {
    const wanted = await engine.embed(question);
    if (turn !== asked) return;
    const scored = known.passages.map((passage, at) => ({ passage, score: similarity(wanted, known.vectors[at]!) }));
    hits.value = scored.sort((a, b) => b.score - a.score).slice(0, MOST_HITS);
    announce(`${hits.value.length} passages found`);
  } catch (error) {
    failure.value = embedder.fail(error);
  }
}

/** The dot product of two embeddings, which have length 1. */
export function similarity(one: Float32Array, other: Float32Array): number {
  return one.reduce((sum, value, at) => sum + value * (other[at] ?? 0), 0);
}
