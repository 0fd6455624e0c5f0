import type { ModelInfo } from "./wasm/wgslm.js";

/** The name of a model for other libraries, which want one. */
export function modelName({ name, architecture }: ModelInfo): string {
  return name || architecture;
}
