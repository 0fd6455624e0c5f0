/** A number measured several times; the keys are those of `wgslm bench --json`. */
export interface Figure {
  median: number;
  min: number;
  max: number;
  /** All of them, in the order in which they were measured. */
  samples: number[];
}

export function figure(samples: number[]): Figure {
  const sorted = samples.toSorted((a, b) => a - b);
  const at = (index: number): number => sorted[index] ?? 0;
  const last = sorted.length - 1;
  return {
    median: (at(Math.floor(last / 2)) + at(Math.ceil(last / 2))) / 2,
    min: at(0),
    max: at(last),
    samples,
  };
}

/** What a benchmark found; BENCHMARKS.md describes it. */
export interface BenchReport {
  model: { file: string; name: string; architecture: string; parameters: number };
  device: { name: string; backend: "browser"; driver: ""; software: boolean; features: string[] };
  user_agent: string;
  settings: BenchSettings & { batch: 1; tokens_in_flight: number; context_length: number };
  load_ms: number;
  first_request_ms: number;
  warm_request_ms: Figure;
  ttft_ms: Figure;
  dispatches_per_token: number;
  depths: DepthReport[];
  memory: { peak_bytes: number; weight_bytes: number; kv_cache_bytes: number; wasm_bytes: number };
  copy_bytes_per_s: number;
}

/** What is to be measured. */
export interface BenchSettings {
  prompt_tokens: number;
  gen_tokens: number;
  repeat: number;
}

export interface DepthReport {
  /** Tokens in the KV cache before those that are timed. */
  depth: number;
  prefill_tokens_per_s: Figure;
  decode_tokens_per_s: Figure;
  bytes_per_token: number;
  bytes_per_s: number;
  bandwidth_share: number;
}
