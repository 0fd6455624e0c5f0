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
  const remote = typeof source === "string" && !source.startsWith("blob:") ? await remoteFiles(source, access, watch) : undefined;
  const files = remote ?? (await openFiles(source, access, (names) => Loader.entry(names), watch));
  const planner = gpu.planner(files.entry, options);
  try {
    const read = await readHeaders(planner, files, signal);
    const plan = planner.plan();
    const { maxBufferSize = 0, maxStorageBufferBindingSize = 0 } = gpu.support().limits;
    const kept = remote && access.cache !== false ? await storedBytes(read.map((file) => remote.addressOf(file))) : 0;
    const downloadBytes = remote ? Math.max(0, plan.fileBytes - kept) : 0;
    return { ...plan, downloadBytes, limits: { maxBufferSize, maxStorageBufferBindingSize } };
  } finally {
    planner.free();
    await files.close(false);
  }
}

/** The files at an address. Nothing of them is kept, and what the cache has whole comes from there. */
async function remoteFiles(source: string, access: PostedAccess, watch: FileWatch): Promise<RemoteFiles> {
  const opened = (cache: PostedAccess["cache"]): RemoteFiles =>
    new RemoteFiles(new URL(source), { ...access, cache, integrity: {} }, watch, HEADERS_ONLY);
  const files = opened(false);
  if (access.cache === false) return files;
  const entry = await cachedAt(files.addressOf(files.entry).href);
  return entry?.manifest.complete ? opened("auto") : files;
}

/** The bytes that the cache has of files. */
async function storedBytes(addresses: readonly URL[]): Promise<number> {
  const cached = await Promise.all(addresses.map(({ href }) => cachedAt(href)));
  return cached.reduce((sum, file) => sum + (file?.manifest.storedBytes ?? 0), 0);
}

/** Reads all headers, and gives the names of their files. */
async function readHeaders(planner: Planner, files: ModelFiles, signal: AbortSignal): Promise<string[]> {
  const read: string[] = [];
  const buffer = new Uint8Array(PIECE_BYTES);
  for (let wanted; (wanted = planner.nextFile());) {
    const file = wanted.optional && wanted.file === TOKENIZER ? undefined : await files.open(wanted);
    if (!file) {
      planner.absent();
      continue;
    }
    read.push(wanted.file);
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
  return read;
}
