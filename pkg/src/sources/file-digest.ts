// The SHA-256 of a whole file, which the caller of a download asked for.
import { hex } from "../cache/digest.js";
import { Sha256 } from "../cache/sha256.js";
import { WgslmError } from "../errors.js";
import type { ChunkMemory } from "./chunk-memory.js";
import type { KeptChunks } from "./kept-chunks.js";

/** A running digest that takes the chunks of a file in order. */
export class FileDigest {
  readonly #wanted: string;
  readonly #hash = new Sha256();
  #next = 0;
  #reading = false;

  constructor(wanted: string) {
    this.#wanted = wanted;
  }

  /** The chunk that it needs next. */
  get next(): number {
    return this.#next;
  }

  /** Takes the chunks in memory; one of the cache is read, after which `again` is called. */
  advance(memory: ChunkMemory, kept: KeptChunks | undefined, again: (error?: unknown) => void): void {
    if (this.#reading) return;
    for (let chunk; (chunk = memory.get(this.#next))?.full; this.#next++) this.#hash.update(chunk.bytes.subarray(0, chunk.filled));
    if (!kept?.has(this.#next)) return;
    this.#reading = true;
    const take = (bytes: Uint8Array | undefined): void => {
      this.#reading = false;
      if (bytes) this.#hash.update(bytes);
      if (bytes) this.#next += 1;
    };
    kept.read(this.#next).then(take).then(() => again(), again);
  }

  /** The digest of the file, which has been taken to its end; an error where it isn't the wanted one. */
  finish(url: string): string {
    const found = hex(this.#hash.digest());
    if (found === this.#wanted) return found;
    throw new WgslmError(
      "integrity",
      `${url} has the SHA-256 ${found} instead of ${this.#wanted}; check the address and the option integrity. Nothing of it was kept`,
    );
  }
}
