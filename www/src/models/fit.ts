// What a model would take on this GPU.
import { Engine, type HuggingFaceSource } from "wgslm";
import { size } from "../ui/format.ts";

/** A plan of a model, in words, and whether the GPU allows it. */
export interface Fit {
  fits: boolean;
  text: string;
}

/** Reads a model's headers, and tells what it would take. */
export async function planOf(source: string | HuggingFaceSource, signal: AbortSignal): Promise<Fit> {
  const plan = await Engine.plan(source, { signal });
  const parts = [`${size(plan.gpuBytes)} on the GPU with ${plan.contextLength.toLocaleString("en")} tokens of context`];
  parts.push(plan.downloadBytes > 0 ? `${size(plan.downloadBytes)} to download` : "nothing to download");
  if (!plan.withinLimits) {
    const [other] = plan.alternatives.filter(({ withinLimits }) => withinLimits);
    parts.push(plan.exceeds ?? "too large for this GPU", ...(other ? [`it would fit with ${optionsInWords(other.options)}`] : []));
  }
  return { fits: plan.withinLimits, text: parts.join(" · ") };
}

function optionsInWords(options: object): string {
  return Object.entries(options)
    .map(([name, value]) => `${name} ${String(value)}`)
    .join(", ");
}
