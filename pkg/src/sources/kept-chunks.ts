// The chunks of a download that are in the cache.
import { checksum } from "../cache/checksum.js";
import type { Entry, Manifest } from "../cache/manifest.js";
import { type WritableEntry, storageError } from "../cache/place.js";
import type { WgslmError } from "../errors.js";

/** A file in the cache that a download adds to, until that fails. What it has can be read to the end in any case. */
export class KeptChunks {
  readonly #entry: WritableEntry;
  readonly #manifest: Manifest;
  readonly #before: ReadonlySet<number>;
  readonly #writing = new Set<number>();
  #failure: WgslmError | undefined;

  constructor(entry: WritableEntry, manifest: Manifest) {
    this.#entry = entry;
    this.#manifest = manifest;
    this.#before = new Set(manifest.chunks.keys());
  }

  /** The reason why nothing is added any more. */
  get failure(): WgslmError | undefined {
    return this.#failure;
  }

  /** The number of chunks that are on their way to the disk. */
  get writing(): number {
    return this.#writing.size;
  }

  /** True once it has the whole file. */
  get complete(): boolean {
    return this.#failure === undefined && this.#manifest.complete;
  }

  has(index: number): boolean {
    return this.#manifest.chunks.has(index);
  }

  /** True for a chunk that was there before the download began. */
  hadBefore(index: number): boolean {
    return this.#before.has(index);
  }

  isWriting(index: number): boolean {
    return this.#writing.has(index);
  }

  /** Adds a chunk, whose memory is handed over, and resolves to the memory once that is free. */
  async store(index: number, bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer> | undefined> {
    let memory: Uint8Array<ArrayBuffer> | undefined;
    this.#writing.add(index);
    try {
      const written = await this.#entry.write(bytes, index * this.#manifest.chunkBytes);
      memory = written.bytes;
      await this.#append({ chunk: index, checksum: written.checksum });
    } catch (error) {
      this.#failure ??= storageError(error);
    }
    this.#writing.delete(index);
    return memory;
  }

  /** A chunk; `undefined` where it is damaged, and is no longer among them. */
  async read(index: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const bytes = await this.#entry.read(index * this.#manifest.chunkBytes, this.#manifest.lengthOf(index));
    if (checksum(bytes) === this.#manifest.chunks.get(index)) return bytes;
    await this.note({ damaged: index });
    return undefined;
  }

  /** Adds to what is known of the file. */
  async note(entry: Entry): Promise<void> {
    await this.#append(entry).catch((error: unknown) => (this.#failure ??= storageError(error)));
  }

  async close(): Promise<void> {
    await this.#entry.close().catch(() => undefined);
  }

  async #append(entry: Entry): Promise<void> {
    // A chunk that is damaged counts as missing at once, one that is stored once that is noted.
    if ("damaged" in entry) this.#manifest.add(entry);
    await this.#entry.append([entry]);
    this.#manifest.add(entry);
  }
}
