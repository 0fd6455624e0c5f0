// Runs in a worker of a page: loads files through the package's own modules, without an engine.

/** The policy of downloads with everything small, so that little bytes make many chunks and failures pass soon. */
const POLICY = {
  chunkBytes: 8192,
  requestChunks: 2,
  connections: 4,
  fastRate: Infinity,
  aloneChunks: 4,
  heldChunks: 8,
  attempts: 5,
  firstAttempts: 3,
  backoffMs: 1,
  longestWaitMs: 3000,
  stallMs: 10_000,
};

const controllers = new Map();

/** Reads a file to its end, as a load does: what was read, and how it went. */
async function load({ id, url, cache = "auto", integrity = {}, headers = [], policy = {}, offset = 0, room = 5000, abortAt, leaveAt }, port) {
  const controller = new AbortController();
  controllers.set(id, controller);
  const { RemoteFiles } = await import("/wgslm/sources/remote-files.js");
  const { hex } = await import("/wgslm/cache/digest.js");
  const seen = { waited: 0, arrivals: 0 };
  const watch = {
    signal: controller.signal,
    onArrival: () => (seen.arrivals += 1),
    onWaiting: ({ bytes }) => (seen.waited = Math.max(seen.waited, bytes)),
  };
  const access = { cache, integrity, headers, fetch: port };
  const files = new RemoteFiles(new URL(url), access, watch, { ...POLICY, ...policy });
  const pieces = [];
  let read = 0;
  let result = {};
  try {
    const file = await files.open({ file: files.entry, offset, optional: false });
    for (let length; ; read += length) {
      if (abortAt !== undefined && read >= abortAt) controller.abort();
      if (leaveAt !== undefined && read >= leaveAt) break;
      const into = new Uint8Array(room);
      length = await file.read(into);
      if (length === 0) break;
      pieces.push(into.slice(0, length));
    }
    await file.close();
    result = { use: await files.settle() };
  } catch ({ name, code, message, status }) {
    result = { error: { name, code, message, status } };
  }
  await files.close(false);
  const bytes = new Uint8Array(await new Blob(pieces).arrayBuffer());
  return { ...result, ...seen, length: bytes.length, sha256: hex(await crypto.subtle.digest("SHA-256", bytes)) };
}

/** Loads a model of one file with a loader that only takes bytes, some pushed and some read into its room: those that each loader got, and the progress. */
async function loadModel({ url }) {
  const load = await import("/wgslm/load.js");
  const { hex } = await import("/wgslm/cache/digest.js");
  const taken = [];
  const gpu = {
    loader(entry) {
      const pieces = [];
      const wanted = [{ file: entry, offset: 0, optional: false }];
      taken.push(pieces);
      let room;
      return {
        nextFile: () => wanted.pop(),
        get loadedBytes() {
          return pieces.reduce((sum, { length }) => sum + length, 0);
        },
        push: async (piece) => pieces.push(piece.slice()) > 0,
        // Two of three times, and never as much as a chunk of the cache.
        room: async () => (room = pieces.length % 3 > 0 ? new Uint8Array(700_001) : undefined),
        filled: (length) => pieces.push(room.slice(0, length)) > 0,
        endFile: () => undefined,
        finish: async () => ({ free: () => undefined }),
        free: () => undefined,
      };
    },
  };
  const progress = [];
  const access = { cache: "auto", integrity: {}, headers: [] };
  const context = { signal: new AbortController().signal, emit: (step) => progress.push(step) };
  const { cache } = await load.loadModel(Promise.resolve(gpu), url, access, {}, context);
  const bytes = await new Blob(taken.at(-1)).arrayBuffer();
  return { cache, progress, loaders: taken.length, sha256: hex(await crypto.subtle.digest("SHA-256", bytes)) };
}

/** The cached files, and everything else that lies in the folder. */
async function look() {
  const { modelCache } = await import("/wgslm/cache/model-cache.js");
  const names = [];
  const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle("wgslm-models", { create: true });
  for await (const name of folder.keys()) names.push(name);
  const held = (await navigator.locks.query()).held.map(({ name }) => name).filter((name) => name.startsWith("wgslm"));
  return { list: await modelCache.list(), names: names.sort(), locks: held };
}

/** Changes bytes of stored files: flips a bit at a place, cuts the end off, or leaves only a beginning. */
async function damage({ flip, cut, truncate, log }) {
  const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle("wgslm-models");
  for await (const [name, file] of folder) {
    if (!name.endsWith(log ? ".log" : ".data")) continue;
    const handle = await file.createSyncAccessHandle();
    if (cut !== undefined) handle.truncate(handle.getSize() - cut);
    if (truncate !== undefined) handle.truncate(truncate);
    if (flip !== undefined) {
      const byte = new Uint8Array(1);
      handle.read(byte, { at: flip });
      byte[0] ^= 1;
      handle.write(byte, { at: flip });
    }
    handle.close();
  }
}

/** The digests of bytes in pieces, beside those of `crypto.subtle`. */
async function digests(lengths) {
  const { Sha256 } = await import("/wgslm/cache/sha256.js");
  const { hex, sha256 } = await import("/wgslm/cache/digest.js");
  const pairs = [];
  for (const length of lengths) {
    const bytes = Uint8Array.from({ length }, (_, index) => (index * 31 + (index >> 8)) & 255);
    const running = new Sha256();
    for (let start = 0; start < length; start += 100) running.update(bytes.subarray(start, start + 100));
    pairs.push([hex(running.digest()), await sha256(bytes)]);
  }
  return pairs;
}

/** Takes everything away that is stored. */
async function clear() {
  const root = await navigator.storage.getDirectory();
  const folder = await root.getDirectoryHandle("wgslm-models", { create: true });
  for await (const name of folder.keys()) await folder.removeEntry(name);
  await caches.delete("wgslm-models");
}

/** The names and the bytes of exported files. */
async function exported({ target }) {
  const { modelCache } = await import("/wgslm/cache/model-cache.js");
  const files = await modelCache.export(target);
  return Promise.all(files.map(async (file) => [file.name, await file.text()]));
}

/** Deletes a file: the bytes that are free, or the code of the failure. */
async function remove({ target }) {
  const { modelCache } = await import("/wgslm/cache/model-cache.js");
  return modelCache.delete(target).catch(({ code }) => code);
}

/** Takes away what the browser has. */
async function without({ opfs, caches: responses, workers }) {
  if (workers) globalThis.Worker = undefined;
  if (opfs) StorageManager.prototype.getDirectory = () => Promise.reject(new DOMException("none", "SecurityError"));
  if (responses) delete globalThis.caches, Object.defineProperty(globalThis, "caches", { value: undefined });
}

const abort = ({ id }) => controllers.get(id)?.abort();
const calls = { load, loadModel, look, damage, digests, exported, remove, clear, without, abort };

addEventListener("message", async ({ data: { number, call, params }, ports }) => {
  try {
    postMessage({ number, result: await calls[call](params, ports[0]) });
  } catch (error) {
    postMessage({ number, error: `${error.name}: ${error.message}\n${error.stack}` });
  }
});
