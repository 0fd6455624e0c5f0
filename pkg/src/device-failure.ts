// The end of a device, of which several have to hear: the WebAssembly tells it once.
import type { Gpu } from "./wasm/wgslm.js";

const failures = new WeakMap<Gpu, Promise<Error>>();

/** Resolves to the error once the device is not usable any more. */
export function failureOf(gpu: Gpu): Promise<Error> {
  const failure = failures.get(gpu) ?? gpu.failed();
  failures.set(gpu, failure);
  return failure;
}
