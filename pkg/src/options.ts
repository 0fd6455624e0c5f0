// Options as callers give them: unknown names and wrong kinds of values are refused before anything is done.
import { WgslmError } from "./errors.js";
import type { MeasuredOptions } from "./bench.js";
import type {
  BeamOptions,
  GenerateOptions,
  GpuOptions,
  LoadOptions,
  PlanOptions,
  Price,
  ScoreOptions,
  RerankOptions,
  SignalOptions,
  SupportOptions,
  TokenizeOptions,
  WorkerOptions,
} from "./types.js";
import { isWebGpu } from "./web-gpu.js";

/** The kind of value that an option takes. */
export interface Kind {
  holds(value: unknown): boolean;
  /** The kind in words, after "it should be". */
  expected: string;
}

/** A kind for each option of a call: the compiler refuses a table that lacks one. */
export type Kinds<Options> = Record<keyof Options, Kind>;

export const whole = (most: number): Kind => ({
  holds: (value) => Number.isInteger(value) && 0 <= (value as number) && (value as number) <= most,
  expected: "a whole number, 0 or above",
});
export const count = whole(2 ** 32 - 1);
export const number: Kind = { holds: (value) => typeof value === "number", expected: "a number" };
/** The longest time that timers take, in ms: 24 days. */
const MOST_MS = 2 ** 31 - 1;
export const time: Kind = {
  holds: (value) => typeof value === "number" && 0 <= value && value <= MOST_MS,
  expected: `a time in ms, from 0 to ${MOST_MS}`,
};
export const text: Kind = { holds: (value) => typeof value === "string", expected: "a string" };
export const flag: Kind = { holds: (value) => typeof value === "boolean", expected: "true or false" };
const callback: Kind = { holds: (value) => typeof value === "function", expected: "a function" };
const address: Kind = { holds: (value) => typeof value === "string" || value instanceof URL, expected: "a URL" };
export const signal: Kind = { holds: (value) => value instanceof AbortSignal, expected: "an AbortSignal" };
export const texts: Kind = {
  holds: (value) => Array.isArray(value) && value.every((item) => typeof item === "string"),
  expected: "an array of strings",
};
export const counts: Kind = {
  holds: (value) => Array.isArray(value) && value.every((item) => count.holds(item)),
  expected: "an array of whole numbers, 0 or above",
};
const biases: Kind = {
  holds: (value) => Array.isArray(value) && value.every(isBias),
  expected: "an array of pairs of a token and a number",
};
const policy: Kind = {
  holds: (value) => typeof value === "string" || isRecord(value),
  expected: "the name of a policy or an object with rules",
};
const content: Kind = {
  holds: (value) => typeof value === "string" || value instanceof Uint32Array,
  expected: "a string or a Uint32Array of tokens",
};
/** Its parts are checked where they are read. */
const anything: Kind = { holds: () => true, expected: "" };
export const object: Kind = { holds: isRecord, expected: "an object" };

const cacheMode: Kind = {
  holds: (value) => value === "auto" || value === "required" || value === false,
  expected: '"auto", "required" or false',
};
const integrity: Kind = {
  holds: (value) => typeof value === "string" || (isRecord(value) && Object.values(value).every((item) => typeof item === "string")),
  expected: "a SHA-256 as a string, or an object of them by file name",
};
const webGpu: Kind = { holds: isWebGpu, expected: "a WebGPU such as navigator.gpu" };
/** Its items are checked where they are read. */
const list: Kind = { holds: Array.isArray, expected: "an array" };
const entries: Kind = {
  holds: (value) => Array.isArray(value) && value.every((item) => isRecord(item) && typeof item["id"] === "string" && "source" in item),
  expected: "an array of models, { id, source }",
};
const headers: Kind = {
  holds: (value) => Array.isArray(value) || isRecord(value),
  expected: "headers as fetch takes them",
};

export const GPU_OPTIONS: Kinds<GpuOptions> = { baseline: flag, maxBinding: whole(Number.MAX_SAFE_INTEGER) };

export const PRICE_OPTIONS: Kinds<Price> = { perHour: number, time: text };

const WORKER_OPTIONS: Kinds<WorkerOptions> = { workerUrl: address, mainThread: flag };

export const SUPPORT_OPTIONS: Kinds<SupportOptions> = { ...GPU_OPTIONS, ...WORKER_OPTIONS, gpu: webGpu, signal };

export const LOAD_OPTIONS: Kinds<LoadOptions> = {
  onProgress: callback,
  signal,
  contextLength: count,
  activations: text,
  quantize: policy,
  kvFormat: text,
  slots: count,
  queue: count,
  batchingWindowMs: time,
  prefixCache: flag,
  kvTokens: count,
  stateCheckpoints: count,
  prefillTokens: count,
  price: object,
  cache: cacheMode,
  integrity,
  headers,
  fetch: callback,
  gpu: object,
  shared: flag,
  models: entries,
  prefixes: list,
  ...WORKER_OPTIONS,
};

const { onProgress: _progress, integrity: _integrity, shared: _shared, prefixes: _prefixes, ...planned } = LOAD_OPTIONS;
export const PLAN_OPTIONS: Kinds<PlanOptions> = planned;

export const GENERATE_OPTIONS: Kinds<GenerateOptions> = {
  maxTokens: count,
  temperature: number,
  seed: whole(Number.MAX_SAFE_INTEGER),
  topK: count,
  topP: number,
  typicalP: number,
  minP: number,
  xtcProbability: number,
  xtcThreshold: number,
  repetitionPenalty: number,
  frequencyPenalty: number,
  presencePenalty: number,
  penaltyLastN: count,
  dryMultiplier: number,
  dryBase: number,
  dryAllowedLength: count,
  dryLastN: count,
  drySequenceBreakers: texts,
  logitBias: biases,
  suppressTokens: counts,
  logprobs: count,
  speculation: text,
  slide: count,
  stop: texts,
  tokensInFlight: count,
  priority: text,
  queueDeadlineMs: time,
  deadlineMs: time,
  feature: text,
  coalesce: flag,
  grammar: anything,
  signal,
};

export const MEASURED_OPTIONS: Kinds<MeasuredOptions> = {
  ...GENERATE_OPTIONS,
  ignoreStop: flag,
};

export const SIGNAL_OPTIONS: Kinds<SignalOptions> = { signal };

export const RERANK_OPTIONS: Kinds<RerankOptions> = { top: count, signal };

export const BEAM_OPTIONS: Kinds<BeamOptions> = { width: count, maxTokens: count, lengthPenalty: number, signal };

export const SCORE_OPTIONS: Kinds<ScoreOptions> = { after: content, signal };

export const TOKENIZE_OPTIONS: Kinds<TokenizeOptions> = { special: flag, signal };

/** Refuses options that `kinds` doesn't have or whose values aren't of their kind; an option that is `undefined` counts as absent. */
export function checkOptions<Options extends object>(options: Options, kinds: Kinds<Options>): Options {
  if (!isRecord(options)) {
    throw new WgslmError("invalid-option", `the options are ${shown(options)}; give an object, or leave them out`);
  }
  for (const [name, value] of Object.entries(options)) {
    // Names such as `toString` are no options, though every object has them.
    const kind = Object.hasOwn(kinds, name) ? kinds[name as keyof Options] : undefined;
    if (!kind) throw new WgslmError("invalid-option", `unknown option ${name}; ${advice(name, Object.keys(kinds))}`);
    if (value !== undefined && !kind.holds(value)) {
      throw new WgslmError("invalid-option", `${name} is ${shown(value)}; it should be ${kind.expected}`);
    }
  }
  return options;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** True for a pair of a token and a number, which may be infinite. */
function isBias(value: unknown): boolean {
  return Array.isArray(value) && value.length === 2 && count.holds(value[0]) && number.holds(value[1]);
}

/** A value as a message can show it: short, and never the whole of a text. */
export function shown(value: unknown): string {
  if (typeof value === "string") return "a string";
  if (Array.isArray(value)) return "an array";
  if (typeof value === "function") return "a function";
  return typeof value === "object" && value !== null ? "an object" : String(value);
}

/** The option that was probably meant, or all that there are. */
function advice(name: string, known: readonly string[]): string {
  const plain = (text: string): string => text.toLowerCase().replaceAll(/[_-]/g, "");
  const distances = known.map((option) => [distance(plain(name), plain(option)), option] as const);
  const [least, nearest] = distances.reduce((best, next) => (next[0] < best[0] ? next : best), [Infinity, ""]);
  return least <= Math.max(1, name.length / 3) ? `did you mean ${nearest}?` : `there are ${known.join(", ")}`;
}

/** The Levenshtein distance of two words. */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [line, letter] of [...from].entries()) {
    const next = [line + 1];
    for (const [column, other] of [...to].entries()) {
      const changed = row[column]! + (letter === other ? 0 : 1);
      next.push(Math.min(changed, row[column + 1]! + 1, next[column]! + 1));
    }
    row = next;
  }
  return row[to.length]!;
}
