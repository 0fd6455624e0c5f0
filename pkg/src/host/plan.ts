// The memory that a model takes, from the headers of its files alone.
import { cachedAt } from "../cache/library.js";
import type { Context } from "../load.js";
import { type FileWatch, type ModelFiles, openFiles } from "../model-files.js";
import type { PostedAccess, PostedSource } from "../protocol.js";
import { RemoteFiles } from "../sources/remote-files.js";
import { DOWNLOAD_POLICY } from "../sources/retry.js";
import type { ModelPlan } from "../types.js";
import { type Gpu, Loader, type LoaderOptions, type Planner } from "../wasm/wgslm.js";

/** A chunk at a time, since headers are at the beginning. */
const HEADERS_ONLY = { ...DOWNLOAD_POLICY, connections: 1, requestChunks: 1, aloneChunks: 1, heldChunks: 2 };
/** The most bytes given to the planner at once. */
const PIECE_BYTES = 1 << 18;
/** The file of a folder that says nothing about memory, and is large. */
const TOKENIZER = "tokenizer.json";

/** Plans the memory of a model; of one at an address, the headers come from the cache, or by ranged requests that keep nothing. */
export async function planModel(
  gpu: Gpu,
  { source, access, options }: { source: PostedSource; access: PostedAccess; options: LoaderOptions },
  { signal }: Context<never>,
): Promise<ModelPlan> {
  const watch: FileWatch = { signal, onArrival: () => undefined, onWaiting: () => undefined };
  const address = typeof source === "string" && !source.startsWith("blob:") ? new URL(source) : undefined;
  const kept = address && access.cache !== false ? (await cachedAt(address.href))?.manifest : undefined;
  const files = address
    ? new RemoteFiles(address, { ...access, cache: kept?.complete ? "auto" : false, integrity: {} }, watch, HEADERS_ONLY)
    : await openFiles(source, access, (names) => Loader.entry(names), watch);
  const planner = gpu.planner(files.entry, options);
  try {
    await readHeaders(planner, files, signal);
    const plan = planner.plan();
    const { maxBufferSize = 0, maxStorageBufferBindingSize = 0 } = gpu.support().limits;
    const downloadBytes = !address || kept?.complete ? 0 : Math.max(0, plan.fileBytes - (kept?.storedBytes ?? 0));
    return { ...plan, downloadBytes, limits: { maxBufferSize, maxStorageBufferBindingSize } };
  } finally {
    planner.free();
    await files.close(false);
  }
}

async function readHeaders(planner: Planner, files: ModelFiles, signal: AbortSignal): Promise<void> {
  const buffer = new Uint8Array(PIECE_BYTES);
  for (let wanted; (wanted = planner.nextFile());) {
    const file = wanted.optional && wanted.file === TOKENIZER ? undefined : await files.open(wanted);
    if (!file) {
      planner.absent();
      continue;
    }
    try {
      for (let wantsMore = true; wantsMore;) {
        const length = await file.read(buffer);
        signal.throwIfAborted();
        if (length === 0) planner.endFile();
        wantsMore = length > 0 && planner.push(buffer.subarray(0, length));
      }
    } finally {
      await file.close();
    }
  }
}
