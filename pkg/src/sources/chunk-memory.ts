// The chunks of a download that are in memory: those that arrive, those to be read, and those to be hashed.

/** A chunk in memory. */
export interface Chunk {
  bytes: Uint8Array<ArrayBuffer>;
  filled: number;
  full: boolean;
  /** True for one that was read back from the cache. */
  stored: boolean;
}

export class ChunkMemory {
  readonly #chunks = new Map<number, Chunk>();
  readonly #chunkBytes: number;
  /** Memory to be used again: taking new memory costs more than writing to it. */
  readonly #free: Uint8Array<ArrayBuffer>[] = [];

  constructor(chunkBytes: number) {
    this.#chunkBytes = chunkBytes;
  }

  get count(): number {
    return this.#chunks.size;
  }

  get(index: number): Chunk | undefined {
    return this.#chunks.get(index);
  }

  has(index: number): boolean {
    return this.#chunks.has(index);
  }

  /** Takes a whole chunk that comes from the cache. */
  takeStored(index: number, bytes: Uint8Array<ArrayBuffer>): void {
    this.#chunks.set(index, { bytes, filled: bytes.length, full: true, stored: true });
  }

  /** Takes bytes of a chunk of `length` as far as they are new; their number. Between its bytes, a chunk never has gaps. */
  fill(index: number, within: number, part: Uint8Array, length: number): number {
    const chunk = this.#chunks.get(index) ?? { bytes: this.#take(length), filled: 0, full: false, stored: false };
    this.#chunks.set(index, chunk);
    if (chunk.full || chunk.filled < within) return 0;
    const added = part.subarray(chunk.filled - within);
    chunk.bytes.set(added, chunk.filled);
    chunk.filled += added.length;
    chunk.full = chunk.filled === length;
    return added.length;
  }

  /** Gives memory back that {@link release} gave away. */
  reuse({ buffer }: Uint8Array<ArrayBuffer>): void {
    if (buffer.byteLength === this.#chunkBytes) this.#free.push(new Uint8Array(buffer));
  }

  #take(length: number): Uint8Array<ArrayBuffer> {
    return this.#free.pop()?.subarray(0, length) ?? new Uint8Array(length);
  }

  /** Takes the full chunks before `end` out. */
  *release(end: number): Generator<[number, Chunk], void> {
    for (const [index, chunk] of this.#chunks) {
      if (!chunk.full || index >= end) continue;
      this.#chunks.delete(index);
      yield [index, chunk];
    }
  }

  /** Bytes from the server that lie behind a position. */
  bytesAfter(position: number): number {
    let bytes = 0;
    for (const [index, { filled, stored }] of this.#chunks) {
      if (!stored) bytes += Math.max(0, Math.min(filled, index * this.#chunkBytes + filled - position));
    }
    return bytes;
  }
}
