// Sources as callers give them, put into forms that the worker can be sent.
import { WgslmError } from "./errors.js";
import type { PathedFile, PostedSource } from "./protocol.js";
import type { ModelSource } from "./types.js";

/** A source ready to be posted, and what has to be handed over with it. */
export interface Posted {
  source: PostedSource;
  transfer: Transferable[];
}

/** Puts a source into a form the worker can be sent. */
export function postSource(source: ModelSource): Posted {
  if (typeof source === "string" || source instanceof URL) {
    // The worker would take a relative address from where its own script lies.
    return { source: absolute(source).href, transfer: [] };
  }
  if (source instanceof Blob || isFolder(source)) return { source, transfer: [] };
  // A view may be of a buffer that has more in it than the model.
  if (source instanceof Uint8Array) return { source: new Blob([unshared(source)]), transfer: [] };
  if (source instanceof ArrayBuffer || source instanceof ReadableStream) return { source, transfer: [source] };
  if (source instanceof Response) return postResponse(source);
  if (isFileList(source) || Array.isArray(source)) {
    const files: unknown[] = [...source];
    if (files.every((file) => file instanceof File)) return { source: withPaths(files), transfer: [] };
  }
  throw new WgslmError(
    "invalid-argument",
    "a model source is a URL, a File or Blob, an ArrayBuffer or Uint8Array, a Response, a ReadableStream of bytes, an array of " +
      "Files, or the handle of a folder",
  );
}

/** An address as the page means it. */
export function absolute(address: string | URL): URL {
  const base = globalThis.document?.baseURI ?? globalThis.location?.href;
  try {
    return new URL(address, base);
  } catch {
    throw new WgslmError("invalid-argument", `${JSON.stringify(String(address))} is no address; give a URL`);
  }
}

function postResponse({ ok, status, url, body, bodyUsed }: Response): Posted {
  if (!ok) throw new WgslmError("http", `the server answered HTTP ${status} for ${url}`, { status });
  if (bodyUsed || body === null) {
    throw new WgslmError("invalid-argument", "the body of the Response has been read or is empty; give one that nobody has read");
  }
  return { source: body, transfer: [body] };
}

/** The same bytes in memory that is no other thread's, as a Blob wants them. */
function unshared(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer ? (bytes as Uint8Array<ArrayBuffer>) : bytes.slice();
}

/** Tells the handle of a folder from other sources; where there are no such handles, nothing is one. */
export function isFolder(source: unknown): source is FileSystemDirectoryHandle {
  return typeof FileSystemDirectoryHandle !== "undefined" && source instanceof FileSystemDirectoryHandle;
}

function isFileList(source: unknown): source is FileList {
  return typeof FileList !== "undefined" && source instanceof FileList;
}

/** The files with their paths from the folder on that has the topmost ones. */
function withPaths(files: File[]): PathedFile[] {
  const parts = files.map(({ webkitRelativePath, name }) => (webkitRelativePath || name).split("/"));
  const top = parts.reduce((least, { length }) => Math.min(least, length), Infinity);
  return files.map((file, index) => ({ path: parts[index]!.slice(top - 1).join("/"), file }));
}
