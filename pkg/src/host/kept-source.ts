// A model's source in a form that can be read again after the GPU was lost.
import { WgslmError } from "../errors.js";
import type { PostedSource } from "../protocol.js";

/** The source as it can be read again: a blob instead of what may be gone by then. A stream stays what it is. */
export async function keptSource(source: PostedSource, signal: AbortSignal): Promise<PostedSource> {
  if (source instanceof ArrayBuffer) return new Blob([source]);
  // Its address may be revoked.
  if (typeof source === "string" && source.startsWith("blob:")) return (await fetch(source, { signal })).blob();
  return source;
}

/** Refuses a source that was read to its end. */
export function requireReadable(source: PostedSource): void {
  if (!(source instanceof ReadableStream)) return;
  throw new WgslmError(
    "device-lost",
    "the model came from a stream or a Response, which can't be read again; load the model as a new engine, or give an address, a File or a Blob",
  );
}
