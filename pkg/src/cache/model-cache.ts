// `Engine.cache`: what the origin keeps, seen and managed from a page without loading anything.
import { WgslmError } from "../errors.js";
import { named } from "../models.js";
import { addressOf, decoded } from "../source.js";
import type { HuggingFaceSource } from "../sources/hugging-face.js";
import { type Cached, allCached, removeCached } from "./library.js";
import { lockName, takeLock } from "./locks.js";
import { storageError } from "./place.js";

/** A cached file. */
export interface CachedFile {
  /** Its name in the cache. */
  id: string;
  /** Its name at the address that it was downloaded from. */
  name: string;
  /** The addresses that it is known by. */
  addresses: readonly string[];
  /** Bytes that are stored. */
  storedBytes: number;
  /** Its size in bytes; absent where the server didn't tell and the download hasn't ended. */
  size?: number;
  /** False for a download that was cut short; the next load goes on with it. */
  complete: boolean;
  /** Its SHA-256, where that had to be computed. */
  sha256?: string;
  createdAt: Date;
  /** The time of the last load that used it. */
  usedAt: Date;
}

/** The room that cached files take, in bytes. */
export interface CacheUsage {
  /** The number of cached files. */
  files: number;
  /** Bytes of all cached files. */
  bytes: number;
  /** Bytes of everything that this origin stores, as far as the browser tells. */
  originBytes?: number;
  /** Bytes that this origin may store. */
  quotaBytes?: number;
  /** True where the browser doesn't evict what the origin stores when room gets short: see {@link ModelCache.persist}. */
  persisted: boolean;
}

/** An id, the name of a model of `MODELS`, or a source that has an address: a model of several files is meant as a whole. */
export type CacheTarget = string | URL | HuggingFaceSource;

/** The models that an origin keeps in the browser. Nothing is ever evicted by this package. */
export interface ModelCache {
  /** All cached files, the last used first. */
  list(): Promise<CachedFile[]>;
  /** Deletes files; resolves to the bytes that are free now. Fails with the code `cache-in-use`, before it deletes any, where one is being read or written. */
  delete(target: CacheTarget): Promise<number>;
  /** The room that cached files take and have. */
  usage(): Promise<CacheUsage>;
  /** Asks the browser, which may ask the user, not to evict what this origin stores; resolves to its answer. */
  persist(): Promise<boolean>;
  /** The files of a model, for saving them or for `Engine.load`; none where it isn't whole in the cache. */
  export(target: CacheTarget): Promise<File[]>;
}

export const modelCache: ModelCache = {
  async list() {
    const cached = (await allCached()).filter(({ manifest }) => manifest.hasFile);
    return cached.map(describe).sort((one, other) => other.usedAt.getTime() - one.usedAt.getTime());
  },

  async delete(target) {
    const files = (await allCached()).filter(meantBy(target));
    const locks = await Promise.all(files.map(({ id }) => takeLock(lockName(id), { mode: "exclusive", ifAvailable: true })));
    try {
      if (locks.includes(undefined)) {
        throw new WgslmError("cache-in-use", "a file of this model is being read or downloaded; unload it, or wait until its load has ended");
      }
      for (const file of files) await removeCached(file).catch(rethrow);
    } finally {
      locks.forEach((release) => release?.());
    }
    return sum(files);
  },

  async usage() {
    const files = (await allCached()).filter(({ manifest }) => manifest.hasFile);
    const { usage, quota } = (await navigator.storage?.estimate?.()) ?? {};
    return {
      files: files.length,
      bytes: sum(files),
      ...(usage !== undefined && { originBytes: usage }),
      ...(quota !== undefined && { quotaBytes: quota }),
      persisted: (await navigator.storage?.persisted?.()) ?? false,
    };
  },

  async persist() {
    return (await navigator.storage?.persist?.()) ?? false;
  },

  async export(target) {
    const files = (await allCached()).filter(meantBy(target)).filter(({ manifest }) => manifest.hasFile);
    if (!files.every(({ manifest }) => manifest.complete)) return [];
    const address = isId(target) ? undefined : addressOf(named(target));
    const exported = files.map(async (cached) => {
      const blob = await cached.place.blob(cached.id, cached.manifest).catch(rethrow);
      // The files of a folder within have names that say so.
      return new File([blob], nameOf(cached, address));
    });
    return (await Promise.all(exported)).sort((one, other) => (one.name < other.name ? -1 : 1));
  },
};

function describe(cached: Cached): CachedFile {
  const { id, manifest } = cached;
  const { addresses, storedBytes, size, complete, sha256, createdAt, usedAt } = manifest;
  return {
    id,
    name: nameOf(cached),
    addresses,
    storedBytes,
    ...(size !== undefined && { size }),
    complete,
    ...(sha256 !== undefined && { sha256 }),
    createdAt: new Date(createdAt),
    usedAt: new Date(usedAt),
  };
}

function sum(files: readonly Cached[]): number {
  return files.reduce((bytes, { manifest }) => bytes + manifest.storedBytes, 0);
}

/** Tells the files that a target means: one by id, or all that lie beside each other at its address. */
function meantBy(target: CacheTarget): (cached: Cached) => boolean {
  if (isId(target)) return ({ id }) => id === target;
  const address = addressOf(named(target));
  if (!address) throw new WgslmError("invalid-argument", "give the id of a cached file, or the address of a model");
  const isMeant = belongsTo(address);
  return ({ manifest }) => manifest.addresses.some((other) => isMeant(new URL(other)));
}

/** Tells the files of the model at an address: the one there, the parts of a split one, or all of a folder. */
function belongsTo(model: URL): (file: URL) => boolean {
  const [, stem, count] = /^(.*)-\d{5}-of-(\d{5})\.gguf$/.exec(model.pathname) ?? [];
  return (file) => {
    if (file.origin !== model.origin || file.search !== model.search) return false;
    if (model.pathname.endsWith("/")) return file.pathname.startsWith(model.pathname);
    if (stem === undefined) return file.pathname === model.pathname;
    return file.pathname.startsWith(`${stem}-`) && file.pathname.endsWith(`-of-${count}.gguf`);
  };
}

function isId(target: CacheTarget): target is string {
  return typeof target === "string" && /^[0-9a-f]{32}$/.test(target);
}

/** The name of a file: its path from the folder of `target` on, or the end of its address. */
function nameOf({ manifest }: Cached, target?: URL): string {
  const paths = manifest.addresses.map((address) => new URL(address).pathname);
  const folder = target ? new URL(".", target).pathname : "";
  const inFolder = paths.find((path) => target && path.startsWith(folder));
  return decoded(inFolder?.slice(folder.length) ?? paths[0]!.split("/").pop()!);
}

function rethrow(error: unknown): never {
  throw storageError(error);
}
