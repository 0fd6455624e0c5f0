// Files that are at hand: blobs and streams.
import { WgslmError, messageOf } from "../errors.js";
import type { ModelFile } from "./model-file.js";

/** A blob, or a file on the disk, from an offset on. */
export class BlobFile implements ModelFile {
  readonly cachedBytes = 0;
  readonly aheadBytes = 0;
  readonly #blob: Blob;
  #position: number;

  constructor(blob: Blob, offset: number) {
    this.#blob = blob;
    this.#position = offset;
  }

  get size(): number {
    return this.#blob.size;
  }

  async read(into: Uint8Array): Promise<number> {
    const piece = this.#blob.slice(this.#position, this.#position + into.length);
    const bytes = new Uint8Array(await piece.arrayBuffer().catch(broken));
    into.set(bytes);
    this.#position += bytes.length;
    return bytes.length;
  }

  async close(): Promise<void> {}
}

/** A stream of bytes; those before `skip` aren't wanted. */
export class StreamFile implements ModelFile {
  readonly size = undefined;
  readonly cachedBytes = 0;
  readonly #pieces: AsyncGenerator<Uint8Array, void>;
  readonly #cancel: () => void;
  readonly #signal: AbortSignal;
  #skip: number;
  /** The rest of the piece that is being read. */
  #rest: Uint8Array = new Uint8Array(0);

  constructor(stream: ReadableStream<Uint8Array>, skip: number, signal: AbortSignal) {
    const reader = stream.getReader();
    this.#pieces = pieces(reader, signal);
    this.#skip = skip;
    this.#signal = signal;
    // Also wakes a read that waits for a stalled stream.
    this.#cancel = (): void => void reader.cancel(signal.reason).catch(() => undefined);
    signal.addEventListener("abort", this.#cancel);
  }

  get aheadBytes(): number {
    return this.#rest.length;
  }

  async read(into: Uint8Array): Promise<number> {
    while (this.#rest.length === 0) {
      const { value, done } = await this.#pieces.next();
      if (done) return 0;
      this.#rest = value.subarray(this.#skip);
      this.#skip -= value.length - this.#rest.length;
    }
    const part = this.#rest.subarray(0, into.length);
    into.set(part);
    this.#rest = this.#rest.subarray(part.length);
    return part.length;
  }

  async close(): Promise<void> {
    this.#signal.removeEventListener("abort", this.#cancel);
    this.#cancel();
  }
}

/** The pieces of a stream; each is under way while the one before is used. */
async function* pieces(reader: ReadableStreamDefaultReader<unknown>, signal: AbortSignal): AsyncGenerator<Uint8Array, void> {
  const begin = (): Promise<Uint8Array | undefined> => {
    const next = readPiece(reader, signal);
    // It may fail after whoever used the pieces has given up; who still waits for it hears of it.
    next.catch(() => undefined);
    return next;
  };
  let next = begin();
  for (let piece; (piece = await next);) {
    next = begin();
    yield piece;
  }
}

/** Reads one piece, `undefined` at the end; a broken connection or a vanished file is a `network` error. */
async function readPiece(reader: ReadableStreamDefaultReader<unknown>, signal: AbortSignal): Promise<Uint8Array | undefined> {
  const { done, value } = await reader.read().catch((error: unknown) => {
    signal.throwIfAborted();
    return broken(error);
  });
  // A cancelled stream ends like a finished one.
  signal.throwIfAborted();
  if (done) return undefined;
  if (value instanceof Uint8Array) return value;
  throw new WgslmError("invalid-argument", "the stream holds something else than Uint8Array pieces; give one of bytes");
}

function broken(error: unknown): never {
  throw new WgslmError("network", `reading the model failed (${messageOf(error)}); try again`);
}
