// Prompts that are read when a model is loaded, so that requests which begin alike find them in the prefix cache.
import type { Prompt } from "../types.js";
import type { Model, Session } from "../wasm/wgslm.js";
import { abortable } from "./abort.js";

/** Holds on prompts, which make them the last to be evicted. */
export class Prefixes {
  readonly #held: Session[] = [];

  /** Reads prompts one after the other, in place of those before; if that fails, nothing is held. */
  async read(model: Model, prompts: readonly Prompt[], signal: AbortSignal): Promise<void> {
    this.free();
    try {
      for (const prompt of prompts) {
        const session = model.session();
        this.#held.push(session);
        session.set(untilAnswered(prompt));
        await abortable(signal, (aborted) => session.prefill(aborted));
      }
    } catch (error) {
      this.free();
      throw error;
    }
  }

  free(): void {
    for (const session of this.#held.splice(0)) session.free();
  }
}

/** Messages up to where the user's turn begins: a template would let the assistant answer at once, and some refuse to without a user. */
function untilAnswered(prompt: Prompt): Prompt {
  const isConversation = typeof prompt === "object" && !(prompt instanceof Uint32Array);
  return isConversation && prompt.at(-1)?.role !== "user" ? [...prompt, { role: "user", content: "" }] : prompt;
}
