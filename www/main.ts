import { type ChatMessage, Engine, type ModelSource, WgslmError } from "wgslm";
import { advice } from "./advice.js";
import { element } from "./elements.js";
import { count, megabytes, parameters } from "./format.js";
import { showLoading } from "./loading.js";
import { addTurn, clearTranscript } from "./transcript.js";

const DEFAULT_MODEL = "models/smollm2-135m-instruct-q4_1.gguf";

/** What the page is doing; CSS and the tests read it from the body. */
type State = "starting" | "unavailable" | "empty" | "loading" | "ready" | "generating";

const query = new URLSearchParams(location.search);
const error = element("error", HTMLElement);
const composer = element("composer", HTMLFormElement);
const prompt = element("prompt", HTMLTextAreaElement);
const chat = element("chat", HTMLInputElement);
const file = element("file", HTMLInputElement);
const maxTokens = element("max-tokens", HTMLInputElement);
const temperature = element("temperature", HTMLInputElement);
const seed = element("seed", HTMLInputElement);

let engine: Engine | undefined;
/** Ends the load or the answer under way. */
let running = new AbortController();
/** The conversation so far, for chat. */
let messages: ChatMessage[] = [];

function setState(state: State, announcement = ""): void {
  document.body.dataset["state"] = state;
  const loaded = state === "ready" || state === "generating";
  element("welcome", HTMLElement).hidden = loaded;
  element("choice", HTMLElement).hidden = state === "loading";
  element("loading", HTMLElement).hidden = state !== "loading";
  element("model", HTMLElement).hidden = !loaded;
  element("unload", HTMLButtonElement).disabled = state === "generating";
  composer.hidden = !loaded;
  element("send", HTMLButtonElement).hidden = state === "generating";
  element("stop", HTMLButtonElement).hidden = state !== "generating";
  element("clear", HTMLButtonElement).hidden = state !== "ready" || !element("transcript", HTMLElement).hasChildNodes();
  element("load-default", HTMLButtonElement).disabled = file.disabled = state === "starting";
  element("status", HTMLElement).textContent = announcement;
}

function showError(failure: unknown): void {
  const { code, message } = failure instanceof WgslmError ? failure : new WgslmError("internal", String(failure));
  error.hidden = false;
  error.dataset["code"] = code;
  element("error-message", HTMLElement).textContent = sentence(message);
  element("error-advice", HTMLElement).textContent = advice(code);
  error.scrollIntoView({ block: "nearest" });
}

function sentence(message: string): string {
  const start = message.charAt(0).toUpperCase() + message.slice(1);
  return /[.!?]$/.test(start) ? start : `${start}.`;
}

async function showMemory(): Promise<void> {
  const use = await engine?.memory().catch(() => undefined);
  const shown = use ? `Memory: ${megabytes(use.gpuBytes)} on the GPU, ${megabytes(use.wasmBytes)} in WebAssembly` : "";
  const memory = element("memory", HTMLElement);
  memory.textContent = shown;
  memory.dataset["wasmBytes"] = String(use?.wasmBytes ?? 0);
}

async function unload(): Promise<void> {
  const leaving = engine;
  engine = undefined;
  messages = [];
  clearTranscript();
  await leaving?.unload();
  await showMemory();
}

async function load(source: ModelSource): Promise<void> {
  running = new AbortController();
  error.hidden = true;
  setState("loading", "Loading the model");
  try {
    await unload();
    engine = await Engine.load(source, { signal: running.signal, onProgress: showLoading() });
  } catch (failure) {
    setState("empty", running.signal.aborted ? "Loading was cancelled" : "");
    if (!running.signal.aborted) showError(failure);
    return;
  }
  const { name, parameters: weights, contextLength, hasChatTemplate } = engine.info;
  element("model-name", HTMLElement).textContent = name;
  element("model-facts", HTMLElement).textContent = `${parameters(weights)} parameters · context of ${count(contextLength)}`;
  chat.checked = hasChatTemplate;
  chat.disabled = !hasChatTemplate;
  setState("ready", "The model is ready");
  void showMemory();
  prompt.focus();
}

async function generate(model: Engine): Promise<void> {
  const text = prompt.value;
  if (!text.trim()) return prompt.focus();
  const chatting = chat.checked;
  running = new AbortController();
  error.hidden = true;
  prompt.value = "";
  setState("generating");
  const answer = addTurn(text, chatting);
  if (!chatting) messages = [];
  const conversation: ChatMessage[] = [...messages, { role: "user", content: text }];
  try {
    const generation = model.generate(chatting ? conversation : text, {
      maxTokens: maxTokens.valueAsNumber,
      temperature: temperature.valueAsNumber,
      seed: seed.valueAsNumber,
    });
    running.signal.addEventListener("abort", () => generation.cancel());
    for await (const piece of generation) answer.append(piece.text);
    const result = await generation.result;
    answer.finish(result);
    if (chatting) messages = [...conversation, { role: "assistant", content: result.text }];
    setState("ready", "The answer is complete");
  } catch (failure) {
    answer.fail("No answer");
    showError(failure);
    // The prompt is worth another try.
    prompt.value = text;
    setState(isFatal(failure) ? "empty" : "ready");
    if (isFatal(failure)) await unload();
  }
  void showMemory();
}

/** Whether the engine is gone with the error. */
function isFatal(failure: unknown): boolean {
  return failure instanceof WgslmError && ["wasm-trap", "worker-crashed", "device-lost", "unloaded"].includes(failure.code);
}

async function start(): Promise<void> {
  const support = await Engine.support();
  const adapter = element("adapter", HTMLElement);
  if (!support.available) {
    adapter.textContent = "No usable GPU";
    setState("unavailable");
    return showError(new WgslmError(support.code, support.reason));
  }
  const { name, vendor, architecture, software } = support.adapter;
  const title = name || [vendor, architecture].filter(Boolean).join(" ") || "WebGPU adapter";
  adapter.textContent = software ? `${title}, in software: expect a few tokens per second` : title;
  setState("empty");
  if (query.has("autoload")) await load(query.get("model") ?? DEFAULT_MODEL);
}

element("load-default", HTMLButtonElement).addEventListener("click", () => void load(query.get("model") ?? DEFAULT_MODEL));
element("cancel", HTMLButtonElement).addEventListener("click", () => running.abort());
element("stop", HTMLButtonElement).addEventListener("click", () => running.abort());
element("unload", HTMLButtonElement).addEventListener("click", () => void unload().then(() => setState("empty")));
element("clear", HTMLButtonElement).addEventListener("click", () => {
  messages = [];
  clearTranscript();
  setState("ready", "The conversation is cleared");
  prompt.focus();
});
file.addEventListener("change", () => {
  const chosen = file.files?.[0];
  // So that choosing the same file again counts as a change.
  file.value = "";
  if (chosen) void load(chosen);
});
composer.addEventListener("submit", (event) => {
  event.preventDefault();
  if (engine && document.body.dataset["state"] === "ready") void generate(engine);
});
prompt.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
  event.preventDefault();
  composer.requestSubmit();
});

addEventListener("dragover", (event) => {
  event.preventDefault();
  document.body.classList.add("dragging");
});
addEventListener("dragleave", (event) => {
  if (event.relatedTarget === null) document.body.classList.remove("dragging");
});
addEventListener("drop", (event) => {
  event.preventDefault();
  document.body.classList.remove("dragging");
  const dropped = event.dataTransfer?.files[0];
  const state = document.body.dataset["state"];
  if (dropped && (state === "empty" || state === "ready")) void load(dropped);
});

prompt.value = query.get("prompt") ?? "";
element("hint", HTMLElement).textContent = `${navigator.platform.startsWith("Mac") ? "⌘" : "Ctrl"} Enter to send`;
void start();
