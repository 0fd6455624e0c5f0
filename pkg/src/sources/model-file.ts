/** A file of a model, read from an offset to its end. */
export interface ModelFile {
  /** The size of the whole file in bytes, where it is known. */
  readonly size: number | undefined;
  /** Bytes read so far that came from the cache. */
  readonly cachedBytes: number;
  /** Bytes that have arrived and haven't been read. */
  readonly aheadBytes: number;
  /** Reads the next bytes into the beginning of `into`, at least one; resolves to their number, 0 at the end. One read at a time. */
  read(into: Uint8Array): Promise<number>;
  close(): Promise<void>;
}

/** Counts the bytes of a file that were read, those that are read again only once. */
export class ReadBytes {
  #bytes = 0;
  #end = 0;

  get count(): number {
    return this.#bytes;
  }

  /** Counts bytes read at a position. */
  add(position: number, length: number): void {
    const end = position + length;
    this.#bytes += Math.max(0, end - Math.max(position, this.#end));
    this.#end = Math.max(this.#end, end);
  }
}
