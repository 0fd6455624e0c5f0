// `wgslm/bench`: what measuring needs and applications don't.
import { type Engine, connectionOf } from "./engine.js";
import { Generation } from "./generation.js";
import { MEASURED_OPTIONS, checkOptions } from "./options.js";
import { checkPrompt } from "./arguments.js";
import { requestOf } from "./request.js";
import type { GenerateOptions, Prompt } from "./types.js";
import type { MeasuringOptions } from "./wasm/wgslm.js";

export type { MeasuringOptions } from "./wasm/wgslm.js";

/** Options of {@link generate}. */
export interface MeasuredOptions extends GenerateOptions, MeasuringOptions {}

/** Generates as `engine.generate` does, with options for measuring. */
export function generate(engine: Engine, prompt: Prompt, options: MeasuredOptions = {}): Generation {
  return new Generation((onEvent) => {
    const { ignoreStop, ...rest } = checkOptions(options, MEASURED_OPTIONS);
    const { signal, ...request } = requestOf(rest);
    const measuring = { ...(ignoreStop !== undefined && { ignoreStop }) };
    const params = { prompt: checkPrompt(prompt), answers: 1, measuring, ...request };
    return connectionOf(engine).call("generate", params, { signal, onEvent });
  });
}

/** Bytes that generating one token reads with `depth` tokens before it: the weights, and their keys and values. */
export function decodeBytes(engine: Engine, depth: number): Promise<number> {
  return connectionOf(engine).call("decodeBytes", { depth }).result;
}

/** Measures how many bytes the GPU reads and writes a second when it copies: no token can come faster than that. */
export function copyBandwidth(engine: Engine): Promise<number> {
  return connectionOf(engine).call("copyBandwidth", {}).result;
}
