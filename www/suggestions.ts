import { create, element } from "./elements.js";

const QUESTIONS = ["What is the capital of Japan?", "Name three colours.", "Why is the sky blue?"];
const BEGINNINGS = ["Once upon a time", "The capital of France is", "def fibonacci(n):\n    "];

const list = element("suggestions", HTMLElement);

/** Offers prompts to start with: questions for chat, beginnings for a completion. */
export function suggest(chat: boolean, take: (prompt: string) => void): void {
  const buttons = (chat ? QUESTIONS : BEGINNINGS).map((prompt) => {
    const button = create("button", "quiet", prompt.trim());
    button.addEventListener("click", () => take(prompt));
    return button;
  });
  list.replaceChildren(...buttons);
}
