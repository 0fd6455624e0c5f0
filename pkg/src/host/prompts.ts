// Conversations as prompts.
import type { Prompt } from "../types.js";
import type { Conversation, Model } from "../wasm/wgslm.js";

/** A prompt as the model takes it: of a conversation, which may have tools, the tokens that its chat template makes. */
export function promptOf(model: Model, prompt: Prompt | Conversation): Prompt {
  if (typeof prompt !== "object" || !("messages" in prompt)) return prompt;
  const chat = model.chat(prompt);
  const tokens = chat.prompt;
  chat.free();
  return tokens;
}
