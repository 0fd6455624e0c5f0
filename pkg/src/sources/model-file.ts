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
