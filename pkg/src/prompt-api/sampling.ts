// The sampling parameters of sessions.
import type { GenerateOptions } from "../types.js";
import type { LanguageModelCreateCoreOptions, LanguageModelParams, LanguageModelSamplingMode } from "./types.js";

/** The parameters of a session. */
export interface Sampling {
  readonly topK: number;
  readonly temperature: number;
  readonly mode: LanguageModelSamplingMode | null;
}

const MODES: Record<LanguageModelSamplingMode, { topK: number; temperature: number }> = {
  "most-predictable": { topK: 1, temperature: 0 },
  predictable: { topK: 20, temperature: 0.4 },
  balanced: { topK: 40, temperature: 0.7 },
  creative: { topK: 60, temperature: 1 },
  "most-creative": { topK: 100, temperature: 1.3 },
};
const DEFAULT = MODES.balanced;

/** The ranges of the parameters. */
export const PARAMS: LanguageModelParams = {
  defaultTopK: DEFAULT.topK,
  maxTopK: 1000,
  defaultTemperature: DEFAULT.temperature,
  maxTemperature: 2,
};

/** The parameters that options ask for; what is beyond the largest becomes that, as in the browser. */
export function samplingOf({ topK, temperature, samplingMode }: LanguageModelCreateCoreOptions): Sampling {
  if (samplingMode !== undefined && !Object.hasOwn(MODES, samplingMode)) {
    throw new TypeError(`there is no samplingMode ${String(samplingMode)}; there are ${Object.keys(MODES).join(", ")}`);
  }
  if (topK !== undefined && !(topK >= 1)) throw new RangeError("topK should be 1 or above");
  if (temperature !== undefined && !(temperature >= 0)) throw new RangeError("temperature should be 0 or above");
  const isByNumbers = topK !== undefined || temperature !== undefined;
  const base = samplingMode && !isByNumbers ? MODES[samplingMode] : DEFAULT;
  return {
    topK: Math.floor(Math.min(topK ?? base.topK, PARAMS.maxTopK)),
    temperature: Math.min(temperature ?? base.temperature, PARAMS.maxTemperature),
    mode: isByNumbers ? null : (samplingMode ?? "balanced"),
  };
}

/** The options of one answer: each draws anew. */
export function generateOptions({ topK, temperature }: Sampling): GenerateOptions {
  if (temperature === 0) return {};
  return { topK, temperature, seed: Math.floor(Math.random() * 2 ** 32) };
}
