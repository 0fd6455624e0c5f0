import { Engine } from "wgslm";

// `?model=` in the page's address names another one.
const model =
  new URLSearchParams(location.search).get("model") ??
  "hf:bartowski/SmolLM2-135M-Instruct-GGUF/SmolLM2-135M-Instruct-Q4_K_M.gguf";

const form = document.querySelector("form");
const output = document.querySelector("output");
let engine;

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const question = new FormData(form).get("question");
  output.removeAttribute("data-done");
  try {
    engine ??= await Engine.load(model, {
      onProgress: ({ phase, loadedBytes }) => (output.textContent = `${phase}: ${loadedBytes} bytes`),
    });
    output.textContent = "";
    const answer = engine.generate([{ role: "user", content: question }], { maxTokens: 32 });
    for await (const { text } of answer) output.textContent += text;
  } catch (error) {
    output.textContent = `${error.code}: ${error.message}`;
  }
  output.dataset.done = "";
});
