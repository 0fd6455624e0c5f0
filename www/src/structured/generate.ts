// An answer by a rule, as it comes.
import { signal } from "@preact/signals";
import { WgslmError } from "wgslm";
import { writer } from "../engine/runners.ts";
import { recordAnswer } from "../metrics/history.ts";
import { type Failure, failureOf } from "../ui/error-panel.tsx";
import { count, rate } from "../ui/format.ts";
import { announce } from "../ui/status.tsx";
import { grammarOf, type Kind } from "./presets.ts";

export const result = signal({ text: "", ending: "", figures: "" });
export const running = signal(false);
export const failure = signal<Failure | undefined>(undefined);

let stopping: (() => void) | undefined;

export function stop(): void {
  stopping?.();
}

export async function generate(kind: Kind, rule: string, prompt: string): Promise<void> {
  const engine = writer.loaded.value?.engine;
  if (!engine || running.value) return;
  failure.value = undefined;
  result.value = { text: "", ending: "", figures: "" };
  running.value = true;
  try {
    const generation = engine.generate(engine.info.hasChatTemplate ? [{ role: "user", content: prompt }] : prompt, {
      grammar: grammarOf(kind, rule),
      maxTokens: 300,
      feature: "structured",
    });
    stopping = () => generation.cancel();
    for await (const { text } of generation) result.value = { ...result.value, text: result.value.text + text };
    const { tokens, timings, finishReason, ...rest } = await generation.result;
    recordAnswer({ tokens, timings, ...rest });
    result.value = { ...result.value, ending: finishReason, figures: `${count(tokens)} tokens · ${rate(timings.decodeTokensPerSecond)} tokens/s` };
    announce(finishReason === "stop" ? "The answer is complete" : "The answer was cut off");
  } catch (error) {
    failure.value = error instanceof SyntaxError ? failureOf(new WgslmError("invalid-grammar", notJson(error))) : writer.fail(error);
  }
  stopping = undefined;
  running.value = false;
}


function notJson({ message }: SyntaxError): string {
  return `the schema is no JSON (${message}); check its commas, quotes and braces`;
}
