import { WgslmError } from "./errors.js";
import type { PostedSource } from "./protocol.js";
import type { ModelSource } from "./types.js";

/** Puts a source into a form the worker can be sent, and names what has to be handed over with it. */
export function postSource(source: ModelSource): { source: PostedSource; transfer: Transferable[] } {
  if (typeof source === "string" || source instanceof URL) {
    // The worker would take a relative address from where its own script lies.
    return { source: new URL(source, document.baseURI).href, transfer: [] };
  }
  if (source instanceof Blob) return { source, transfer: [] };
  if (source instanceof ArrayBuffer || source instanceof ReadableStream) return { source, transfer: [source] };
  throw new WgslmError(
    "invalid-argument",
    "a model source is a URL, a File or Blob, an ArrayBuffer or a ReadableStream of bytes",
  );
}

/** A source opened for reading; `totalBytes` is its size where that is known beforehand. */
export interface OpenSource {
  stream: ReadableStream<Uint8Array>;
  totalBytes?: number;
}

/** Opens a source in the worker. */
export async function openSource(source: PostedSource, signal: AbortSignal): Promise<OpenSource> {
  if (typeof source === "string") return openUrl(source, signal);
  if (source instanceof Blob) return { stream: source.stream(), totalBytes: source.size };
  if (source instanceof ArrayBuffer) return { stream: streamOf(source), totalBytes: source.byteLength };
  return { stream: source };
}

async function openUrl(url: string, signal: AbortSignal): Promise<OpenSource> {
  let response: Response;
  try {
    response = await fetch(url, { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw new WgslmError(
      "network",
      `could not fetch ${url} (${messageOf(error)}); check the address, and that the server lets this page read it`,
    );
  }
  if (!response.ok || response.body === null) {
    await response.body?.cancel();
    throw new WgslmError("http", `the server answered HTTP ${response.status} for ${url}`, { status: response.status });
  }
  // The length of a compressed answer is not that of the file.
  const length = response.headers.has("content-encoding") ? null : response.headers.get("content-length");
  return { stream: response.body, ...(length !== null && { totalBytes: Number(length) }) };
}

function streamOf(buffer: ArrayBuffer): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(new Uint8Array(buffer));
      controller.close();
    },
  });
}

/** The pieces of a stream; each is under way while the one before is used. */
export async function* pieces(
  reader: ReadableStreamDefaultReader<unknown>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  const begin = (): Promise<Uint8Array | undefined> => {
    const next = readPiece(reader, signal);
    // It may fail after whoever used the pieces has given up; who still waits for it hears of it.
    next.catch(() => undefined);
    return next;
  };
  let next = begin();
  for (let piece; (piece = await next);) {
    next = begin();
    yield piece;
  }
}

/** Reads one piece, `undefined` at the end; a broken connection or a vanished file is a `network` error. */
async function readPiece(
  reader: ReadableStreamDefaultReader<unknown>,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  let piece;
  try {
    piece = await reader.read();
  } catch (error) {
    signal.throwIfAborted();
    throw new WgslmError("network", `reading the model failed (${messageOf(error)}); try again`);
  }
  // A cancelled stream ends like a finished one.
  signal.throwIfAborted();
  if (piece.done) return undefined;
  if (!(piece.value instanceof Uint8Array)) {
    throw new WgslmError(
      "invalid-argument",
      "the stream holds something else than Uint8Array pieces; give one of bytes",
    );
  }
  return piece.value;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
