import { type ChatMessage, Engine, WgslmError } from "wgslm";
import { advice } from "./advice.js";
import { atAddress, type Chosen, inDrop, inFiles } from "./chosen.js";
import { element } from "./elements.js";
import { count, megabytes, parameters } from "./format.js";
import { showLoading } from "./loading.js";
import { suggest } from "./suggestions.js";
import { addTurn, clearTranscript } from "./transcript.js";

const OWN_MODEL = "models/smollm2-135m-instruct-q4_1.gguf";

/** What the page is doing; CSS and the tests read it from the body. */
type State = "starting" | "unavailable" | "empty" | "loading" | "ready" | "generating";

const query = new URLSearchParams(location.search);
const address = query.get("model");
const offeredName = element("offered-name", HTMLElement);
/** The model that the page's button loads: that of its address, or its own. */
const offered: Chosen = address ? atAddress(address) : { source: OWN_MODEL, name: offeredName.textContent };
const error = element("error", HTMLElement);
const composer = element("composer", HTMLFormElement);
const prompt = element("prompt", HTMLTextAreaElement);
const chat = element("chat", HTMLInputElement);
const inputs = [element("file", HTMLInputElement), element("folder", HTMLInputElement)];
const maxTokens = element("max-tokens", HTMLInputElement);
const temperature = element("temperature", HTMLInputElement);
const topK = element("top-k", HTMLInputElement);
const topP = element("top-p", HTMLInputElement);
const minP = element("min-p", HTMLInputElement);
const options = element("options", HTMLDetailsElement);
const seed = element("seed", HTMLInputElement);

let engine: Engine | undefined;
/** Ends the load or the answer under way. */
let running = new AbortController();
/** The conversation so far, for chat. */
let messages: ChatMessage[] = [];

/** Where the focus goes when a change of state hides what had it. */
const FOCUS: Partial<Record<State, string>> = {
  empty: "load-default",
  loading: "cancel",
  ready: "send",
  generating: "stop",
};

function setState(state: State, announcement = ""): void {
  const focused = document.activeElement;
  document.body.dataset["state"] = state;
  const loaded = state === "ready" || state === "generating";
  element("welcome", HTMLElement).hidden = loaded;
  element("choice", HTMLElement).hidden = state === "loading" || state === "unavailable";
  element("loading", HTMLElement).hidden = state !== "loading";
  element("model", HTMLElement).hidden = !loaded;
  element("unload", HTMLButtonElement).disabled = state === "generating";
  composer.hidden = !loaded;
  element("send", HTMLButtonElement).hidden = state === "generating";
  element("stop", HTMLButtonElement).hidden = state !== "generating";
  const begun = element("transcript", HTMLElement).hasChildNodes();
  element("clear", HTMLButtonElement).hidden = state !== "ready" || !begun;
  element("suggestions", HTMLElement).hidden = state !== "ready" || begun;
  for (const input of [element("load-default", HTMLButtonElement), ...inputs]) input.disabled = state === "starting";
  element("status", HTMLElement).textContent = announcement;
  const next = FOCUS[state];
  if (next && focused && !focused.checkVisibility()) element(next, HTMLButtonElement).focus();
}

function showError(failure: unknown): void {
  const { code, message } = failure instanceof WgslmError ? failure : new WgslmError("internal", String(failure));
  // Messages say what happened, and after the semicolon what to do next.
  const [happened = message, ...next] = message.split("; ");
  error.hidden = false;
  error.dataset["code"] = code;
  element("error-message", HTMLElement).textContent = sentence(happened);
  element("error-advice", HTMLElement).textContent = [...next.map(sentence), advice(code)].join(" ").trim();
  error.scrollIntoView({ block: "nearest" });
}

function sentence(message: string): string {
  const start = message.charAt(0).toUpperCase() + message.slice(1);
  return /[.!?]$/.test(start) ? start : `${start}.`;
}

async function showMemory(): Promise<void> {
  const use = await engine?.memory().catch(() => undefined);
  const shown = use ? `Memory: ${megabytes(use.gpuBytes)} GPU, ${megabytes(use.wasmBytes)} WebAssembly` : "";
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

async function load({ source, name }: Chosen): Promise<void> {
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
  const { name: ownName, parameters: weights, contextLength, hasChatTemplate } = engine.info;
  // Names in metadata are often those of a training run.
  element("model-name", HTMLElement).textContent = name || ownName || "A model";
  element("model-facts", HTMLElement).textContent =
    `${parameters(weights)} · context of ${count(contextLength)}`;
  chat.checked = hasChatTemplate;
  chat.disabled = !hasChatTemplate;
  showMode();
  setState("ready", "The model is ready");
  void showMemory();
  prompt.focus();
}

async function loadDropped(data: DataTransfer): Promise<void> {
  const dropped = await inDrop(data).catch(() => undefined);
  const state = document.body.dataset["state"];
  if (dropped && (state === "empty" || state === "ready")) await load(dropped);
}

/** Adapts the prompt to what it is for. */
function showMode(): void {
  prompt.placeholder = chat.checked ? "Ask something" : "Begin a text";
  suggest(chat.checked, (text) => {
    prompt.value = text;
    composer.requestSubmit();
  });
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
      topK: topK.valueAsNumber,
      topP: topP.valueAsNumber,
      minP: minP.valueAsNumber,
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
  return (
    failure instanceof WgslmError && ["wasm-trap", "worker-crashed", "unloaded"].includes(failure.code)
  );
}

async function start(): Promise<void> {
  offeredName.textContent = offered.name;
  element("offered-facts", HTMLElement).hidden = address !== null;
  const support = await Engine.support();
  const adapter = element("adapter", HTMLElement);
  if (!support.available) {
    adapter.textContent = "No usable GPU";
    setState("unavailable");
    return showError(new WgslmError(support.code, support.reason));
  }
  const { name, software } = support.adapter;
  adapter.textContent = `${name || "WebGPU adapter"}${software ? " · in software, slow" : ""}`;
  setState("empty");
  if (query.has("autoload")) await load(offered);
}

element("load-default", HTMLButtonElement).addEventListener("click", () => void load(offered));
element("cancel", HTMLButtonElement).addEventListener("click", () => running.abort());
element("stop", HTMLButtonElement).addEventListener("click", () => running.abort());
element("unload", HTMLButtonElement).addEventListener("click", () => void unload().then(() => setState("empty")));
element("clear", HTMLButtonElement).addEventListener("click", () => {
  messages = [];
  clearTranscript();
  setState("ready", "The conversation is cleared");
  prompt.focus();
});
chat.addEventListener("change", showMode);
for (const input of inputs) {
  input.addEventListener("change", () => {
    const chosen = inFiles([...(input.files ?? [])]);
    // So that choosing the same files again counts as a change.
    input.value = "";
    if (chosen) void load(chosen);
  });
}
composer.addEventListener("submit", (event) => {
  event.preventDefault();
  if (engine && document.body.dataset["state"] === "ready") void generate(engine);
});
prompt.addEventListener("keydown", (event) => {
  // Enter also ends the composition of a word; Safari tells of that by the key code alone.
  if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
  event.preventDefault();
  composer.requestSubmit();
});

addEventListener("keydown", ({ key, isComposing }) => {
  if (key !== "Escape" || isComposing || !options.open) return;
  const hadFocus = options.contains(document.activeElement);
  options.open = false;
  if (hadFocus) options.querySelector("summary")?.focus();
});
addEventListener("click", ({ target }) => {
  if (!(target instanceof Node && options.contains(target))) options.open = false;
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
  if (event.dataTransfer) void loadDropped(event.dataTransfer);
});

prompt.value = query.get("prompt") ?? "";
void start();
