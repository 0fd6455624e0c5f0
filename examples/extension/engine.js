// The offscreen page: has the engine, and answers the questions that come to it.
import { Engine } from "./wgslm/index.js";

const model =
  new URLSearchParams(location.search).get("model") ??
  "hf:bartowski/SmolLM2-135M-Instruct-GGUF/SmolLM2-135M-Instruct-Q4_K_M.gguf";

let engine;

/** The engine, which is loaded at the first question, and again where that failed. */
function loaded(onProgress) {
  engine ??= Engine.load(model, { onProgress }).catch((error) => {
    engine = undefined;
    throw error;
  });
  return engine;
}

chrome.runtime.onConnect.addListener((port) => {
  const closed = new AbortController();
  port.onDisconnect.addListener(() => closed.abort());
  port.onMessage.addListener(async ({ question }) => {
    try {
      const engine = await loaded(({ phase, loadedBytes }) => closed.signal.aborted || port.postMessage({ progress: `${phase}: ${loadedBytes} bytes` }));
      const answer = engine.generate([{ role: "user", content: question }], { maxTokens: 32, signal: closed.signal });
      for await (const { text } of answer) port.postMessage({ text });
      port.postMessage({ done: true });
    } catch (error) {
      if (!closed.signal.aborted) port.postMessage({ error: `${error.code}: ${error.message}`, done: true });
    }
  });
});
