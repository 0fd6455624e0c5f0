// The runs that are timed: the same as those of `wgslm bench`, through the package.
import { Engine, type LoadProgress, type ModelSource, type Timings, WgslmError } from "wgslm";
import { copyBandwidth, decodeBytes, generate } from "wgslm/bench";
import { type BenchReport, type BenchSettings, type DepthReport, figure } from "./figures.ts";

/** Tokens of the short request's prompt and of its answer. */
const SHORT_PROMPT = 16;
const SHORT_ANSWER = 8;
/** The package's own choice, named so that it can be told. */
const TOKENS_IN_FLIGHT = 4;

export interface BenchOptions extends BenchSettings {
  source: ModelSource;
  /** What the model's file is called in the report. */
  file: string;
  depths: number[];
  signal: AbortSignal;
  onLoad: (progress: LoadProgress) => void;
  /** Called before each run, with how much is done of everything, from 0 to 1. */
  onRun: (what: string, done: number) => void;
}

/** Loads a model and measures it. */
export async function bench(options: BenchOptions): Promise<BenchReport> {
  const { source, signal, onLoad, repeat } = options;
  const support = await Engine.support();
  if (!support.available) throw new WgslmError(support.code, support.reason);
  const contextLength = contextOf(options);
  const began = performance.now();
  const engine = await Engine.load(source, { signal, onProgress: onLoad, contextLength });
  const loadMs = performance.now() - began;
  try {
    const runs = new Runs(engine, options);
    // First of all, so that it is the first request indeed.
    const first = await runs.request("First request", SHORT_PROMPT, SHORT_ANSWER);
    const warm: Timings[] = [];
    for (let run = 0; run < repeat; run++) {
      warm.push(await runs.request("Short request", SHORT_PROMPT, SHORT_ANSWER));
    }
    const depths = [];
    for (const depth of options.depths) depths.push(await runs.depth(depth));
    // Before the buffers for measuring the bandwidth, which no model needs.
    const memory = await engine.memory();
    options.onRun("Copy bandwidth", 1);
    const bandwidth = await copyBandwidth(engine);
    const { name, architecture, parameters, dispatchesPerToken, weightBytes, kvCacheBytes } = engine.info;
    const { adapter, features } = support;
    return {
      model: { file: options.file, name, architecture, parameters },
      device: { name: adapter.name, backend: "browser", driver: "", software: adapter.software, features },
      user_agent: navigator.userAgent,
      settings: {
        prompt_tokens: options.prompt_tokens,
        gen_tokens: options.gen_tokens,
        batch: 1,
        repeat,
        tokens_in_flight: TOKENS_IN_FLIGHT,
        context_length: engine.info.contextLength,
      },
      load_ms: loadMs,
      first_request_ms: duration(first, SHORT_ANSWER),
      warm_request_ms: figure(warm.map((timings) => duration(timings, SHORT_ANSWER))),
      ttft_ms: figure(warm.map(({ ttftMs }) => ttftMs)),
      dispatches_per_token: dispatchesPerToken,
      depths: depths.map((depth) => compared(depth, bandwidth)),
      memory: {
        peak_bytes: memory.gpuPeakBytes,
        weight_bytes: weightBytes,
        kv_cache_bytes: kvCacheBytes,
        wasm_bytes: memory.wasmBytes,
      },
      copy_bytes_per_s: bandwidth,
    };
  } finally {
    await engine.unload();
  }
}

/** The context that what is to be measured needs. */
function contextOf({ prompt_tokens, gen_tokens, depths }: BenchOptions): number {
  const depth = Math.max(...depths);
  // Prefill chooses a token at its end, and so does the prompt that decoding begins with.
  return Math.max(depth + prompt_tokens + 1, Math.max(depth, 1) + 1 + gen_tokens, SHORT_PROMPT + SHORT_ANSWER);
}

/** How long a request took by the engine's own clock, in ms. */
function duration({ ttftMs, decodeTokensPerSecond }: Timings, tokens: number): number {
  return ttftMs + ((tokens - 1) / decodeTokensPerSecond) * 1000;
}

function compared(depth: Omit<DepthReport, "bytes_per_s" | "bandwidth_share">, bandwidth: number): DepthReport {
  const bytesPerSecond = depth.bytes_per_token * depth.decode_tokens_per_s.median;
  return { ...depth, bytes_per_s: bytesPerSecond, bandwidth_share: bytesPerSecond / bandwidth };
}

/** The runs of one benchmark, counted. */
class Runs {
  readonly #engine: Engine;
  readonly #options: BenchOptions;
  readonly #all: number;
  #done = 0;
  /** The number of prompts so far. Each has a seed of its own, so that none shares a cached prefix with another by mistake. */
  #prompts = 0;

  constructor(engine: Engine, options: BenchOptions) {
    this.#engine = engine;
    this.#options = options;
    this.#all = 1 + options.repeat * (1 + 2 * options.depths.length);
  }

  /** Prefill and decode after `depth` tokens. */
  async depth(depth: number): Promise<Omit<DepthReport, "bytes_per_s" | "bandwidth_share">> {
    const { prompt_tokens, gen_tokens, repeat } = this.#options;
    const [prefill, decode]: [number[], number[]] = [[], []];
    for (let run = 0; run < repeat; run++) {
      const [what, seed] = [`Prefill at depth ${depth}`, this.#prompts++];
      // The prefix cache holds the tokens that aren't timed.
      if (depth > 0) await this.#generate(depth, 1, seed);
      const timings = await this.request(what, depth + prompt_tokens, 1, seed);
      prefill.push(timings.prefillTokensPerSecond);
    }
    for (let run = 0; run < repeat; run++) {
      // An empty prompt has nothing to be continued.
      const timings = await this.request(`Decode at depth ${depth}`, Math.max(depth, 1), gen_tokens + 1);
      decode.push(timings.decodeTokensPerSecond);
    }
    return {
      depth,
      prefill_tokens_per_s: figure(prefill),
      decode_tokens_per_s: figure(decode),
      bytes_per_token: await decodeBytes(this.#engine, depth),
    };
  }

  /** One request, timed by the engine in its worker. */
  async request(what: string, prompt: number, answer: number, seed = this.#prompts++): Promise<Timings> {
    this.#options.onRun(what, this.#done / this.#all);
    const timings = await this.#generate(prompt, answer, seed);
    this.#done += 1;
    return timings;
  }

  async #generate(prompt: number, answer: number, seed: number): Promise<Timings> {
    const generation = generate(this.#engine, tokens(prompt, this.#engine.info.vocabulary, seed), {
      maxTokens: answer,
      tokensInFlight: TOKENS_IN_FLIGHT,
      ignoreStop: true,
      signal: this.#options.signal,
    });
    return (await generation.result).timings;
  }
}

/** Token ids without a pattern: for the same seed those that `wgslm bench` has. */
function tokens(length: number, vocabulary: number, seed: number): Uint32Array {
  const word = (value: bigint): bigint => BigInt.asUintN(64, value);
  let state = word(BigInt(seed) * 0x9e3779b97f4a7c15n);
  return Uint32Array.from({ length }, () => {
    state = word(state * 6364136223846793005n + 1442695040888963407n);
    return Number(state >> 33n) % vocabulary;
  });
}
