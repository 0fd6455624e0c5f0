import { WgslmError, messageOf } from "../errors.js";
import type { Entry, Manifest } from "./manifest.js";

/** Reads a stored file at any offset. */
export interface StoredBytes {
  /** Fills `into` from `offset` on, as far as the file goes; the number of bytes read. */
  read(into: Uint8Array, offset: number): number | Promise<number>;
  close(): void | Promise<void>;
}

/** A chunk that was written. */
export interface Written {
  checksum: string;
  bytes: Uint8Array<ArrayBuffer>;
}

/** A stored file that is being written. */
export interface WritableEntry {
  append(entries: readonly Entry[]): Promise<void>;
  /** Writes a chunk, whose memory is handed over; resolves to its checksum, and to the memory, which is free again. */
  write(bytes: Uint8Array<ArrayBuffer>, offset: number): Promise<Written>;
  /** The bytes of a chunk, or fewer where the file is cut short. */
  read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
  close(): Promise<void>;
}

/** A kind of storage that browsers offer, with cached files by id. */
export interface Place {
  /** True where this thread may write there. */
  readonly writable: boolean;
  ids(): Promise<string[]>;
  manifest(id: string): Promise<Manifest | undefined>;
  /** Adds to the log of an entry that nobody writes. */
  append(id: string, entries: readonly Entry[]): Promise<void>;
  open(id: string, manifest: Manifest): Promise<WritableEntry>;
  reader(id: string, manifest: Manifest): Promise<StoredBytes>;
  blob(id: string, manifest: Manifest): Promise<Blob>;
  remove(id: string): Promise<void>;
}

/** What is kept, in the words of errors. */
interface Kept {
  name: string;
  /** What can be done without storage. */
  instead: string;
}
const MODEL: Kept = { name: "the model", instead: "the model can be loaded without it: cache: false" };

/** An error of storage, with a code of its own where there is no room. */
export function storageError(error: unknown, { name, instead } = MODEL): WgslmError {
  if (error instanceof WgslmError) return error;
  if ((Object(error) as Partial<Error>).name === "QuotaExceededError") return noRoom(name);
  return new WgslmError("cache", `the browser's storage failed (${messageOf(error)}); ${instead}`);
}

/** The error that there is no room for a file of `bytes`. */
export function noRoomFor(bytes: number | undefined): WgslmError {
  return noRoom(bytes === undefined ? MODEL.name : `a file of ${Math.ceil(bytes / 1e6)} MB`);
}

function noRoom(what: string): WgslmError {
  return new WgslmError(
    "quota-exceeded",
    `the browser has no room to keep ${what}; see Engine.cache.list() and Engine.savedSessions.list() for what could be deleted, and free space on the disk`,
  );
}
