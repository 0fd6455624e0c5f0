// A file from the cache.
import { sha256 } from "../cache/digest.js";
import type { Manifest } from "../cache/manifest.js";
import type { StoredBytes } from "../cache/place.js";

/** The chunks that are read at a time. */
const CHUNKS_AHEAD = 4;

/** A chunk that isn't what was stored. */
export class Damaged extends Error {
  constructor(readonly chunk: number) {
    super(`chunk ${chunk} is damaged`);
  }
}

/** A complete file of the cache. Every chunk's digest is checked before a byte of it is given away. */
export class StoredFile {
  readonly #bytes: StoredBytes;
  readonly #manifest: Manifest;
  /** The chunk that is read in parts, and those after it, which are read and checked meanwhile. */
  readonly #ahead = new Map<number, Promise<Uint8Array<ArrayBuffer>>>();
  /** The offset of the next read. */
  position: number;

  constructor(bytes: StoredBytes, manifest: Manifest, position: number) {
    this.#bytes = bytes;
    this.#manifest = manifest;
    this.position = position;
  }

  /** Reads as {@link ModelFile} does; fails with {@link Damaged}. */
  async read(into: Uint8Array): Promise<number> {
    const { chunkBytes } = this.#manifest;
    const size = this.#manifest.size!;
    if (this.position >= size) return 0;
    const index = Math.floor(this.position / chunkBytes);
    const within = this.position - index * chunkBytes;
    const direct = within === 0 ? this.#wholeChunks(index, into.length) : 0;
    if (direct > 0) return this.#readDirectly(index, into.subarray(0, direct));
    const part = (await this.#chunk(index)).subarray(within, within + into.length);
    into.set(part);
    this.position += part.length;
    return part.length;
  }

  async close(): Promise<void> {
    await this.#bytes.close();
  }

  /** A chunk, checked. */
  #chunk(index: number): Promise<Uint8Array<ArrayBuffer>> {
    for (const other of this.#ahead.keys()) if (other < index || other >= index + CHUNKS_AHEAD) this.#ahead.delete(other);
    for (let next = index; next < index + CHUNKS_AHEAD && this.#manifest.chunks.has(next); next++) {
      if (this.#ahead.has(next)) continue;
      const bytes = new Uint8Array(this.#manifest.lengthOf(next));
      const chunk = this.#fill(next, bytes).then(() => bytes);
      // Whoever gets as far hears of it.
      chunk.catch(() => undefined);
      this.#ahead.set(next, chunk);
    }
    return this.#ahead.get(index) ?? Promise.reject(new Damaged(index));
  }

  /** The bytes of the whole chunks from `first` on that fit into `room`. */
  #wholeChunks(first: number, room: number): number {
    let bytes = 0;
    for (let index = first; index * this.#manifest.chunkBytes < this.#manifest.size!; index++) {
      const length = this.#manifest.lengthOf(index);
      if (bytes + length > room) break;
      bytes += length;
    }
    return bytes;
  }

  /** Reads whole chunks to where they are wanted, and checks them all at the same time. */
  async #readDirectly(first: number, into: Uint8Array): Promise<number> {
    const checks: Promise<void>[] = [];
    for (let start = 0, index = first; start < into.length; index++) {
      const chunk = into.subarray(start, start + this.#manifest.lengthOf(index));
      checks.push(this.#fill(index, chunk));
      start += chunk.length;
    }
    const failed = (await Promise.allSettled(checks)).find((check) => check.status === "rejected");
    if (failed) throw failed.reason;
    this.position += into.length;
    return into.length;
  }

  async #fill(index: number, into: Uint8Array): Promise<void> {
    let read;
    try {
      read = await this.#bytes.read(into, index * this.#manifest.chunkBytes);
    } catch {
      throw new Damaged(index);
    }
    const digest = read === into.length ? await sha256(into as Uint8Array<ArrayBuffer>) : undefined;
    if (digest !== this.#manifest.chunks.get(index)) throw new Damaged(index);
  }
}
