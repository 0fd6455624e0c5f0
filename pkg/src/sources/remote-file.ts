// A model's file at an address: read from the cache where it is there, downloaded into it where it isn't.
import { takeLock, lockName, type Release } from "../cache/locks.js";
import { type Cached, addAddress, cachedAt, cachedContent, digestOf, idOf, removeCached, roomFor, writablePlace } from "../cache/library.js";
import { Manifest } from "../cache/manifest.js";
import { type WritableEntry, noRoomFor, storageError } from "../cache/place.js";
import { WgslmError } from "../errors.js";
import type { CacheMode } from "../types.js";
import { Download } from "./download.js";
import { KeptChunks } from "./kept-chunks.js";
import { type ModelFile, ReadBytes } from "./model-file.js";
import { Absent, type Answer, Changed, type Remote, claimedDigest, hasValidator, refused } from "./request.js";
import type { DownloadPolicy } from "./retry.js";
import { Damaged, StoredFile } from "./stored-file.js";

/** Bytes of a file, of those that it has. */
export interface Amount {
  bytes: number;
  total: number | undefined;
}

/** A file and the way to get it. */
export interface RemoteFileOptions {
  remote: Remote;
  cache: CacheMode;
  integrity: string | undefined;
  policy: DownloadPolicy;
  signal: AbortSignal;
  /** Called when bytes have arrived. */
  onArrival(): void;
  /** Called while another tab downloads the file, with what it has. */
  onWaiting(amount: Amount): void;
}

/** The time between two messages to tabs that wait for a download, in ms. */
const TELL_INTERVAL = 200;

export class RemoteFile implements ModelFile {
  readonly #options: RemoteFileOptions;
  /** The file in the cache; `download` adds to it where that is there. */
  #cached: Cached | undefined;
  #stored: StoredFile | undefined;
  #download: Download | undefined;
  #release: Release = () => undefined;
  #warning: WgslmError | undefined;
  #wrong = false;
  readonly #storedBytes = new ReadBytes();
  #toldAt = 0;
  #channel: BroadcastChannel | undefined;

  private constructor(options: RemoteFileOptions) {
    this.#options = options;
  }

  /** Opens a file; `undefined` where the server's answer is one of the statuses `absent`. */
  static async open(options: RemoteFileOptions, offset: number, absent: readonly number[]): Promise<RemoteFile | undefined> {
    const file = new RemoteFile(options);
    try {
      if (!(await file.#prepare(offset, absent))) {
        await file.close();
        return undefined;
      }
      return file;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  get size(): number | undefined {
    return this.#cached?.manifest.size ?? this.#download?.size;
  }

  get cachedBytes(): number {
    return this.#storedBytes.count + (this.#download?.cachedBytes ?? 0);
  }

  get aheadBytes(): number {
    return this.#download?.aheadBytes ?? 0;
  }

  /** The reason why it isn't kept, if it was to be. */
  get warning(): WgslmError | undefined {
    return this.#warning ?? this.#download?.failure;
  }

  /** True where it is whole in the cache. */
  get kept(): boolean {
    return this.#stored !== undefined || (this.#download?.kept ?? false);
  }

  /** True where it is read again from another offset, without another request. */
  get reopens(): boolean {
    return this.#cached !== undefined;
  }

  /** Goes on reading at an offset. */
  async seek(offset: number): Promise<void> {
    if (this.#download) this.#download.attach(offset);
    else if (this.#stored) this.#stored.position = offset;
  }

  /** Holds on until it is read again. */
  rest(): void {
    this.#download?.detach();
  }

  async read(into: Uint8Array): Promise<number> {
    try {
      if (this.#download) return await this.#download.read(into);
      const { position } = this.#stored!;
      const read = await this.#stored!.read(into);
      this.#storedBytes.add(position, read);
      return read;
    } catch (error) {
      if (error instanceof Changed) this.#wrong = true;
      if (!(error instanceof Damaged) || !this.#stored) throw error;
      await this.#repair(error.chunk, this.#stored);
      return this.read(into);
    }
  }

  /** Resolves once it is whole in the cache, where it is kept, and has the digest that it should have. */
  async settle(): Promise<void> {
    await this.#download?.settle().catch((error: unknown) => {
      this.#wrong ||= error instanceof Changed || (error instanceof WgslmError && error.code === "integrity");
      throw error;
    });
    if (this.#options.cache === "required" && this.warning) throw this.warning;
    if (this.#stored) await this.#cached!.place.append(this.#cached!.id, [{ usedAt: Date.now() }]).catch(() => undefined);
  }

  /** Closes it; what can't be used isn't kept. */
  async close(refused = false): Promise<void> {
    await this.#stored?.close();
    await this.#download?.close();
    this.#channel?.close();
    const { place, id, manifest } = this.#cached ?? {};
    const isUseless = !this.#stored && (this.warning !== undefined || manifest?.chunks.size === 0) && !manifest?.complete;
    if (place && id !== undefined && (refused || this.#wrong || isUseless)) {
      // A reader shares its lock, and may only delete what nobody else reads.
      const alone = this.#stored ? (this.#release(), await takeLock(lockName(id), { mode: "exclusive", ifAvailable: true })) : this.#release;
      if (alone) await removeCached({ place, id, manifest: manifest! }).catch(() => undefined);
      alone?.();
    }
    this.#release();
    this.#stored = this.#download = this.#cached = undefined;
  }

  get #usesCache(): boolean {
    return this.#options.cache !== false && /^https?:/.test(this.#options.remote.url);
  }

  /** Opens the file, in the cache or on the server; false where there is none. */
  async #prepare(offset: number, absent: readonly number[]): Promise<boolean> {
    if (!this.#usesCache) return this.#startDownload(offset, absent, undefined);
    const known = await this.#findWhole(offset);
    if (known !== undefined) return known;
    const { url } = this.#options.remote;
    const own = await cachedAt(url);
    // A whole file that isn't the right one may be that of another address.
    const id = own && !own.manifest.complete ? own.id : await idOf(url);
    await this.#takeAlone(id);
    // Another tab may have had it until now.
    const found = await this.#findWhole(offset);
    return found ?? this.#startDownload(offset, absent, await this.#partOf(id));
  }

  /** True where the cache has the whole file, which is then open; false where it has noted that there is none. */
  async #findWhole(offset: number): Promise<boolean | undefined> {
    const { remote, integrity } = this.#options;
    const own = await cachedAt(remote.url);
    if (own?.manifest.absent) return false;
    const others = integrity === undefined ? [] : await cachedContent(integrity);
    for (const cached of [...(own?.manifest.complete ? [own] : []), ...others]) {
      if (integrity !== undefined && (await digestOf(cached)) !== integrity) continue;
      if (await this.#openStored(cached, offset)) return true;
    }
    return undefined;
  }

  /** Opens a whole file of the cache; false where its bytes have gone. */
  async #openStored(cached: Cached, offset: number): Promise<boolean> {
    const { url } = this.#options.remote;
    const { place, id, manifest } = cached;
    this.#release();
    this.#release = (await takeLock(lockName(id), { mode: "shared", signal: this.#options.signal })) ?? this.#release;
    try {
      this.#stored = new StoredFile(await place.reader(id, manifest), manifest, offset);
      this.#cached = cached;
    } catch {
      this.#release();
      await removeCached(cached).catch(() => undefined);
      return false;
    }
    if (!manifest.addresses.includes(url)) await addAddress(cached, url).catch(() => undefined);
    return true;
  }

  /** Waits until no other tab downloads or reads a file, and tells what the other one has got meanwhile. */
  async #takeAlone(id: string): Promise<void> {
    this.#channel = new BroadcastChannel(lockName(id));
    this.#channel.onmessage = ({ data }: MessageEvent<Amount>) => this.#options.onWaiting(data);
    this.#release = (await takeLock(lockName(id), { mode: "exclusive", signal: this.#options.signal })) ?? this.#release;
    this.#channel.onmessage = null;
  }

  /** The part of a file that was downloaded before, if the rest can be told to be of the same version; any other is deleted. */
  async #partOf(id: string): Promise<Cached | undefined> {
    const own = await cachedAt(this.#options.remote.url);
    const { place = await writablePlace(), manifest } = own ?? {};
    const isUsable = manifest && !manifest.complete && manifest.size !== undefined && hasValidator(manifest.version);
    if (own?.id === id && own.place.writable && isUsable) return own;
    await place?.remove(id).catch(() => undefined);
    return undefined;
  }

  /** Begins a download at `offset`, or goes on with `part`; false where the server has no such file. */
  async #startDownload(offset: number, absent: readonly number[], part: Cached | undefined): Promise<boolean> {
    const { remote, signal, policy, integrity } = this.#options;
    const onArrival = (): void => this.#arrived();
    const download = new Download(remote, { policy, signal, integrity, onArrival }, part?.manifest);
    let answer: Answer;
    try {
      answer = await download.begin(part?.manifest);
    } catch (error) {
      await download.close();
      if (error instanceof Changed && part) {
        await removeCached(part);
        if (offset > 0) throw error;
        return this.#startDownload(offset, absent, undefined);
      }
      if (!(error instanceof Absent)) throw error;
      if (absent.includes(error.status)) return false;
      throw refused(error.status, remote.url);
    }
    if (this.#usesCache && !part && (await this.#knowsContent(answer, offset))) {
      await answer.response.body?.cancel().catch(() => undefined);
      await download.close();
      return true;
    }
    this.#download = download;
    download.attach(offset);
    const kept = this.#usesCache ? await this.#keep(answer, download, part) : undefined;
    if (this.#options.cache === "required" && this.#warning) throw this.#warning;
    download.run(answer, kept);
    return true;
  }

  /** True where the cache has what the server says it has, and has computed that itself. */
  async #knowsContent(answer: Answer, offset: number): Promise<boolean> {
    const claim = claimedDigest(answer);
    if (claim === undefined || (this.#options.integrity ?? claim) !== claim) return false;
    for (const cached of await cachedContent(claim)) {
      if ((await digestOf(cached)) === claim && (await this.#openStored(cached, offset))) return true;
    }
    return false;
  }

  /** Makes room in the cache; without it, there is a warning. */
  async #keep(answer: Answer, download: Download, part: Cached | undefined): Promise<KeptChunks | undefined> {
    const place = part?.place ?? (await writablePlace());
    if (!place) this.#warning = new WgslmError("cache", "this browser offers no storage here, so the model isn't kept; private windows have none");
    if (!place || answer.response.headers.get("cache-control")?.includes("no-store")) return undefined;
    const { url } = this.#options.remote;
    const id = part?.id ?? (await idOf(url));
    const { size, version, chunkBytes } = download;
    let entry: WritableEntry | undefined;
    try {
      // A part has the room of the whole.
      if (!part && !(await roomFor(size ?? 0))) throw noRoomFor(size);
      const claim = claimedDigest(answer);
      const start = [
        Manifest.start(url, chunkBytes, version, claim === undefined ? {} : { claim }),
        ...(size === undefined ? [] : [{ size }]),
      ];
      const manifest = part?.manifest ?? new Manifest();
      if (!part) start.forEach((entry) => manifest.add(entry));
      this.#cached = { place, id, manifest };
      entry = await place.open(id, manifest);
      if (!part) await entry.append(start);
      return new KeptChunks(entry, manifest);
    } catch (error) {
      await entry?.close().catch(() => undefined);
      this.#warning = storageError(error);
      return undefined;
    }
  }

  /** Fetches a damaged chunk again. What was read is right, so reading goes on where it was. */
  async #repair(chunk: number, stored: StoredFile): Promise<void> {
    const { place, id } = this.#cached!;
    await stored.close();
    this.#stored = this.#cached = undefined;
    this.#release();
    await this.#takeAlone(id);
    if (place.writable) await place.append(id, [{ damaged: chunk }]);
    const part = await this.#partOf(id);
    // Of another version, the bytes read so far would be wrong.
    if (!part && stored.position > 0) throw new Changed();
    await this.#startDownload(stored.position, [], part);
  }

  #arrived(): void {
    this.#options.onArrival();
    if (!this.#channel || performance.now() - this.#toldAt < TELL_INTERVAL) return;
    this.#toldAt = performance.now();
    const bytes = this.#cached?.manifest.storedBytes ?? 0;
    this.#channel.postMessage({ bytes, total: this.#download?.size } satisfies Amount);
  }
}
