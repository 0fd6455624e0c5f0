// A file as it comes from a server: in parallel ranges where the server has them, otherwise in one piece; read in order meanwhile, and
// kept in the cache where there is one.
import { hex, sha256 } from "../cache/digest.js";
import type { Manifest, Version } from "../cache/manifest.js";
import { type WritableEntry, storageError } from "../cache/place.js";
import { Sha256 } from "../cache/sha256.js";
import { WgslmError } from "../errors.js";
import { type Answer, NoRanges, type Range, type Remote, bodyOf, hasValidator, request } from "./request.js";
import { type DownloadPolicy, Passing, retrying } from "./retry.js";

/** Where the chunks of a download are kept. */
export interface Keeping {
  entry: WritableEntry;
  /** What is stored already; the download adds to it. */
  manifest: Manifest;
}

interface Chunk {
  bytes: Uint8Array<ArrayBuffer>;
  filled: number;
  full: boolean;
  /** True for one that was read back from the cache. */
  stored: boolean;
}

export interface DownloadOptions {
  policy: DownloadPolicy;
  signal: AbortSignal;
  /** The SHA-256 that the whole file has to have. */
  integrity?: string | undefined;
  /** Called when bytes have arrived. */
  onArrival?: (() => void) | undefined;
}

export class Download {
  readonly #remote: Remote;
  readonly #policy: DownloadPolicy;
  readonly #chunkBytes: number;
  readonly #integrity: string | undefined;
  readonly #onArrival: () => void;
  readonly #controller = new AbortController();
  /** Ends the requests for ranges once the server turns out to have none. */
  readonly #rangesController = new AbortController();
  #failure: unknown;
  #wake: () => void = () => undefined;
  #change = new Promise<void>((resolve) => (this.#wake = resolve));

  #size: number | undefined;
  #version: Version = {};
  #known = false;
  #inOnePiece = false;
  #received = 0;

  /** The chunks in memory: those that arrive, those to be read, and those to be hashed. */
  readonly #chunks = new Map<number, Chunk>();
  readonly #claimed = new Set<number>();
  readonly #writing = new Set<number>();
  #running = 0;
  #started = false;

  #position = 0;
  #reading = true;
  #settling = false;
  #cachedBytes = 0;

  #keeping: Keeping | undefined;
  #keeps = false;
  #warning: WgslmError | undefined;

  readonly #hash: Sha256 | undefined;
  #hashed = 0;
  #hashing = false;

  /** A download, which goes on from `resumed` where that is given. */
  constructor(remote: Remote, { policy, signal, integrity, onArrival }: DownloadOptions, resumed?: Manifest) {
    this.#remote = remote;
    this.#policy = policy;
    this.#integrity = integrity;
    this.#hash = integrity === undefined ? undefined : new Sha256();
    this.#onArrival = onArrival ?? (() => undefined);
    this.#chunkBytes = resumed?.chunkBytes ?? policy.chunkBytes;
    if (resumed) {
      this.#version = resumed.version;
      this.#size = resumed.size;
      this.#known = true;
    }
    if (signal.aborted) this.#fail(signal.reason);
    else signal.addEventListener("abort", () => this.#fail(signal.reason), { signal: this.#controller.signal });
  }

  get size(): number | undefined {
    return this.#size;
  }

  get version(): Version {
    return this.#version;
  }

  get chunkBytes(): number {
    return this.#chunkBytes;
  }

  /** Bytes read so far that were in the cache before. */
  get cachedBytes(): number {
    return this.#cachedBytes;
  }

  /** Bytes that have come from the server. */
  get received(): number {
    return this.#received;
  }

  /** Bytes in memory that lie behind what has been read. */
  get aheadBytes(): number {
    let bytes = 0;
    for (const [index, { filled, stored }] of this.#chunks) {
      if (!stored) bytes += Math.max(0, Math.min(filled, index * this.#chunkBytes + filled - this.#position));
    }
    return bytes;
  }

  /** The reason why the file isn't kept, if it was to be. */
  get warning(): WgslmError | undefined {
    return this.#warning;
  }

  /** True once the whole file is stored. */
  get kept(): boolean {
    return this.#keeps && this.#keeping!.manifest.complete;
  }

  /** Makes the first request, for the first bytes that `stored` lacks. What comes of it is given to {@link run}. */
  async begin(stored?: Manifest): Promise<Answer> {
    const { requestChunks, firstAttempts } = this.#policy;
    let first = 0;
    while (stored?.chunks.has(first)) first += 1;
    let end = first + 1;
    while (end - first < requestChunks && !stored?.chunks.has(end)) end += 1;
    const range = { start: first * this.#chunkBytes, end: Math.min(end * this.#chunkBytes, this.#size ?? Infinity) };
    let attempts = 0;
    const ask = async (): Promise<Answer> => {
      attempts += 1;
      try {
        // Some servers send coded bodies to those who ask for ranges, which browsers refuse to read.
        if (attempts === firstAttempts && attempts > 1) return await this.#request(undefined);
        const answer = await this.#request(range);
        const { range: given, size, version } = answer;
        // Without a validator, bytes of two requests might be of two versions.
        if (!given || hasValidator(version) || (given.start === 0 && given.end === size)) return answer;
        await answer.response.body!.cancel();
      } catch (error) {
        if (!(error instanceof NoRanges)) throw error;
      }
      return this.#request(undefined);
    };
    const answer = await retrying(ask, firstAttempts, this.#policy, this.#controller.signal);
    this.#known = true;
    this.#version = answer.version;
    // The length of a file that comes coded from another origin would be that of the coded bytes.
    if (answer.range || answer.version.sameOrigin) this.#size = answer.size;
    return answer;
  }

  /** Starts the download, whose chunks are kept where `keeping` says so; `warning` is the reason for not doing so. */
  run(answer: Answer, keeping: Keeping | undefined, warning?: WgslmError): void {
    this.#keeping = keeping;
    this.#keeps = keeping !== undefined;
    this.#warning = warning;
    this.#started = true;
    if (answer.range) {
      const [first, end] = [answer.range.start, answer.range.end].map((offset) => Math.ceil(offset / this.#chunkBytes));
      void this.#runRange({ first: first!, end: end! }, answer);
      this.#pump();
    } else {
      this.#inOnePiece = true;
      void this.#runWhole(answer);
    }
  }

  /** Goes on where the next bytes are wanted: at `position`. */
  attach(position: number): void {
    this.#position = position;
    this.#reading = true;
    this.#advance();
  }

  /** Holds on until somebody reads again. */
  detach(): void {
    this.#reading = false;
    this.#advance();
  }

  /** Reads from where the last read ended; resolves to 0 at the end. */
  async read(into: Uint8Array): Promise<number> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#position >= (this.#size ?? Infinity)) return 0;
      const index = Math.floor(this.#position / this.#chunkBytes);
      const within = this.#position - index * this.#chunkBytes;
      const chunk = this.#chunks.get(index);
      if (chunk && within < chunk.filled) {
        const part = chunk.bytes.subarray(within, Math.min(chunk.filled, within + into.length));
        into.set(part);
        this.#position += part.length;
        if (chunk.stored) this.#cachedBytes += part.length;
        this.#advance();
        return part.length;
      }
      if (this.#isStored(index)) {
        const stored = await this.#readBack(index);
        if (stored) this.#chunks.set(index, { bytes: stored, filled: stored.length, full: true, stored: true });
        continue;
      }
      this.#pump();
      await this.#change;
    }
  }

  /** Resolves once the whole file is stored, if it is kept, and has the digest that it should have. */
  async settle(): Promise<void> {
    this.#settling = true;
    this.#reading = false;
    this.#advance();
    const done = (): boolean => {
      const hashed = !this.#hash || this.#hashed * this.#chunkBytes >= (this.#size ?? Infinity);
      return hashed && this.#writing.size === 0 && (!this.#keeps || this.#keeping!.manifest.complete);
    };
    while (!done()) {
      if (this.#failure !== undefined) throw this.#failure;
      await this.#change;
    }
    if (!this.#hash) return;
    const digest = hex(this.#hash.digest());
    if (digest !== this.#integrity) throw wrongContent(this.#remote.url, this.#integrity!, digest);
    if (this.#keeps) await this.#keeping!.entry.append([{ sha256: digest }]);
  }

  /** Ends what is under way; what has arrived is stored. */
  async close(): Promise<void> {
    this.#fail(new WgslmError("unloaded", "the file was closed"));
    this.#reading = false;
    this.#advance();
    while (this.#writing.size > 0) await this.#change;
    await this.#keeping?.entry.close().catch(() => undefined);
  }

  #request(range: Range | undefined, signal = this.#controller.signal): Promise<Answer> {
    const known = this.#known ? { version: this.#version, size: this.#size } : undefined;
    return request(this.#remote, range, known, signal);
  }

  #notify(): void {
    this.#wake();
    this.#change = new Promise((resolve) => (this.#wake = resolve));
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    this.#controller.abort(error);
    this.#notify();
  }

  /** Lets go of the chunks that nobody needs in memory, and asks for more. */
  #advance(): void {
    const { bytes: nextBytes, filled = 0, full = false } = this.#chunks.get(this.#hashed) ?? {};
    if (this.#hash && full && !this.#hashing) {
      this.#hash.update(nextBytes!.subarray(0, filled));
      this.#hashed += 1;
      return this.#advance();
    }
    if (this.#hash && this.#isStored(this.#hashed) && !full) void this.#hashStored();
    const firstToRead = this.#reading && this.#position < (this.#size ?? Infinity) ? Math.floor(this.#position / this.#chunkBytes) : Infinity;
    const firstToHold = Math.min(this.#reading ? firstToRead : Infinity, this.#hash ? this.#hashed : Infinity);
    for (const [index, chunk] of this.#chunks) {
      if (!chunk.full || index >= firstToHold) continue;
      this.#chunks.delete(index);
      if (this.#keeps && !chunk.stored) void this.#store(index, chunk);
    }
    this.#pump();
    this.#notify();
  }

  #isStored(index: number): boolean {
    return this.#keeping?.manifest.chunks.has(index) ?? false;
  }

  /** Hashes the next chunk from the cache. */
  async #hashStored(): Promise<void> {
    if (this.#hashing) return;
    this.#hashing = true;
    const bytes = await this.#readBack(this.#hashed).catch((error: unknown) => this.#fail(error));
    if (bytes) this.#hash!.update(bytes);
    if (bytes) this.#hashed += 1;
    this.#hashing = false;
    if (this.#failure === undefined) this.#advance();
  }

  /** A chunk from the cache; `undefined` where it is damaged, and has to come from the server again. */
  async #readBack(index: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const { entry, manifest } = this.#keeping!;
    const bytes = await entry.read(index * this.#chunkBytes, manifest.lengthOf(index));
    if ((await sha256(bytes)) === manifest.chunks.get(index)) return bytes;
    manifest.chunks.delete(index);
    await entry.append([{ damaged: index }]);
    return undefined;
  }

  async #store(index: number, { bytes, filled }: Chunk): Promise<void> {
    const { entry, manifest } = this.#keeping!;
    this.#writing.add(index);
    try {
      const content = bytes.subarray(0, filled);
      const digest = await sha256(content);
      await entry.write(content, index * this.#chunkBytes);
      await entry.append([{ chunk: index, digest }]);
      manifest.add({ chunk: index, digest });
    } catch (error) {
      this.#stopKeeping(storageError(error));
    }
    this.#writing.delete(index);
    this.#pump();
    this.#notify();
  }

  /** Goes on without the cache. What it has can still be read until the end. */
  #stopKeeping(reason: WgslmError): void {
    this.#keeps = false;
    this.#warning ??= reason;
  }

  /** Starts requests for what is missing, the bytes to be read next first. */
  #pump(): void {
    if (!this.#started || this.#failure !== undefined || !(this.#reading || this.#settling)) return;
    if (this.#inOnePiece) {
      if (this.#running === 0 && this.#missing() !== undefined) void this.#runWhole();
      return;
    }
    while (this.#size !== undefined && this.#running < this.#policy.connections) {
      const first = this.#missing();
      if (first === undefined) return;
      const room = this.#policy.heldChunks - this.#held();
      const isAwaited = this.#reading && first === Math.floor(this.#position / this.#chunkBytes);
      if (room <= 0 && !isAwaited) return;
      let end = first + 1;
      while (end - first < Math.min(room, this.#policy.requestChunks) && end < this.#count() && this.#isMissing(end)) end += 1;
      void this.#runRange({ first, end });
    }
  }

  #count(): number {
    return Math.ceil((this.#size ?? 0) / this.#chunkBytes);
  }

  #isMissing(index: number): boolean {
    return !(this.#claimed.has(index) || this.#writing.has(index) || this.#isStored(index) || this.#chunks.get(index)?.full);
  }

  /** The first missing chunk, from the one to be read on; those before it only where the whole file is needed. */
  #missing(): number | undefined {
    const count = this.#count();
    const from = this.#reading ? Math.floor(this.#position / this.#chunkBytes) : 0;
    const unhashed = this.#hash ? this.#hashed : Infinity;
    for (let index = from; index < count; index++) {
      if (this.#isMissing(index) && (this.#reading || this.#keeps || index >= unhashed)) return index;
    }
    for (let index = 0; index < Math.min(from, count); index++) {
      if (this.#isMissing(index) && (this.#keeps || index >= unhashed)) return index;
    }
    return undefined;
  }

  #held(): number {
    const coming = [...this.#claimed].filter((index) => !this.#chunks.has(index));
    return this.#chunks.size + this.#writing.size + coming.length;
  }

  async #runRange(claim: { first: number; end: number }, given?: Answer): Promise<void> {
    for (let index = claim.first; index < claim.end; index++) this.#claimed.add(index);
    this.#running += 1;
    const signal = AbortSignal.any([this.#controller.signal, this.#rangesController.signal]);
    let answer = given;
    const fetchClaim = async (): Promise<void> => {
      for (let range; (range = this.#missingOf(claim)); answer = undefined) {
        answer ??= await this.#request(range, signal);
        if (!answer.range) {
          await answer.response.body?.cancel().catch(() => undefined);
          throw new NoRanges();
        }
        await this.#take(answer, signal);
      }
    };
    const settled = retrying(
      () => fetchClaim().finally(() => (answer = undefined)),
      this.#policy.attempts,
      this.#policy,
      signal,
      () => this.#received,
    );
    await settled.catch((error: unknown) => {
      if (error instanceof NoRanges) this.#giveUpRanges();
      else if (!this.#inOnePiece) this.#fail(error);
    });
    for (let index = claim.first; index < claim.end; index++) this.#claimed.delete(index);
    this.#running -= 1;
    this.#pump();
  }

  /** The bytes that a claim still lacks. */
  #missingOf({ first, end }: { first: number; end: number }): Range | undefined {
    let index = first;
    while (index < end && (this.#isStored(index) || this.#writing.has(index) || this.#chunks.get(index)?.full || this.#wasLetGo(index))) index += 1;
    if (index >= end) return undefined;
    const start = index * this.#chunkBytes + (this.#chunks.get(index)?.filled ?? 0);
    return { start, end: Math.min(end * this.#chunkBytes, this.#size ?? Infinity) };
  }

  /** True for a chunk that was read and isn't kept. */
  #wasLetGo(index: number): boolean {
    const isRead = !this.#reading || (index + 1) * this.#chunkBytes <= this.#position || this.#position >= (this.#size ?? Infinity);
    return !this.#keeps && isRead && (!this.#hash || index < this.#hashed);
  }

  #giveUpRanges(): void {
    if (this.#inOnePiece) return;
    this.#inOnePiece = true;
    this.#rangesController.abort();
  }

  async #runWhole(given?: Answer): Promise<void> {
    this.#running += 1;
    let answer = given;
    const fetchWhole = async (): Promise<void> => {
      const taken = answer ?? (await this.#request(undefined));
      answer = undefined;
      await this.#take(taken, this.#controller.signal);
    };
    await retrying(fetchWhole, this.#policy.attempts, this.#policy, this.#controller.signal, () => this.#received).catch(
      (error: unknown) => this.#fail(error),
    );
    this.#running -= 1;
    this.#advance();
  }

  /** Takes the bytes of an answer to its end. */
  async #take(answer: Answer, signal: AbortSignal): Promise<void> {
    const end = answer.range?.end ?? this.#size;
    let offset = answer.range?.start ?? 0;
    for await (const piece of bodyOf(answer, this.#remote.url, this.#policy.stallMs, signal)) {
      this.#put(offset, end === undefined ? piece : piece.subarray(0, end - offset));
      offset += piece.length;
      if (answer.range && offset >= answer.range.end) return;
      while (!answer.range && this.#isCrowded()) {
        await this.#change;
        signal.throwIfAborted();
      }
    }
    if (end !== undefined && offset < end) {
      const message = `the answer of ${this.#remote.url} ended before its time; load the model again`;
      throw new Passing(new WgslmError("network", message));
    }
    if (this.#size === undefined) await this.#ended(offset);
  }

  /** True where what comes in one piece has to wait until some of it has been read or written. */
  #isCrowded(): boolean {
    if (this.#failure !== undefined) return false;
    if (!this.#reading && !this.#settling) return true;
    const awaited = Math.floor(this.#position / this.#chunkBytes);
    const isAwaited = this.#reading && !this.#isStored(awaited) && !this.#chunks.has(awaited);
    return !isAwaited && this.#chunks.size + this.#writing.size >= this.#policy.heldChunks;
  }

  /** The end of a file whose size nobody told. */
  async #ended(size: number): Promise<void> {
    this.#size = size;
    if (this.#keeps) {
      const entry = { size };
      this.#keeping!.manifest.add(entry);
      await this.#keeping!.entry.append([entry]).catch((error: unknown) => this.#stopKeeping(storageError(error)));
    }
    const last = this.#chunks.get(this.#count() - 1);
    if (last) last.full = true;
    this.#advance();
  }

  /** Takes bytes that have come, as far as they are new. */
  #put(offset: number, piece: Uint8Array): void {
    let isFull = false;
    for (let rest = piece; rest.length > 0; ) {
      const index = Math.floor(offset / this.#chunkBytes);
      const within = offset - index * this.#chunkBytes;
      const part = rest.subarray(0, this.#chunkBytes - within);
      if (!this.#isStored(index) && !this.#writing.has(index)) isFull = this.#fill(index, within, part) || isFull;
      offset += part.length;
      rest = rest.subarray(part.length);
    }
    if (isFull) this.#advance();
    else this.#notify();
    this.#onArrival();
  }

  /** Adds to a chunk; true once it is full. */
  #fill(index: number, within: number, part: Uint8Array): boolean {
    const length = Math.min(this.#chunkBytes, (this.#size ?? Infinity) - index * this.#chunkBytes);
    let chunk = this.#chunks.get(index);
    if (!chunk) {
      chunk = { bytes: new Uint8Array(length), filled: 0, full: false, stored: false };
      this.#chunks.set(index, chunk);
    }
    if (chunk.full || chunk.filled < within) return false;
    const added = part.subarray(chunk.filled - within);
    if (added.length === 0) return false;
    chunk.bytes.set(added, chunk.filled);
    chunk.filled += added.length;
    this.#received += added.length;
    chunk.full = chunk.filled === length;
    return chunk.full;
  }
}

/** The error that a file isn't the one that the caller wants. */
export function wrongContent(url: string, wanted: string, found: string): WgslmError {
  return new WgslmError(
    "integrity",
    `${url} has the SHA-256 ${found} instead of ${wanted}; check the address and the option integrity. Nothing of it was kept`,
  );
}
