import { type ModelFiles, type OpenFile, pieces } from "./model-files.js";
import type { LoadProgress } from "./types.js";
import type { Gpu, Loader, LoaderOptions, Model } from "./wasm/wgslm.js";

/** The way in which a running call hears that it should end, and reports meanwhile. */
export interface Context<Event> {
  signal: AbortSignal;
  emit(event: Event): void;
}

/** The most bytes given to the WebAssembly at once: they are copied into its memory, which never shrinks. */
const PUSH_BYTES = 1 << 20;
/** The least time between two progress events, in ms. */
const PROGRESS_INTERVAL = 50;

/** Moves a model from its files to the GPU, piece by piece. If it fails, neither loader nor download stays behind. */
export async function loadModel(
  gpu: Gpu,
  files: ModelFiles,
  options: LoaderOptions,
  { signal, emit }: Context<LoadProgress>,
): Promise<Model> {
  let reportedAt = 0;
  const report = (phase: LoadProgress["phase"], loadedBytes: number, totalBytes: number | undefined): void => {
    reportedAt = performance.now();
    emit({ phase, loadedBytes, ...(totalBytes !== undefined && { totalBytes }) });
  };
  let loader: Loader | undefined = gpu.loader(files.entry, options);
  try {
    report("loading", 0, undefined);
    for (let wanted; (wanted = loader.nextFile());) {
      const file = await files.open(wanted, signal);
      if (!file) {
        loader.absent();
        continue;
      }
      for await (const { loadedBytes, expectedBytes } of feed(loader, file, signal)) {
        if (performance.now() - reportedAt >= PROGRESS_INTERVAL) report("loading", loadedBytes, expectedBytes);
      }
    }
    const { loadedBytes } = loader;
    report("loading", loadedBytes, loadedBytes);
    report("finishing", loadedBytes, loadedBytes);
    const complete = loader;
    // `finish` consumes it: there is nothing left to free.
    loader = undefined;
    return await complete.finish();
  } finally {
    loader?.free();
  }
}

/** Gives a file to the loader, to its end or as far as it is wanted, and yields the loader after each piece. */
async function* feed(loader: Loader, { stream, skip }: OpenFile, signal: AbortSignal): AsyncGenerator<Loader, void> {
  const reader = stream.getReader();
  // Also wakes a read that waits for a stalled stream.
  const cancel = (): void => void reader.cancel(signal.reason).catch(() => undefined);
  signal.addEventListener("abort", cancel);
  try {
    for await (const piece of pieces(reader, signal)) {
      for (let start = Math.min(skip, piece.length); start < piece.length;) {
        const { taken, wantsMore } = await give(loader, piece.subarray(start));
        start += taken;
        signal.throwIfAborted();
        yield loader;
        if (!wantsMore) return;
      }
      skip = Math.max(0, skip - piece.length);
    }
    loader.endFile();
  } finally {
    signal.removeEventListener("abort", cancel);
    cancel();
  }
}

/** Gives bytes to the loader, straight into memory of the GPU where it has room for them, and tells how many it took. */
async function give(loader: Loader, bytes: Uint8Array): Promise<{ taken: number; wantsMore: boolean }> {
  const room = await loader.room();
  if (room) {
    const taken = Math.min(room.length, bytes.length);
    room.set(bytes.subarray(0, taken));
    return { taken, wantsMore: loader.filled(taken) };
  }
  const piece = bytes.subarray(0, PUSH_BYTES);
  return { taken: piece.length, wantsMore: await loader.push(piece) };
}
