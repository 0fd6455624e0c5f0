// What the benchmark page does: measuring what its form or its address says, and handing on the result.
import { batch, effect, signal } from "@preact/signals";
import { Engine, WgslmError } from "wgslm";
import { failureOf, type Failure } from "../ui/error-panel.tsx";
import { megabytes } from "../ui/format.ts";
import { announce } from "../ui/status.tsx";
import type { BenchReport } from "./figures.ts";
import { type BenchOptions, bench } from "./measure.ts";

/** What the page is doing; whoever drives it reads it from the body. */
export type State = "starting" | "unavailable" | "ready" | "running" | "done" | "failed";

/** The form's fields that are numbers, by their names in the address. */
export const FIELDS = {
  pp: { label: "Prompt tokens", initial: "512" },
  tg: { label: "Generated tokens", initial: "128" },
  depth: { label: "Depths", initial: "0" },
  repeat: { label: "Repeats", initial: "5" },
} as const;
export type FieldName = keyof typeof FIELDS;

const query = new URLSearchParams(location.search);
export const state = signal<State>("starting");
export const values = signal<Record<FieldName, string>>({
  pp: query.get("pp") ?? FIELDS.pp.initial,
  tg: query.get("tg") ?? FIELDS.tg.initial,
  depth: query.get("depth") ?? FIELDS.depth.initial,
  repeat: query.get("repeat") ?? FIELDS.repeat.initial,
});
export const address = signal(query.get("model") ?? "models/smollm2-135m-instruct-q4_1.gguf");
export const file = signal<File | undefined>(undefined);
export const adapter = signal("");
export const failure = signal<Failure | undefined>(undefined);
export const report = signal<BenchReport | undefined>(undefined);
/** What is measured, and how much of everything is done, from 0 to 1. */
export const progress = signal<{ phase: string; done: number | undefined }>({ phase: "", done: undefined });

let running = new AbortController();
effect(() => void (document.body.dataset["state"] = state.value));

export function stop(): void {
  running.abort();
}

/** Counts of tokens or runs as typed, or given in the address. */
function numbers(name: FieldName, least: number): number[] {
  const text = values.value[name];
  return text.split(",").map((part) => {
    const value = Number(part);
    if (part.trim() && Number.isInteger(value) && value >= least && value < 2 ** 31) return value;
    throw new WgslmError("invalid-argument", `${name}=${text} is not usable; it should be ${least} or more`);
  });
}

function options(): Omit<BenchOptions, "source" | "file" | "signal"> {
  const one = (name: FieldName): number => numbers(name, 1)[0] ?? 1;
  const show = (phase: string, done: number | undefined): void => void (progress.value = { phase, done });
  return {
    prompt_tokens: one("pp"),
    gen_tokens: one("tg"),
    repeat: one("repeat"),
    depths: numbers("depth", 0),
    onLoad: ({ phase, loadedBytes, totalBytes }) => {
      if (phase !== "loading" || !totalBytes) return show("Getting ready", undefined);
      show(`Loading the model: ${megabytes(loadedBytes)} of ${megabytes(totalBytes)}`, loadedBytes / totalBytes);
    },
    onRun: show,
  };
}

/** Measures what the form says and shows it. */
export async function run(): Promise<BenchReport> {
  running = new AbortController();
  batch(() => {
    state.value = "running";
    failure.value = report.value = undefined;
    progress.value = { phase: "Starting the GPU", done: undefined };
  });
  announce("Measuring");
  try {
    const name = file.value?.name ?? address.value.split("/").pop() ?? "";
    const found = await bench({ ...options(), source: file.value ?? address.value, file: name, signal: running.signal });
    report.value = found;
    state.value = "done";
    announce("The benchmark is complete");
    return found;
  } catch (error) {
    state.value = "failed";
    if (running.signal.aborted) announce("The benchmark was stopped");
    else failure.value = failureOf(error);
    throw error;
  }
}

/** Where the result goes, if it is to go anywhere: only to where the page comes from. */
function postAddress(): URL | undefined {
  const wanted = query.get("post");
  if (wanted === null) return undefined;
  const url = new URL(wanted, location.href);
  if (url.origin === location.origin) return url;
  throw new WgslmError("invalid-argument", `post=${wanted} is another site; results go to this page's own only`);
}

async function post(url: URL, result: BenchReport | { error: string; code: string }): Promise<void> {
  const headers = { "content-type": "application/json" };
  const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(result) });
  if (!response.ok) {
    const message = `the server answered HTTP ${response.status} for the result`;
    throw new WgslmError("http", message, { status: response.status });
  }
}

/** Runs what the address asks for, and tells whoever started it how it went. */
async function runByItself(): Promise<void> {
  try {
    const target = postAddress();
    const result = await run().catch((error: unknown) => {
      const { code, message } = failureOf(error);
      return { error: message, code };
    });
    if (target) await post(target, result);
  } catch (error) {
    failure.value = failureOf(error);
    state.value = "failed";
  }
}

export async function start(): Promise<void> {
  if (query.has("model")) return runByItself();
  const support = await Engine.support();
  if (!support.available) {
    failure.value = failureOf(new WgslmError(support.code, support.reason));
    state.value = "unavailable";
    return;
  }
  const { name, software } = support.adapter;
  adapter.value = software ? `${name} · in software, slow` : name;
  state.value = "ready";
}
