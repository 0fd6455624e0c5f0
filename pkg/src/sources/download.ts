// A file as it comes from a server: read in order while its chunks arrive in any, hashed, and kept in the cache where there is one.
import type { Manifest, Version } from "../cache/manifest.js";
import { WgslmError } from "../errors.js";
import { ChunkMemory } from "./chunk-memory.js";
import { FileDigest } from "./file-digest.js";
import type { KeptChunks } from "./kept-chunks.js";
import { ReadBytes } from "./model-file.js";
import type { Answer, Known, Range, Remote } from "./request.js";
import type { DownloadPolicy } from "./retry.js";
import { type Claim, type Sink, Transfers } from "./transfers.js";

export interface DownloadOptions {
  policy: DownloadPolicy;
  signal: AbortSignal;
  /** The SHA-256 that the whole file has to have. */
  integrity?: string | undefined;
  /** Called when bytes have arrived. */
  onArrival?: (() => void) | undefined;
}

export class Download implements Sink {
  readonly #url: string;
  readonly #policy: DownloadPolicy;
  readonly #chunkBytes: number;
  readonly #onArrival: (() => void) | undefined;
  readonly #controller = new AbortController();
  readonly #transfers: Transfers;
  readonly #memory: ChunkMemory;
  #kept: KeptChunks | undefined;
  #failure: unknown;
  #wake: () => void = () => undefined;
  #change = new Promise<void>((resolve) => (this.#wake = resolve));

  #version: Version | undefined;
  #size: number | undefined;
  #received = 0;
  readonly #cachedBytes = new ReadBytes();

  #position = 0;
  #reading = true;
  #settling = false;

  readonly #digest: FileDigest | undefined;

  /** A download, which goes on from `part` where that is given. */
  constructor(remote: Remote, { policy, signal, integrity, onArrival }: DownloadOptions, part?: Manifest) {
    this.#url = remote.url;
    this.#policy = policy;
    this.#onArrival = onArrival;
    this.#chunkBytes = part?.chunkBytes ?? policy.chunkBytes;
    this.#version = part?.version;
    this.#size = part?.size;
    this.#memory = new ChunkMemory(this.#chunkBytes);
    this.#digest = integrity === undefined ? undefined : new FileDigest(integrity);
    this.#transfers = new Transfers(remote, policy, this, this.#controller.signal);
    if (signal.aborted) this.fail(signal.reason);
    else signal.addEventListener("abort", () => this.fail(signal.reason), { signal: this.#controller.signal });
  }

  get size(): number | undefined {
    return this.#size;
  }

  get version(): Version {
    return this.#version ?? {};
  }

  get chunkBytes(): number {
    return this.#chunkBytes;
  }

  get known(): Known | undefined {
    return this.#version && { version: this.#version, size: this.#size };
  }

  get received(): number {
    return this.#received;
  }

  /** Bytes read so far that were in the cache before. */
  get cachedBytes(): number {
    return this.#cachedBytes.count;
  }

  /** Bytes that have arrived and haven't been read. */
  get aheadBytes(): number {
    return this.#memory.bytesAfter(this.#position);
  }

  /** The reason why the file isn't kept, if it was to be. */
  get failure(): WgslmError | undefined {
    return this.#kept?.failure;
  }

  /** True once the whole file is in the cache. */
  get kept(): boolean {
    return this.#kept?.complete ?? false;
  }

  /** Makes the first request, for the first bytes that `part` lacks. What comes of it is given to {@link run}. */
  async begin(part?: Manifest): Promise<Answer> {
    let first = 0;
    while (part?.chunks.has(first)) first += 1;
    let end = first + 1;
    while (end - first < this.#policy.requestChunks && !part?.chunks.has(end)) end += 1;
    const answer = await this.#transfers.begin(this.#rangeOf({ first, end }));
    this.#version = answer.version;
    // The length of a file that comes coded from another origin would be that of the coded bytes.
    if (answer.range || answer.version.sameOrigin) this.#size = answer.size;
    return answer;
  }

  /** Starts the download, whose chunks are added to `kept` where that is given. */
  run(answer: Answer, kept: KeptChunks | undefined): void {
    this.#kept = kept;
    const { start, end } = answer.range ?? { start: 0, end: 0 };
    this.#transfers.start(answer, { first: start / this.#chunkBytes, end: Math.ceil(end / this.#chunkBytes) });
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

  /** Reads from where the last read ended; resolves to 0 at the end, and where nobody reads on. */
  async read(into: Uint8Array): Promise<number> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure;
      if (!this.#reading || this.#position >= (this.#size ?? Infinity)) return 0;
      const index = this.#current;
      const within = this.#position - index * this.#chunkBytes;
      const chunk = this.#memory.get(index);
      // Whole chunks alone: a call into the loader for every piece of the network would cost more than the bytes.
      if (chunk?.full && within < chunk.filled) {
        const length = Math.min(chunk.filled - within, into.length);
        into.set(chunk.bytes.subarray(within, within + length));
        if (chunk.stored && this.#kept!.hadBefore(index)) this.#cachedBytes.add(this.#position, length);
        this.#position += length;
        // From here on, the chunk's memory may be another thread's.
        this.#advance();
        return length;
      }
      if (this.#kept?.has(index)) {
        const stored = await this.#kept.read(index);
        if (stored) this.#memory.takeStored(index, stored);
        continue;
      }
      this.#transfers.pump();
      await this.#change;
    }
  }

  /** Resolves once the whole file is stored, if it is kept, and has the digest that it should have. */
  async settle(): Promise<void> {
    this.#settling = true;
    this.#reading = false;
    this.#advance();
    while (!this.#isSettled) {
      if (this.#failure !== undefined) throw this.#failure;
      await this.#change;
    }
    const sha256 = this.#digest?.finish(this.#url);
    if (sha256 !== undefined) await this.#kept?.note({ sha256 });
  }

  /** Ends what is under way; what has arrived is stored. */
  async close(): Promise<void> {
    this.fail(new WgslmError("unloaded", "the file was closed"));
    this.#reading = false;
    this.#advance();
    while (this.#kept && this.#kept.writing > 0) await this.#change;
    await this.#kept?.close();
  }

  fail(error: unknown): void {
    this.#failure ??= error;
    this.#controller.abort(error);
    this.#notify();
  }

  put(offset: number, piece: Uint8Array): void {
    let isFull = false;
    for (let rest = piece; rest.length > 0; ) {
      const index = Math.floor(offset / this.#chunkBytes);
      const within = offset - index * this.#chunkBytes;
      const part = rest.subarray(0, this.#chunkBytes - within);
      if (!this.#kept?.has(index) && !this.#kept?.isWriting(index)) {
        this.#received += this.#memory.fill(index, within, part, this.#lengthOf(index));
        isFull ||= this.#memory.get(index)!.full;
      }
      offset += part.length;
      rest = rest.subarray(part.length);
    }
    if (isFull) this.#advance();
    else this.#notify();
    this.#onArrival?.();
  }

  async ended(size: number): Promise<void> {
    this.#size = size;
    const last = this.#memory.get(this.#count - 1);
    if (last) last.full = true;
    await this.#kept?.note({ size });
    this.#advance();
  }

  async room(): Promise<void> {
    while (this.#failure === undefined && this.#isCrowded) await this.#change;
  }

  missingOf(claim: Claim): Range | undefined {
    let { first } = claim;
    const isNeeded = (index: number): boolean => this.#isMissing(index) && !this.#isDone(index);
    while (first < claim.end && !isNeeded(first)) first += 1;
    if (first === claim.end) return undefined;
    const { start, end } = this.#rangeOf({ first, end: claim.end });
    return { start: start + (this.#memory.get(first)?.filled ?? 0), end };
  }

  /** The first missing chunks, from the one to be read on; those before it only where the whole file is needed. */
  nextClaim(claimed: ReadonlySet<number>, most: number): Claim | undefined {
    if (!this.#reading && !this.#settling) return undefined;
    const isFree = (index: number): boolean => !claimed.has(index) && this.#isMissing(index);
    const from = this.#reading ? this.#current : 0;
    const find = (start: number, end: number, isWanted: (index: number) => boolean): number | undefined => {
      for (let index = start; index < end; index++) if (isFree(index) && isWanted(index)) return index;
      return undefined;
    };
    const isWanted = (index: number): boolean => !this.#isDone(index);
    const first = find(from, this.#count, isWanted) ?? find(0, Math.min(from, this.#count), isWanted);
    if (first === undefined) return undefined;
    const coming = [...claimed].filter((index) => !this.#memory.has(index)).length;
    const isAwaited = this.#reading && first === from;
    const room = this.#policy.heldChunks - this.#held - coming;
    if (room <= 0 && !isAwaited) return undefined;
    // A request that is alone waits for room as its bytes come.
    const length = claimed.size === 0 ? most : Math.min(room, most);
    let end = first + 1;
    while (end - first < length && end < this.#count && isFree(end)) end += 1;
    return { first, end };
  }

  get #current(): number {
    return Math.floor(this.#position / this.#chunkBytes);
  }

  get #count(): number {
    return Math.ceil((this.#size ?? 0) / this.#chunkBytes);
  }

  get #keeps(): boolean {
    return this.#kept !== undefined && this.#kept.failure === undefined;
  }

  get #held(): number {
    return this.#memory.count + (this.#kept?.writing ?? 0);
  }

  get #isSettled(): boolean {
    const isHashed = !this.#digest || (this.#size !== undefined && this.#digest.next >= this.#count);
    return isHashed && (!this.#keeps || (this.#kept!.complete && this.#kept!.writing === 0));
  }

  /** True where what comes in one piece has to wait until some of it has been read or written. */
  get #isCrowded(): boolean {
    if (!this.#reading && !this.#settling) return true;
    if (this.#held < this.#policy.heldChunks) return false;
    // What is being written makes room by itself; otherwise only the chunk to be read does.
    const isAwaited = this.#reading && !this.#kept?.has(this.#current) && !this.#memory.get(this.#current)?.full;
    return !isAwaited || (this.#kept?.writing ?? 0) > 0;
  }

  #lengthOf(index: number): number {
    return Math.min(this.#chunkBytes, (this.#size ?? Infinity) - index * this.#chunkBytes);
  }

  #rangeOf({ first, end }: Claim): Range {
    return { start: first * this.#chunkBytes, end: Math.min(end * this.#chunkBytes, this.#size ?? Infinity) };
  }

  /** True for a chunk that is neither in memory nor in the cache. */
  #isMissing(index: number): boolean {
    return !(this.#kept?.has(index) || this.#kept?.isWriting(index) || this.#memory.get(index)?.full);
  }

  /** True for a chunk that nobody needs any more: read, hashed, and not kept. */
  #isDone(index: number): boolean {
    const isRead = !this.#reading || index < this.#firstToRead;
    return !this.#keeps && isRead && index < (this.#digest?.next ?? Infinity);
  }

  /** The first chunk that hasn't been read to its end. */
  get #firstToRead(): number {
    return this.#position < (this.#size ?? Infinity) ? this.#current : Infinity;
  }

  #notify(): void {
    this.#wake();
    this.#change = new Promise((resolve) => (this.#wake = resolve));
  }

  /** Lets go of the chunks that nobody needs in memory, and asks for more. */
  #advance(): void {
    this.#digest?.advance(this.#memory, this.#kept, (error) => {
      if (error !== undefined) this.fail(error);
      else if (this.#failure === undefined) this.#advance();
    });
    const toHold = Math.min(this.#reading ? this.#firstToRead : Infinity, this.#digest?.next ?? Infinity);
    for (const [index, { bytes, filled, stored }] of this.#memory.release(toHold)) {
      if (!this.#keeps || stored) {
        this.#memory.reuse(bytes);
        continue;
      }
      void this.#kept!.store(index, bytes.subarray(0, filled)).then((memory) => {
        if (memory) this.#memory.reuse(memory);
        this.#transfers.pump();
        this.#notify();
      });
    }
    this.#transfers.pump();
    this.#notify();
  }
}
