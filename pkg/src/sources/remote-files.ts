// The files beside an address: all from one folder on, and with the same query.
import { idOf, writablePlace } from "../cache/library.js";
import { Opfs } from "../cache/opfs.js";
import { Manifest } from "../cache/manifest.js";
import type { FileWatch, ModelFiles } from "../model-files.js";
import type { PostedAccess } from "../protocol.js";
import { decoded } from "../source.js";
import { startWriter } from "../start-writer.js";
import type { CacheUse } from "../types.js";
import type { WantedFile } from "../wasm/wgslm.js";
import { remoteFetch } from "./fetch-proxy.js";
import type { ModelFile } from "./model-file.js";
import { RemoteFile } from "./remote-file.js";
import type { Fetcher } from "./request.js";
import { DOWNLOAD_POLICY, type DownloadPolicy } from "./retry.js";

Opfs.startWriter = startWriter;

/** The file that a Hugging Face folder begins with. */
const CONFIG = "config.json";
/** The statuses of servers that don't have a file. */
const MISSING = [404, 410];
/** Those of servers that don't tell everyone which files they have. */
const UNSEEN = [401, 403];

export class RemoteFiles implements ModelFiles {
  readonly entry: string;
  readonly #address: URL;
  readonly #access: PostedAccess;
  readonly #watch: FileWatch;
  readonly #policy: DownloadPolicy;
  readonly #fetch: Fetcher;
  /** The files that are or were open, by address. */
  readonly #files = new Map<string, RemoteFile>();
  /** The addresses at which the model can do without a file. */
  readonly #absent = new Set<string>();
  #closedBytes = 0;

  constructor(address: URL, access: PostedAccess, watch: FileWatch, policy = DOWNLOAD_POLICY) {
    const name = address.pathname.split("/").pop() ?? "";
    this.entry = name === "" ? CONFIG : decoded(name);
    this.#address = address;
    this.#access = access;
    this.#watch = watch;
    this.#policy = policy;
    this.#fetch = access.fetch ? remoteFetch(access.fetch) : (url, init) => fetch(url, init);
  }

  async open({ file, offset, optional }: WantedFile): Promise<ModelFile | undefined> {
    const url = this.addressOf(file).href;
    const known = this.#files.get(url);
    if (known?.reopens) {
      await known.seek(offset);
      return new Reading(known);
    }
    if (known) await this.#close(url, known, false);
    const isNamed = file === this.entry && !this.#address.pathname.endsWith("/");
    const absent = optional ? [...MISSING, ...UNSEEN] : isNamed || file === this.entry ? [] : MISSING;
    const opened = await RemoteFile.open(this.#optionsOf(file, url), offset, absent);
    if (opened) this.#files.set(url, opened);
    else if (optional) this.#absent.add(url);
    return opened && new Reading(opened);
  }

  cachedBytes(): number {
    return [...this.#files.values()].reduce((sum, file) => sum + file.cachedBytes, this.#closedBytes);
  }

  async settle(): Promise<CacheUse> {
    const files = [...this.#files.values()];
    for (const file of files) await file.settle();
    const kept = files.every((file) => file.kept);
    if (kept) await this.#noteAbsent();
    const warning = files.find((file) => file.warning)?.warning;
    return {
      kept,
      bytesRead: this.cachedBytes(),
      ...(warning && { warning: { code: warning.code, message: warning.message } }),
    };
  }

  async close(refused: boolean): Promise<void> {
    for (const [url, file] of this.#files) await this.#close(url, file, refused);
  }

  async #close(url: string, file: RemoteFile, refused: boolean): Promise<void> {
    this.#files.delete(url);
    this.#closedBytes += file.cachedBytes;
    await file.close(refused);
  }

  /** The address of a file. */
  addressOf(file: string): URL {
    if (file === this.entry && !this.#address.pathname.endsWith("/")) return this.#address;
    const url = new URL(file.split("/").map(encodeURIComponent).join("/"), this.#address);
    url.search = this.#address.search;
    return url;
  }

  #optionsOf(file: string, url: string): Parameters<typeof RemoteFile.open>[0] {
    const { cache, headers, integrity } = this.#access;
    return {
      remote: { url: withoutFragment(url), headers, fetch: this.#fetch },
      cache,
      integrity: integrity[file] ?? (file === this.entry ? integrity[""] : undefined),
      policy: this.#policy,
      ...this.#watch,
    };
  }

  /** Notes which files there are not, so that the next load asks for none of them. */
  async #noteAbsent(): Promise<void> {
    const place = await writablePlace();
    for (const url of this.#absent) {
      await place?.append(await idOf(url), [Manifest.note(url, { absent: true })]).catch(() => undefined);
    }
  }
}

/** A file while it is read from one offset on. */
class Reading implements ModelFile {
  readonly #file: RemoteFile;

  constructor(file: RemoteFile) {
    this.#file = file;
  }

  get size(): number | undefined {
    return this.#file.size;
  }

  get cachedBytes(): number {
    return this.#file.cachedBytes;
  }

  get aheadBytes(): number {
    return this.#file.aheadBytes;
  }

  read(into: Uint8Array): Promise<number> {
    return this.#file.read(into);
  }

  async close(): Promise<void> {
    this.#file.rest();
  }
}

function withoutFragment(url: string): string {
  return url.replace(/#.*$/, "");
}
