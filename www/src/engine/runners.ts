// The models in this page, and whether any can run at all.
import { effect, signal } from "@preact/signals";
import { Engine, type Support } from "wgslm";
import { Runner } from "./runner.ts";

/** The model that writes: chats, suggestions, JSON. */
export const writer = new Runner(["generation"]);
/** The model that embeds texts for search. */
export const embedder = new Runner(["embedding"], { slots: 8 });

/** The answer to whether models can run here; undefined until it is known. */
export const support = signal<Support | undefined>(undefined);
/** True while an answer is being written. */
export const answering = signal(false);

export async function askForSupport(): Promise<void> {
  support.value = await Engine.support();
}

/** What the page is doing, on the body: for its styles, and for whoever drives it. */
effect(() => {
  const available = support.value?.available;
  const state = answering.value && writer.state.value === "ready" ? "generating" : writer.state.value;
  document.body.dataset["state"] = available === undefined ? "starting" : available ? state : "unavailable";
});
