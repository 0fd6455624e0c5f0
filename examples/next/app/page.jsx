"use client";

import { useRef, useState } from "react";
import { Engine } from "wgslm";

const MODEL = "hf:bartowski/SmolLM2-135M-Instruct-GGUF/SmolLM2-135M-Instruct-Q4_K_M.gguf";

export default function Page() {
  const engine = useRef(null);
  const [answer, setAnswer] = useState("");
  const [done, setDone] = useState(false);

  async function ask(event) {
    event.preventDefault();
    const question = new FormData(event.currentTarget).get("question");
    setDone(false);
    try {
      // `?model=` in the page's address names another one.
      const model = new URLSearchParams(location.search).get("model") ?? MODEL;
      // A promise, so that a second click while the model loads doesn't load it again.
      engine.current ??= Engine.load(model, {
        onProgress: ({ phase, loadedBytes }) => setAnswer(`${phase}: ${loadedBytes} bytes`),
      });
      const generation = (await engine.current).generate([{ role: "user", content: question }], { maxTokens: 32 });
      let text = "";
      setAnswer(text);
      for await (const piece of generation) setAnswer((text += piece.text));
    } catch (error) {
      engine.current = null;
      setAnswer(`${error.code}: ${error.message}`);
    }
    setDone(true);
  }

  return (
    <main>
      <form onSubmit={ask}>
        <label>
          Ask: <input name="question" defaultValue="What is the capital of Japan?" size={40} />
        </label>
        <button>Send</button>
      </form>
      <output data-done={done ? "" : undefined} style={{ whiteSpace: "pre-wrap" }}>
        {answer}
      </output>
    </main>
  );
}
