// Fields of requests: what of OpenAI's API the engine takes, and in which form.
import { wireGrammar } from "../grammar.js";
import { WgslmError } from "../errors.js";
import { type Kind, count, flag, isRecord, number, object, shown, text, texts, whole } from "../options.js";
import type { RequestParams } from "../protocol.js";
import type { GenerationOptions } from "../wasm/wgslm.js";
import type { JsGrammar } from "../wasm/wgslm_grammar.js";
import type { SamplingFields } from "./types.js";

/** Kinds of some fields. Others are accepted, as by OpenAI's servers, and have no effect. */
export type FieldKinds<Fields> = Partial<Record<keyof Fields, Kind>>;

/** The most last tokens that penalties look at: OpenAI's look at all. */
const PENALTY_LAST_N = 2048;

const stop: Kind = {
  holds: (value) => text.holds(value) || texts.holds(value),
  expected: "a string or an array of strings",
};
const biases: Kind = {
  holds: (value) => isRecord(value) && Object.entries(value).every(([token, bias]) => /^\d+$/.test(token) && number.holds(bias)),
  expected: "an object with numbers by the ids of tokens",
};
const answers: Kind = {
  holds: (value) => whole(128).holds(value) && value !== 0,
  expected: "a whole number from 1 to 128",
};

export const SAMPLING_KINDS: FieldKinds<SamplingFields> = {
  model: text,
  temperature: number,
  top_p: number,
  seed: { holds: Number.isSafeInteger, expected: "a whole number" },
  stop,
  frequency_penalty: number,
  presence_penalty: number,
  logit_bias: biases,
  n: answers,
  stream_options: object,
  top_k: count,
  min_p: number,
  repetition_penalty: number,
  speculation: text,
  grammar: object,
};

/** The kinds that several requests have. */
export { count, flag, object, text };

export const list: Kind = { holds: Array.isArray, expected: "an array" };

/** Refuses fields whose values aren't of their kind, and takes off those that are null, which count as absent. */
export function checkFields<Fields extends object>(fields: Fields, kinds: FieldKinds<Fields>): Present<Fields> {
  if (!isRecord(fields)) throw wrong(`the request is ${shown(fields)}; give an object`);
  const present = Object.entries(fields).filter(([, value]) => value !== undefined && value !== null);
  for (const [name, value] of present) {
    const kind = Object.hasOwn(kinds, name) ? kinds[name as keyof Fields] : undefined;
    if (kind && !kind.holds(value)) throw wrong(`${name} is ${shown(value)}; it should be ${kind.expected}`);
  }
  return Object.fromEntries(present) as Present<Fields>;
}

/** Fields without those that are null. */
export type Present<Fields> = { [Name in keyof Fields]: Exclude<Fields[Name], null> };

/** The options and the grammar that the engine takes for these fields. */
export function requestOfFields(
  fields: Present<SamplingFields>,
  own: { maxTokens: number | undefined; logprobs: number | undefined; grammar?: JsGrammar | undefined },
): RequestParams {
  const { stop, logit_bias, frequency_penalty, presence_penalty, repetition_penalty } = fields;
  const penalised = [frequency_penalty, presence_penalty, repetition_penalty].some((penalty) => penalty !== undefined);
  const given: { [Name in keyof GenerationOptions]: GenerationOptions[Name] | undefined } = {
    temperature: fields.temperature ?? 1,
    seed: unsigned(fields.seed) ?? Math.floor(Math.random() * 2 ** 32),
    topP: fields.top_p,
    topK: fields.top_k,
    minP: fields.min_p,
    maxTokens: own.maxTokens,
    logprobs: own.logprobs,
    stop: typeof stop === "string" ? [stop] : stop,
    frequencyPenalty: frequency_penalty,
    presencePenalty: presence_penalty,
    repetitionPenalty: repetition_penalty,
    penaltyLastN: penalised ? PENALTY_LAST_N : undefined,
    logitBias: logit_bias && Object.entries(logit_bias).map(([token, bias]) => [Number(token), banned(bias)]),
    speculation: fields.speculation,
  };
  const options = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as GenerationOptions;
  const grammar = own.grammar ?? (fields.grammar && wireGrammar(fields.grammar));
  return { options, ...(grammar && { grammar }) };
}

/** A bias of -100 bans a token, as OpenAI's API says. */
function banned(bias: number): number {
  return bias <= -100 ? -Infinity : bias;
}

/** A seed that may be negative as one that isn't. */
function unsigned(seed: number | undefined): number | undefined {
  return seed === undefined || seed >= 0 ? seed : seed + 2 ** 53;
}

export function wrong(message: string): WgslmError {
  return new WgslmError("invalid-option", message);
}
