import type { GenerationResult } from "wgslm";
import { create, element } from "./elements.js";
import { count, duration, rate } from "./format.js";

const ENDINGS: Record<GenerationResult["finishReason"], string> = {
  stop: "",
  length: "reached the most tokens",
  context: "the context is full",
  cancelled: "stopped",
  deadline: "out of time",
};

/** An answer on the page, while it comes and after. */
export interface Answer {
  append(text: string): void;
  finish(result: GenerationResult): void;
  fail(message: string): void;
}

const log = element("transcript", HTMLElement);

/** Puts a prompt into the conversation, and an empty answer after it. A completion continues the prompt's own text. */
export function addTurn(prompt: string, chat: boolean): Answer {
  const turn = create("article", "turn");
  const answer = create("div", "answer");
  const text = create("div", "text");
  const given = create("span", "given", prompt);
  const generated = create("span", "generated");
  const figures = create("p", "figures");
  // Screen readers read the answer when it is complete, not every token of it.
  answer.ariaBusy = "true";
  if (chat) turn.append(create("div", "question", prompt));
  else text.append(given);
  text.append(generated);
  answer.append(text, figures);
  turn.append(answer);
  log.append(turn);
  scrollToEnd();
  return {
    append(piece) {
      following(() => generated.append(piece));
    },
    finish({ finishReason, tokens, timings }) {
      answer.ariaBusy = "false";
      answer.dataset["finishReason"] = finishReason;
      const parts = [`${count(tokens)} ${tokens === 1 ? "token" : "tokens"}`];
      if (tokens > 1) parts.push(`${rate(timings.decodeTokensPerSecond)} tokens/s`);
      if (tokens > 0) parts.push(`first token after ${duration(timings.ttftMs)}`);
      if (ENDINGS[finishReason]) parts.push(ENDINGS[finishReason]);
      following(() => (figures.textContent = parts.join(" · ")));
    },
    fail(message) {
      answer.ariaBusy = "false";
      answer.dataset["finishReason"] = "error";
      following(() => (figures.textContent = message));
    },
  };
}

export function clearTranscript(): void {
  log.replaceChildren();
}

/** Keeps the end of the page in view through a change, unless the reader has scrolled away from it. */
function following(change: () => void): void {
  const { scrollHeight, scrollTop, clientHeight } = document.documentElement;
  change();
  if (scrollHeight - scrollTop - clientHeight < 60) scrollToEnd();
}

function scrollToEnd(): void {
  document.documentElement.scrollTop = document.documentElement.scrollHeight;
}
