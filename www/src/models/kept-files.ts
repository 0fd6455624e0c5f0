// What this browser keeps, as the page shows it.
import { signal } from "@preact/signals";
import { type CachedFile, type CacheUsage, Engine, type NamedModel } from "wgslm";

export const kept = signal<readonly CachedFile[] | undefined>(undefined);
export const usage = signal<CacheUsage | undefined>(undefined);

/** Looks at the cache again. A browser that has none, as in some private windows, keeps nothing. */
export async function refreshKept(): Promise<void> {
  const [files, used] = await Promise.all([Engine.cache.list().catch(() => []), Engine.cache.usage().catch(() => undefined)]);
  kept.value = files;
  usage.value = used;
}

/** True if a model is kept whole, so that it loads without a network. */
export function isKept(source: NamedModel["source"] | undefined): boolean {
  if (source === undefined) return false;
  const address = addressOf(source);
  const files = (kept.value ?? []).filter(({ addresses }) => addresses.some((each) => (address.endsWith("/") ? each.startsWith(address) : each === address)));
  return files.length > 0 && files.every(({ complete }) => complete);
}

function addressOf(source: NamedModel["source"]): string {
  if (typeof source === "string" || source instanceof URL) return new URL(source, location.href).href;
  return `https://huggingface.co/${source.hf}/resolve/${source.revision ?? "main"}/${source.file ?? ""}`;
}
