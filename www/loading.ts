import type { LoadProgress } from "wgslm";
import { element } from "./elements.js";
import { megabytes } from "./format.js";

const PHASES: Record<LoadProgress["phase"], string> = {
  preparing: "Starting the GPU",
  waiting: "Another tab is downloading the model",
  loading: "Loading the model",
  finishing: "Getting ready",
};

const phase = element("phase", HTMLElement);
const bar = element("progress", HTMLProgressElement);
const amount = element("amount", HTMLElement);

/** Shows a load from its start; the function returned takes its progress. */
export function showLoading(): (progress: LoadProgress) => void {
  let startedAt = 0;
  phase.textContent = PHASES.preparing;
  amount.textContent = "\u00a0";
  bar.removeAttribute("value");
  return (progress) => {
    phase.textContent = PHASES[progress.phase];
    if (progress.phase !== "loading") return;
    startedAt ||= performance.now();
    const { loadedBytes, totalBytes } = progress;
    if (totalBytes) bar.value = loadedBytes / totalBytes;
    const perSecond = (loadedBytes / Math.max(performance.now() - startedAt, 1)) * 1000;
    const parts = [totalBytes ? `${megabytes(loadedBytes)} of ${megabytes(totalBytes)}` : megabytes(loadedBytes)];
    if (loadedBytes > 0) parts.push(`${megabytes(perSecond)}/s`);
    if (loadedBytes > 0 && totalBytes) parts.push(`${Math.ceil((totalBytes - loadedBytes) / perSecond)}\u00a0s left`);
    amount.textContent = parts.join(" · ");
  };
}
