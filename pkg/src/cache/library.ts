// The cached files of all places: found by address or by content.
import { checksum } from "./checksum.js";
import { hex, sha256 } from "./digest.js";
import { CacheStore } from "./cache-storage.js";
import { Manifest } from "./manifest.js";
import { Opfs } from "./opfs.js";
import type { Place } from "./place.js";
import { Sha256 } from "./sha256.js";

/** A cached file, whole or in part. */
export interface Cached {
  place: Place;
  id: string;
  manifest: Manifest;
}

/** The places of this origin, the preferred one first; none where the browser offers none. */
let places: Promise<Place[]> | undefined;

export function findPlaces(): Promise<Place[]> {
  return (places ??= Promise.all([Opfs.find(), CacheStore.find()]).then((found) => found.filter((place) => place !== undefined)));
}

/** The place for new files, if there is one. */
export async function writablePlace(): Promise<Place | undefined> {
  return (await findPlaces()).find(({ writable }) => writable);
}

/** The id of the file at an address, unless it was known by another one before. */
export async function idOf(address: string): Promise<string> {
  return (await sha256(new TextEncoder().encode(address))).slice(0, 32);
}

/** All that is known of addresses: cached files, and notes. */
export async function allCached(): Promise<Cached[]> {
  const cached: Cached[] = [];
  for (const place of await findPlaces()) {
    for (const id of await place.ids().catch(() => [])) {
      const manifest = await place.manifest(id).catch(() => undefined);
      if (manifest) cached.push({ place, id, manifest });
    }
  }
  return cached;
}

/** The cached file of an address, or the note that there is none. */
export async function cachedAt(address: string): Promise<Cached | undefined> {
  const own = await idOf(address);
  for (const place of await findPlaces()) {
    const find = async (id: string): Promise<Cached | undefined> => {
      const manifest = await place.manifest(id).catch(() => undefined);
      return manifest && { place, id, manifest };
    };
    const found = await find(own);
    const { sameAs } = found?.manifest ?? {};
    const cached = sameAs === undefined ? found : await find(sameAs);
    if (cached?.manifest.addresses.includes(address)) return cached;
  }
  return undefined;
}

/** Notes that an address has the content of a cached file. */
export async function addAddress({ place, id, manifest }: Cached, address: string): Promise<void> {
  await place.append(id, [{ address }]);
  manifest.add({ address });
  const other = await idOf(address);
  await place.remove(other);
  await place.append(other, [Manifest.note(address, { sameAs: id })]);
}

/** Deletes a cached file, and the notes about it. */
export async function removeCached({ place, id, manifest }: Cached): Promise<void> {
  const ids = await Promise.all(manifest.addresses.map(idOf));
  for (const each of new Set([...ids, id])) await place.remove(each);
}

/** Complete files that have this content, or, by what their server said, may have. */
export async function cachedContent(digest: string): Promise<Cached[]> {
  const has = ({ sha256, claim }: Manifest): boolean => (sha256 === undefined ? claim === digest : sha256 === digest);
  return (await allCached()).filter(({ manifest }) => manifest.complete && has(manifest));
}

/** The SHA-256 of a complete file, computed at the first need; `undefined` where its bytes aren't those that were stored. */
export async function digestOf({ place, id, manifest }: Cached): Promise<string | undefined> {
  if (manifest.sha256 !== undefined) return manifest.sha256;
  const bytes = await place.reader(id, manifest).catch(() => undefined);
  if (!bytes) return undefined;
  const hash = new Sha256();
  try {
    for (const [index, sum] of [...manifest.chunks].sort(([a], [b]) => a - b)) {
      const chunk = new Uint8Array(manifest.lengthOf(index));
      await bytes.read(chunk, index * manifest.chunkBytes);
      if (checksum(chunk) !== sum) return undefined;
      hash.update(chunk);
    }
  } finally {
    await bytes.close();
  }
  const entry = { sha256: hex(hash.digest()) };
  manifest.add(entry);
  await place.append(id, [entry]).catch(() => undefined);
  return entry.sha256;
}

/** True where the origin may store so many bytes more, as far as the browser tells. */
export async function roomFor(bytes: number): Promise<boolean> {
  const { quota, usage = 0 } = (await navigator.storage?.estimate?.()) ?? {};
  return quota === undefined || bytes <= quota - usage;
}
