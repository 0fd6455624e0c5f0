// Whether a model fits, from its size alone.
import { support } from "../engine/runners.ts";

/** Room beside the weights, for the KV cache and activations. */
const OVERHEAD = 1.25;

/** What can be said without reading a model's headers; browsers tell no GPU's memory, only the largest buffer that it allows. */
export function estimate(bytes: number): { fits: "yes" | "perhaps"; need: number } | undefined {
  const known = support.value;
  if (!known?.available) return undefined;
  const need = bytes * OVERHEAD;
  const largest = known.limits["maxBufferSize"] ?? 0;
  // Weights lie in many buffers, so that a model may be larger than one.
  return { fits: need <= largest ? "yes" : "perhaps", need };
}
