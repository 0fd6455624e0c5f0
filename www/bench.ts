// The benchmark page: by hand, or with `?model=...` by itself, for a server that takes the result.
import { Engine, WgslmError } from "wgslm";
import { advice } from "./advice.js";
import type { BenchReport } from "./bench-figures.js";
import { type BenchOptions, bench } from "./bench-measure.js";
import { showResults } from "./bench-results.js";
import { element } from "./elements.js";
import { megabytes } from "./format.js";

/** What the page is doing; CSS and the tests read it from the body. */
type State = "starting" | "unavailable" | "ready" | "running" | "done" | "failed";

const query = new URLSearchParams(location.search);
const form = element("sizes", HTMLFormElement);
const address = element("address", HTMLInputElement);
const file = element("file", HTMLInputElement);
const fields = {
  pp: element("pp", HTMLInputElement),
  tg: element("tg", HTMLInputElement),
  depth: element("depth", HTMLInputElement),
  repeat: element("repeat", HTMLInputElement),
};
const bar = element("progress", HTMLProgressElement);
let running = new AbortController();

function setState(state: State, announcement = ""): void {
  document.body.dataset["state"] = state;
  const busy = state === "running";
  element("fields", HTMLFieldSetElement).disabled = busy || state === "starting" || state === "unavailable";
  element("run", HTMLButtonElement).hidden = busy;
  element("stop", HTMLButtonElement).hidden = !busy;
  element("running", HTMLElement).hidden = !busy;
  if (busy) {
    element("error", HTMLElement).hidden = true;
    element("results", HTMLElement).hidden = true;
    element("stop", HTMLButtonElement).focus();
  }
  element("status", HTMLElement).textContent = announcement;
}

function asWgslmError(failure: unknown): WgslmError {
  return failure instanceof WgslmError ? failure : new WgslmError("internal", String(failure));
}

function showError(failure: unknown): void {
  const { code, message } = asWgslmError(failure);
  const box = element("error", HTMLElement);
  box.hidden = false;
  box.dataset["code"] = code;
  element("error-message", HTMLElement).textContent = message.charAt(0).toUpperCase() + message.slice(1);
  element("error-advice", HTMLElement).textContent = advice(code);
}

function showProgress(phase: string, done: number | undefined): void {
  element("phase", HTMLElement).textContent = phase;
  if (done === undefined) bar.removeAttribute("value");
  else bar.value = done;
}

/** Counts of tokens or runs as typed, or given in the address. */
function numbers(name: string, text: string, least: number): number[] {
  return text.split(",").map((part) => {
    const value = Number(part);
    if (part.trim() && Number.isInteger(value) && value >= least && value < 2 ** 31) return value;
    throw new WgslmError("invalid-argument", `${name}=${text} is not usable; it should be ${least} or more`);
  });
}

function options(): Omit<BenchOptions, "source" | "file" | "signal"> {
  const one = (name: "pp" | "tg" | "repeat"): number => numbers(name, fields[name].value, 1)[0] ?? 1;
  return {
    prompt_tokens: one("pp"),
    gen_tokens: one("tg"),
    repeat: one("repeat"),
    depths: numbers("depth", fields.depth.value, 0),
    onLoad: ({ phase, loadedBytes, totalBytes }) => {
      const loading = phase === "loading" && totalBytes;
      showProgress(
        loading ? `Loading the model: ${megabytes(loadedBytes)} of ${megabytes(totalBytes)}` : "Getting ready",
        loading ? loadedBytes / totalBytes : undefined,
      );
    },
    onRun: showProgress,
  };
}

/** Measures what the form says and shows it. */
async function run(): Promise<BenchReport> {
  running = new AbortController();
  setState("running", "Measuring");
  showProgress("Starting the GPU", undefined);
  try {
    const chosen = file.files?.[0];
    const name = chosen?.name ?? address.value.split("/").pop() ?? "";
    const source = chosen ?? address.value;
    const report = await bench({ ...options(), source, file: name, signal: running.signal });
    showResults(report);
    setState("done", "The benchmark is complete");
    return report;
  } catch (failure) {
    setState("failed", running.signal.aborted ? "The benchmark was stopped" : "");
    if (!running.signal.aborted) showError(failure);
    throw failure;
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
    const result = await run().catch((failure: unknown) => {
      const { code, message } = asWgslmError(failure);
      return { error: message, code };
    });
    if (target) await post(target, result);
  } catch (failure) {
    setState("failed");
    showError(failure);
  }
}

async function start(): Promise<void> {
  for (const [name, field] of Object.entries(fields)) field.value = query.get(name) ?? field.value;
  const model = query.get("model");
  if (model !== null) {
    address.value = model;
    return runByItself();
  }
  const support = await Engine.support();
  if (!support.available) {
    setState("unavailable");
    return showError(new WgslmError(support.code, support.reason));
  }
  element("adapter", HTMLElement).textContent = support.adapter.software
    ? `${support.adapter.name} · in software, slow`
    : support.adapter.name;
  setState("ready");
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  // The page shows what went wrong already.
  void run().catch(() => undefined);
});
element("stop", HTMLButtonElement).addEventListener("click", () => running.abort());
element("copy", HTMLButtonElement).addEventListener("click", () => {
  void navigator.clipboard.writeText(element("json", HTMLElement).textContent).then(
    () => (element("status", HTMLElement).textContent = "Copied"),
    () => (element("status", HTMLElement).textContent = "The browser did not allow copying"),
  );
});
address.addEventListener("input", () => (file.value = ""));
void start();
