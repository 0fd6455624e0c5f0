// Sources as callers give them, put into forms that the worker can be sent.
import { WgslmError, messageOf } from "./errors.js";
import { parseIntegrity } from "./cache/digest.js";
import type { PathedFile, PostedAccess, PostedSource } from "./protocol.js";
import { nodeModule } from "./node.js";
import { serveFetch } from "./sources/fetch-proxy.js";
import { type HuggingFaceSource, huggingFaceAddress, parseHuggingFace } from "./sources/hugging-face.js";
import type { LoadOptions, ModelSource } from "./types.js";

/** A source ready to be posted, and what has to be handed over with it. */
export interface Posted {
  source: PostedSource;
  transfer: Transferable[];
}

/** The options about files at an address. */
type AccessOptions = { [Name in "cache" | "integrity" | "headers" | "fetch"]?: LoadOptions[Name] | undefined };

/** A source and the way to it, ready to be posted. */
export interface PostedModel extends Posted {
  access: PostedAccess;
}

/** Puts a source and the options about it into a form the worker can be sent. */
export function postModel(
  source: ModelSource,
  { cache = "auto", integrity = {}, headers, fetch }: AccessOptions,
): PostedModel {
  const posted = postSource(source);
  const digests = Object.entries(typeof integrity === "string" ? { "": integrity } : integrity);
  const access = {
    cache,
    integrity: Object.fromEntries(digests.map(([file, digest]) => [file, parseIntegrity(digest)])),
    headers: headers ? pairs(headers) : [],
    fetch: undefined,
  };
  if (!fetch) return { ...posted, access };
  const { port1, port2 } = new MessageChannel();
  serveFetch(port1, fetch);
  return { ...posted, access: { ...access, fetch: port2 }, transfer: [...posted.transfer, port2] };
}

function pairs(headers: HeadersInit): [string, string][] {
  try {
    return [...new Headers(headers)];
  } catch (error) {
    throw new WgslmError("invalid-option", `headers can't be sent (${messageOf(error)}); give names and values as fetch takes them`);
  }
}

/** The address of a model that has one. */
export function addressOf(source: unknown): URL | undefined {
  const repository = typeof source === "string" ? parseHuggingFace(source) : isHuggingFace(source) ? source : undefined;
  if (repository) return huggingFaceAddress(repository);
  // The worker would take a relative address from where its own script lies.
  return typeof source === "string" || source instanceof URL ? absolute(source) : undefined;
}

/** Puts a source into a form the worker can be sent. */
function postSource(source: ModelSource): Posted {
  const address = addressOf(source);
  if (address) return { source: address.href, transfer: [] };
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
    "a model source is a URL, a repository of Hugging Face as { hf, file }, a File or Blob, an ArrayBuffer or Uint8Array, a Response, a ReadableStream of bytes, an array of " +
      "Files, or the handle of a folder",
  );
}

/** An address as the page means it; in Node.js and Deno, a path is one too. */
export function absolute(address: string | URL): URL {
  const isPath = typeof address === "string" && !/^[a-z][\w+.-]+:/i.test(address);
  const url = isPath && !globalThis.location ? nodeModule("url") : undefined;
  if (url) return url.pathToFileURL(address as string);
  const base = globalThis.document?.baseURI ?? globalThis.location?.href;
  try {
    return new URL(address, base);
  } catch {
    throw new WgslmError("invalid-argument", `${JSON.stringify(String(address))} is no address; give a URL`);
  }
}

/** A part of an address as a person reads it. */
export function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
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

function isHuggingFace(source: unknown): source is HuggingFaceSource {
  return typeof (Object(source) as Partial<HuggingFaceSource>).hf === "string";
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
