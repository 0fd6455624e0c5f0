// What a model would take on this GPU.
import { Engine, type HuggingFaceSource, WgslmError } from "wgslm";
import { size } from "../ui/format.ts";

/** The part of `Engine.plan` that the page shows. */
interface Plan {
  gpuBytes: number;
  contextLength: number;
  downloadBytes: number;
  withinLimits: boolean;
  exceeds?: string;
  alternatives: readonly { withinLimits: boolean; options: object }[];
}
const planner: object & { plan?: (source: string | HuggingFaceSource, options: { signal: AbortSignal }) => Promise<Plan> } = Object(Engine);

/** True where this version of the package can plan. */
export const canPlan = typeof planner.plan === "function";

/** A plan of a model, in words, and whether the GPU allows it. */
export interface Fit {
  fits: boolean;
  text: string;
}

/** Reads a model's headers, and tells what it would take. */
export async function planOf(source: string | HuggingFaceSource, signal: AbortSignal): Promise<Fit> {
  if (!planner.plan) throw new WgslmError("internal", "this version of the package can't plan; load the model to see whether it fits");
  const plan = await planner.plan(source, { signal });
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
