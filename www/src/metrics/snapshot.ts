// The engine's metrics, asked for once a second while somebody looks.
import { signal } from "@preact/signals";
import type { Engine, MemoryUse, MetricsSnapshot } from "wgslm";

export const snapshot = signal<{ metrics: MetricsSnapshot; memory: MemoryUse } | undefined>(undefined);

const INTERVAL_MS = 1000;

/** Watches an engine until the function returned is called. */
export function watch(engine: Engine): () => void {
  let over = false;
  const look = async (): Promise<void> => {
    if (over) return;
    if (document.visibilityState === "visible") {
      const seen = await Promise.all([engine.metrics(), engine.memory()]).catch(() => undefined);
      if (over) return;
      if (seen) snapshot.value = { metrics: seen[0], memory: seen[1] };
    }
    setTimeout(() => void look(), INTERVAL_MS);
  };
  void look();
  return () => {
    over = true;
    snapshot.value = undefined;
  };
}
