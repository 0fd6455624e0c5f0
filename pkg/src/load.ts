import type { Methods } from "./protocol.js";
import { openSource, pieces } from "./source.js";
import type { LoadProgress } from "./types.js";
import type { Gpu, Loader, Model } from "./wasm/wgslm.js";

/** How a running call hears that it should end, and reports on its way. */
export interface Context<Event> {
  signal: AbortSignal;
  emit(event: Event): void;
}

/** The most bytes given to the WebAssembly at once: they are copied into its memory, which never shrinks. */
const PUSH_BYTES = 1 << 20;
/** The least time between two progress events, in ms. */
const PROGRESS_INTERVAL = 50;

/** Moves a model from its source to the GPU, piece by piece. If it fails, neither loader nor download stays behind. */
export async function loadModel(
  gpu: Gpu,
  { source, contextLength, activations, quantize }: Methods["load"]["params"],
  { signal, emit }: Context<LoadProgress>,
): Promise<Model> {
  const { stream, totalBytes } = await openSource(source, signal);
  const reader = stream.getReader();
  // Also wakes a read that waits for a stalled stream.
  const cancel = (): void => void reader.cancel(signal.reason).catch(() => undefined);
  signal.addEventListener("abort", cancel);
  let loader: Loader | undefined;
  let loadedBytes = 0;
  let reportedAt = 0;
  const report = (phase: LoadProgress["phase"], total: number | undefined): void => {
    reportedAt = performance.now();
    emit({ phase, loadedBytes, ...(total !== undefined && { totalBytes: total }) });
  };
  try {
    loader = gpu.loader({
      ...(contextLength !== undefined && { contextLength }),
      ...(activations !== undefined && { activations }),
      ...(quantize !== undefined && { quantize }),
    });
    report("loading", totalBytes);
    for await (const piece of pieces(reader, signal)) {
      for (let start = 0; start < piece.length; start += PUSH_BYTES) {
        const part = piece.subarray(start, start + PUSH_BYTES);
        await loader.push(part);
        signal.throwIfAborted();
        loadedBytes += part.length;
        if (performance.now() - reportedAt >= PROGRESS_INTERVAL) report("loading", totalBytes ?? loader.expectedBytes);
      }
    }
    report("loading", loadedBytes);
    report("finishing", loadedBytes);
    const complete = loader;
    // `finish` consumes it: there is nothing left to free.
    loader = undefined;
    return await complete.finish();
  } catch (error) {
    cancel();
    throw error;
  } finally {
    signal.removeEventListener("abort", cancel);
    loader?.free();
  }
}
