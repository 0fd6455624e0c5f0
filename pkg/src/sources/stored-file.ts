// A file from the cache.
import { checksum } from "../cache/checksum.js";
import type { Manifest } from "../cache/manifest.js";
import type { StoredBytes } from "../cache/place.js";

/** A chunk that isn't what was stored. */
export class Damaged extends Error {
  constructor(readonly chunk: number) {
    super(`chunk ${chunk} is damaged`);
  }
}

/** A complete file of the cache. Every chunk's checksum is compared before a byte of it is given away. */
export class StoredFile {
  readonly #bytes: StoredBytes;
  readonly #manifest: Manifest;
  /** Memory for a chunk that is read in parts, and which one is in it. */
  #memory: Uint8Array | undefined;
  #held = -1;
  /** The offset of the next read. */
  position: number;

  constructor(bytes: StoredBytes, manifest: Manifest, position: number) {
    this.#bytes = bytes;
    this.#manifest = manifest;
    this.position = position;
  }

  /** Reads as {@link ModelFile} does, as much as there is room for; fails with {@link Damaged}. */
  async read(into: Uint8Array): Promise<number> {
    let read = 0;
    while (read < into.length && this.position < this.#manifest.size!) {
      try {
        const length = await this.#readChunk(into.subarray(read));
        read += length;
        this.position += length;
      } catch (error) {
        // What is before it is right; who reads on hears of it.
        if (read === 0) throw error;
        break;
      }
    }
    return read;
  }

  async close(): Promise<void> {
    await this.#bytes.close();
  }

  /** Reads on in one chunk: straight to where it is wanted where that has room for the whole of it. */
  async #readChunk(into: Uint8Array): Promise<number> {
    const { chunkBytes } = this.#manifest;
    const index = Math.floor(this.position / chunkBytes);
    const within = this.position - index * chunkBytes;
    const length = this.#manifest.lengthOf(index);
    if (within === 0 && length <= into.length) {
      await this.#fill(index, into.subarray(0, length));
      return length;
    }
    this.#memory ??= new Uint8Array(Math.min(chunkBytes, this.#manifest.size!));
    if (this.#held !== index) {
      this.#held = -1;
      await this.#fill(index, this.#memory.subarray(0, length));
      this.#held = index;
    }
    const part = this.#memory.subarray(within, Math.min(length, within + into.length));
    into.set(part);
    return part.length;
  }

  async #fill(index: number, into: Uint8Array): Promise<void> {
    let read;
    try {
      read = await this.#bytes.read(into, index * this.#manifest.chunkBytes);
    } catch {
      throw new Damaged(index);
    }
    if (read !== into.length || checksum(into) !== this.#manifest.chunks.get(index)) throw new Damaged(index);
  }
}
