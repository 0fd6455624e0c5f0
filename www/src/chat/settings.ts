// How answers are drawn, as the visitor set it.
import type { GenerateOptions } from "wgslm";
import { isRecord, stored } from "../ui/stored.ts";

export interface Sampling {
  maxTokens: number;
  temperature: number;
  topK: number;
  topP: number;
  minP: number;
  repetitionPenalty: number;
}

/**
 * The likeliest token, with a light penalty on repeating: what the smallest models answer best with. Larger ones bear a temperature.
 */
export const DEFAULTS: Sampling = { maxTokens: 512, temperature: 0, topK: 0, topP: 1, minP: 0.05, repetitionPenalty: 1.1 };

export const sampling = stored<Sampling>("sampling", DEFAULTS, (value): value is Sampling =>
  isRecord(value) && Object.keys(DEFAULTS).every((name) => Number.isFinite(value[name])),
);

/** True where answers are drawn as Markdown, false where as the text that they are. */
export const markdown = stored("markdown", true, (value): value is boolean => typeof value === "boolean");
/** True where the model may call the site's tools. */
export const useTools = stored("tools", false, (value): value is boolean => typeof value === "boolean");

/** The options of an answer; each try at the same question has a seed of its own. */
export function optionsOf(sampling: Sampling, attempt: number): GenerateOptions {
  // Another try at the likeliest tokens would be the same answer.
  const temperature = attempt > 0 ? Math.max(sampling.temperature, 0.6) : sampling.temperature;
  return { ...sampling, temperature, seed: attempt, feature: "chat" };
}
