import type { ErrorCode } from "wgslm";

const CHOOSE = "Choose another model, or load SmolLM2.";
const RELOAD = "If it happens again, reload the page.";

/** What the visitor can do about an error, by its code; most messages say what went wrong well enough already. */
const ADVICE: Partial<Record<ErrorCode, string>> = {
  "self-check": "This GPU or its driver computes wrong results. Update the graphics driver, or try another browser.",
  http: "Check the model's address, or choose a file from this device.",
  network: "Check the connection and load the model again, or choose a file from this device.",
  integrity: "Check where the model comes from, or choose a file from this device.",
  "source-changed": "Load the model again later, or choose a file from this device.",
  "not-gguf": CHOOSE,
  "invalid-gguf": CHOOSE,
  "invalid-safetensors": CHOOSE,
  "unsupported-version": CHOOSE,
  "unsupported-architecture": CHOOSE,
  "unsupported-tensor-type": CHOOSE,
  truncated: "Download the file again, or choose another.",
  "out-of-memory": "Close other tabs that use the GPU, or choose a smaller model.",
  "prompt-too-long": "Shorten the prompt, or clear the conversation.",
  "wrong-task": "This page talks with models that generate text; the package's embed is for this one.",
  "device-lost": `Ask again: the model comes back by itself. ${RELOAD}`,
  "wasm-trap": RELOAD,
  "worker-crashed": RELOAD,
  "wasm-load": "Reload the page.",
  "worker-load": "Reload the page.",
};

export function advice(code: ErrorCode): string {
  return ADVICE[code] ?? "";
}
