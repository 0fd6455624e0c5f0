import { failureOf } from "./device-failure.js";
import { EarlyFiles } from "./early-files.js";
import { LoadWatch } from "./load-progress.js";
import { LoadClock } from "./load-times.js";
import { type ModelFiles, openFiles } from "./model-files.js";
import type { PostedAccess, PostedSource } from "./protocol.js";
import type { ModelFile } from "./sources/model-file.js";
import { Changed } from "./sources/request.js";
import type { CacheUse, LoadProgress } from "./types.js";
import { tokenizers } from "./wasm.js";
import { type Gpu, Loader, type LoaderOptions, type Model } from "./wasm/wgslm.js";

/** The way in which a running call hears that it should end, and reports meanwhile. */
export interface Context<Event> {
  signal: AbortSignal;
  emit(event: Event): void;
}

/** A model that was loaded, and the use of the cache for it. */
export interface LoadedModel {
  model: Model;
  cache: CacheUse;
}

/** The file of a Hugging Face folder that a WebAssembly module of its own reads. */
const TOKENIZER = "tokenizer.json";
/** The most bytes given to the WebAssembly at once: they are copied into its memory, which never shrinks. */
const PUSH_BYTES = 1 << 20;
/** The most loads of a model whose files change on their server meanwhile. */
const ATTEMPTS = 3;

/** The engine's errors about what a file holds. A file that can't be used isn't kept: a corrected one may come in its place. */
const REFUSALS = [
  "invalid-config",
  "invalid-gguf",
  "invalid-metadata",
  "invalid-safetensors",
  "missing-metadata",
  "missing-tensor",
  "no-gguf-type",
  "not-first-part",
  "not-gguf",
  "tensor-shape",
  "tokenizer",
  "truncated",
  "unexpected-tensor",
  "unsupported-architecture",
  "unsupported-gguf",
  "unsupported-tensor-type",
  "unsupported-version",
];

/**
 * Moves a model from its files to the GPU, piece by piece; the first file is opened while the GPU is. If it fails, neither loader nor
 * download stays behind.
 */
export async function loadModel(
  opening: Promise<Gpu>,
  source: PostedSource,
  access: PostedAccess,
  options: LoaderOptions,
  { signal, emit }: Context<LoadProgress>,
  clock = new LoadClock(),
): Promise<LoadedModel> {
  const ended = new AbortController();
  const watch = new LoadWatch(AbortSignal.any([signal, ended.signal]), emit);
  // A server that is slow, or silent, doesn't hold up who has to hear of a lost device. Of a lack of memory the loader tells, with a plan.
  const endIfLost = (failure: Error & { code?: string }): void => {
    if (failure.code === "device-lost") ended.abort(failure);
  };
  void opening.then((gpu) => failureOf(gpu).then(endIfLost), () => undefined);
  const files = new EarlyFiles(await openFiles(source, access, async (names) => (await opening, Loader.entry(names)), watch));
  for (let attempt = 1; ; attempt++) {
    try {
      const gpu = await opening;
      signal.throwIfAborted();
      const loaded = await loadOnce(gpu, files, options, watch, clock);
      await files.close(false);
      return loaded;
    } catch (error) {
      // Also what is only being opened.
      if (!(error instanceof Changed)) ended.abort();
      await files.close(REFUSALS.includes((Object(error) as { code?: string }).code ?? ""));
      // What is on the GPU is of the version before.
      if (!(error instanceof Changed)) throw error;
      if (attempt === ATTEMPTS) throw watch.unsteady();
    }
  }
}

async function loadOnce(
  gpu: Gpu,
  files: ModelFiles,
  options: LoaderOptions,
  watch: LoadWatch,
  clock: LoadClock,
): Promise<LoadedModel> {
  let loader: Loader | undefined = gpu.loader(files.entry, options);
  try {
    watch.begin(loader, files);
    for (let wanted; (wanted = loader.nextFile());) {
      if (wanted.file === TOKENIZER) loader.readTokenizerWith(await tokenizers());
      const file = await clock.time("openMs", () => files.open(wanted));
      if (file) await feed(loader, file, watch, clock);
      else loader.absent();
    }
    watch.finish(loader.loadedBytes);
    const complete = loader;
    // `finish` consumes it: there is nothing left to free.
    loader = undefined;
    const [model, cache] = await Promise.allSettled([complete.finish(), clock.time("keepMs", () => files.settle())]);
    if (model.status === "fulfilled" && cache.status === "fulfilled") return { model: model.value, cache: cache.value };
    if (model.status === "fulfilled") model.value.free();
    throw model.status === "rejected" ? model.reason : (cache as PromiseRejectedResult).reason;
  } finally {
    loader?.free();
  }
}

/** Gives a file to the loader, to its end or as far as it is wanted. */
async function feed(loader: Loader, file: ModelFile, watch: LoadWatch, clock: LoadClock): Promise<void> {
  watch.file = file;
  // Where the loader has no room on the GPU, the next bytes are read into one while the WebAssembly takes the other.
  const buffers = [new Uint8Array(PUSH_BYTES), new Uint8Array(PUSH_BYTES)] as const;
  let ahead: Promise<number> | undefined;
  try {
    for (let turn = 0; ; ) {
      // Bytes that were read ahead come first.
      const room = ahead ? undefined : await clock.time("roomMs", () => loader.room());
      const buffer = room ?? buffers[turn]!;
      const length = await clock.time("readMs", () => ahead ?? file.read(buffer));
      ahead = undefined;
      watch.signal.throwIfAborted();
      if (length === 0) return loader.endFile();
      if (!room && !(await clock.time("roomMs", () => loader.room()))) {
        ahead = file.read(buffers[1 - turn]!);
        // It may fail after the loader has had enough; who still waits for it hears of it.
        ahead.catch(() => undefined);
        turn = 1 - turn;
      }
      const wantsMore = await clock.time("takeMs", () => (room ? loader.filled(length) : give(loader, buffer.subarray(0, length))));
      watch.signal.throwIfAborted();
      watch.report();
      if (!wantsMore) return;
    }
  } finally {
    watch.file = undefined;
    await file.close();
    await ahead?.catch(() => undefined);
  }
}

/** Gives bytes to the loader, into memory of the GPU where it has room for them, and returns true if it wants more. */
async function give(loader: Loader, bytes: Uint8Array): Promise<boolean> {
  let wantsMore = true;
  for (let start = 0; start < bytes.length && wantsMore; ) {
    const room = await loader.room();
    const piece = bytes.subarray(start, start + (room?.length ?? bytes.length));
    room?.set(piece);
    wantsMore = room ? loader.filled(piece.length) : await loader.push(piece);
    start += piece.length;
  }
  return wantsMore;
}
