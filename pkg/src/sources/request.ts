// One request for bytes of a file, and what its answer is worth.
import type { Version } from "../cache/manifest.js";
import { WgslmError, messageOf } from "../errors.js";
import { Passing, retryAfter } from "./retry.js";

/** Fetches as the global `fetch` does. */
export type Fetcher = (url: string, init: RequestInit) => Promise<Response>;

/** A file on a server. */
export interface Remote {
  url: string;
  headers: readonly (readonly [string, string])[];
  fetch: Fetcher;
}

/** Bytes from `start` up to `end`. */
export interface Range {
  start: number;
  end: number;
}

/** A file as far as it is known. */
export interface Known {
  version: Version;
  size: number | undefined;
}

/** An answer with bytes. */
export interface Answer {
  response: Response;
  /** The range of the bytes that come; `undefined` for the whole file. */
  range: Range | undefined;
  /** The size of the file, where the server tells. */
  size: number | undefined;
  version: Version;
}

/** The server has no such file; `status` says how it puts that. */
export class Absent extends Error {
  constructor(readonly status: number) {
    super(`HTTP ${status}`);
  }
}
/** The server doesn't answer with the range that it was asked for. */
export class NoRanges extends Error {}
/** The file has become another one on its server. */
export class Changed extends Error {}

/** Servers that are busy or restarting. */
const PASSING = [408, 425, 429, 500, 502, 503, 504];
/** A file that has become shorter, or is no longer the one of `If-Range`. */
const OUTGROWN = [412, 416];
/** Servers that haven't got a file, or don't tell everyone. */
const ABSENT = [401, 403, 404, 410];

/**
 * Asks for a range, or for the whole file, of the version that is known, if any. That is told to servers of the page's origin; others
 * would have to allow the header, so their answers are only compared.
 */
export async function request(
  { url, headers, fetch }: Remote,
  range: Range | undefined,
  known: Known | undefined,
  stallMs: number,
  signal: AbortSignal,
): Promise<Answer> {
  const sent = headers.map(([name, value]): [string, string] => [name, value]);
  if (range) sent.push(["Range", `bytes=${range.start}-${range.end - 1}`]);
  const validator = known?.version.etag ?? known?.version.lastModified;
  if (range && validator !== undefined && known?.version.sameOrigin) sent.push(["If-Range", validator]);
  const stalled = new AbortController();
  const timer = setTimeout(() => stalled.abort(silence(stallMs)), stallMs);
  let response: Response;
  try {
    // The browser's own cache would write everything once more, and slow it down.
    response = await fetch(url, { headers: sent, signal: AbortSignal.any([signal, stalled.signal]), cache: "no-store" });
  } catch (error) {
    signal.throwIfAborted();
    throw new Passing(unreachable(url, error));
  } finally {
    clearTimeout(timer);
  }
  try {
    return judge(response, url, range, known);
  } catch (error) {
    await response.body?.cancel().catch(() => undefined);
    throw error;
  }
}

function judge(
  response: Response,
  url: string,
  asked: Range | undefined,
  known: Known | undefined,
): Answer {
  const { status, headers } = response;
  if (PASSING.includes(status)) throw new Passing(refused(status, url), retryAfter(headers.get("retry-after")));
  if (OUTGROWN.includes(status) && asked) throw known ? new Changed() : new NoRanges();
  if (ABSENT.includes(status)) throw new Absent(status);
  if (!response.ok || response.body === null) throw refused(status, url);
  const version = versionOf(headers, response.url || url);
  if (status !== 206) {
    if (known && !sameVersion(known.version, version)) throw new Changed();
    return { response, range: undefined, size: lengthOf(headers), version };
  }
  // "bytes 0-99/1000": a header that servers of other origins have to expose.
  const [, first, last, all] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(headers.get("content-range") ?? "") ?? [];
  const [start, end, size] = [Number(first), Number(last) + 1, Number(all)];
  const rightRange = asked && start === asked.start && start < end && end <= Math.min(asked.end, size);
  // A coded part has bytes of something else than the file.
  if (!rightRange || isCoded(headers) || (lengthOf(headers) ?? end - start) !== end - start) throw new NoRanges();
  if (known && (known.size !== size || !sameVersion(known.version, version))) throw new Changed();
  return { response, range: { start, end }, size, version };
}

/** The pieces of a body; `Passing` where it breaks off or stalls. Each piece is only valid until the next is asked for. */
export async function* bodyOf({ response }: Answer, url: string, stallMs: number, signal: AbortSignal): AsyncGenerator<Uint8Array, void> {
  const next = piecesOf(response.body!);
  try {
    for (;;) {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const stall = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(silence(stallMs)), stallMs);
      });
      const piece = await Promise.race([next.read(), stall])
        .catch((error: unknown) => {
          signal.throwIfAborted();
          throw new Passing(unreachable(url, error));
        })
        .finally(() => clearTimeout(timer));
      signal.throwIfAborted();
      if (piece === undefined) return;
      yield piece;
    }
  } finally {
    next.cancel();
  }
}

/** The bytes that a reader fetches at a time where it can be given memory for them. */
const PIECE_BYTES = 1 << 20;

/** Reads a body's pieces, into the same memory each where the browser can: that is a third faster. */
function piecesOf(body: ReadableStream<Uint8Array>): { read(): Promise<Uint8Array | undefined>; cancel(): void } {
  let reader: ReadableStreamBYOBReader;
  try {
    reader = body.getReader({ mode: "byob" });
  } catch {
    const plain = body.getReader();
    return {
      read: async () => (await plain.read()).value,
      cancel: () => void plain.cancel().catch(() => undefined),
    };
  }
  let memory = new ArrayBuffer(PIECE_BYTES);
  return {
    async read() {
      const { value, done } = await reader.read(new Uint8Array(memory));
      if (value) memory = value.buffer as ArrayBuffer;
      return done ? undefined : value;
    },
    cancel: () => void reader.cancel().catch(() => undefined),
  };
}

/** The SHA-256 that a server names: Hugging Face has it as the ETag of large files. */
export function claimedDigest({ response: { headers } }: Answer): string | undefined {
  const names = [headers.get("x-linked-etag"), headers.get("etag")];
  const digests = names.map((name) => /^"?([0-9a-f]{64})"?$/.exec(name ?? "")?.[1]);
  return digests.find((digest) => digest !== undefined);
}

function versionOf(headers: Headers, url: string): Version {
  const [etag, lastModified] = [headers.get("etag"), headers.get("last-modified")];
  // A weak one is shared by versions that are alike and not the same bytes.
  return { ...(etag?.startsWith('"') && { etag }), ...(lastModified && { lastModified }), sameOrigin: new URL(url).origin === globalThis.origin };
}

/** True where two versions have a validator in common that says so. */
export function sameVersion(one: Version, other: Version): boolean {
  if (one.etag !== undefined || other.etag !== undefined) return one.etag === other.etag;
  return one.lastModified !== undefined && one.lastModified === other.lastModified;
}

/** True where bytes of several requests can be told to be of one version. */
export function hasValidator({ etag, lastModified }: Version): boolean {
  return (etag ?? lastModified) !== undefined;
}

function isCoded(headers: Headers): boolean {
  return (headers.get("content-encoding") ?? "identity") !== "identity";
}

function lengthOf(headers: Headers): number | undefined {
  const length = headers.get("content-length");
  return length === null || isCoded(headers) ? undefined : Number(length);
}

/** The error of a status. */
export function refused(status: number, url: string): WgslmError {
  const advice = status === 401 || status === 403 ? "; if it asks for a key, give it in the option headers" : "";
  return new WgslmError("http", `the server answered HTTP ${status} for ${url}${advice}`, { status });
}

function silence(ms: number): Error {
  return new Error(`no byte came for ${ms / 1000} s`);
}

function unreachable(url: string, error: unknown): WgslmError {
  return new WgslmError(
    "network",
    `could not fetch ${url} (${messageOf(error)}); check the address and the connection, and that the server lets this page read it`,
  );
}
