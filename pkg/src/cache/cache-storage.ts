// Cached files in Cache Storage, where a thread has no OPFS to write to: a response for each chunk, and one for the log.
import { checksum } from "./checksum.js";
import { type Entry, Manifest, lines } from "./manifest.js";
import type { Place, StoredBytes, WritableEntry } from "./place.js";

const NAME = "wgslm-models";
/** An origin that nobody has, for the keys of responses. */
const ORIGIN = "https://wgslm.invalid/";
const log = (id: string): string => `${ORIGIN}${id}/log`;
const chunk = (id: string, index: number): string => `${ORIGIN}${id}/${index}`;

export class CacheStore implements Place {
  readonly writable = true;
  readonly #cache: Cache;

  private constructor(cache: Cache) {
    this.#cache = cache;
  }

  /** The origin's; `undefined` where there is none. */
  static async find(): Promise<CacheStore | undefined> {
    try {
      return new CacheStore(await caches.open(NAME));
    } catch {
      return undefined;
    }
  }

  async ids(): Promise<string[]> {
    const keys = (await this.#cache.keys()).map(({ url }) => url.slice(ORIGIN.length).split("/"));
    return keys.flatMap(([id, name]) => (name === "log" && id !== undefined ? [id] : []));
  }

  async manifest(id: string): Promise<Manifest | undefined> {
    const text = await (await this.#cache.match(log(id)))?.text();
    return text === undefined ? undefined : Manifest.parse(text);
  }

  async append(id: string, entries: readonly Entry[]): Promise<void> {
    const text = (await (await this.#cache.match(log(id)))?.text()) ?? "";
    await this.#cache.put(log(id), new Response(text + lines(entries)));
  }

  async open(id: string, { chunkBytes }: Manifest): Promise<WritableEntry> {
    // Chunks end at the same time, and each rewrites the log.
    let last: Promise<unknown> = Promise.resolve();
    return {
      append: (entries) => {
        const next = last.then(() => this.append(id, entries));
        last = next.catch(() => undefined);
        return next;
      },
      write: async (bytes, offset) => {
        await this.#cache.put(chunk(id, offset / chunkBytes), new Response(bytes));
        return { checksum: checksum(bytes), bytes };
      },
      read: async (offset, length) => (await this.#chunk(id, offset / chunkBytes)).subarray(0, length),
      close: async () => void (await last),
    };
  }

  async reader(id: string, { chunkBytes }: Manifest): Promise<StoredBytes> {
    return {
      read: async (into, offset) => {
        let read = 0;
        while (read < into.length) {
          const index = Math.floor((offset + read) / chunkBytes);
          const bytes = (await this.#chunk(id, index)).subarray(offset + read - index * chunkBytes);
          if (bytes.length === 0) break;
          const piece = bytes.subarray(0, into.length - read);
          into.set(piece, read);
          read += piece.length;
        }
        return read;
      },
      close: () => undefined,
    };
  }

  async blob(id: string, { chunks }: Manifest): Promise<Blob> {
    const indices = [...chunks.keys()].sort((a, b) => a - b);
    const parts = indices.map(async (index) => (await (await this.#cache.match(chunk(id, index)))?.blob()) ?? new Blob());
    return new Blob(await Promise.all(parts));
  }

  /** Chunks first: without a log nobody would find them. */
  async remove(id: string): Promise<void> {
    const keys = await this.#cache.keys();
    const own = keys.filter(({ url }) => url.startsWith(`${ORIGIN}${id}/`) && url !== log(id));
    for (const key of own) await this.#cache.delete(key);
    await this.#cache.delete(log(id));
  }

  async #chunk(id: string, index: number): Promise<Uint8Array<ArrayBuffer>> {
    const response = await this.#cache.match(chunk(id, index));
    return new Uint8Array(response ? await response.arrayBuffer() : new ArrayBuffer(0));
  }
}
