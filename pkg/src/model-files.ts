// The files of a model, opened in the worker.
import { WgslmError, messageOf } from "./errors.js";
import type { PostedSource } from "./protocol.js";
import { isFolder } from "./source.js";
import type { WantedFile } from "./wasm/wgslm.js";

/** The name of a single file that has none. */
const UNNAMED = "model.gguf";
/** The file that a Hugging Face folder begins with. */
const CONFIG = "config.json";

/** A file opened for reading. */
export interface OpenFile {
  stream: ReadableStream<Uint8Array>;
  /** Bytes at the start of the stream come before those that are wanted. */
  skip: number;
}

/** The files of a model. */
export interface ModelFiles {
  /** The one to begin with. */
  entry: string;
  /** Opens a file; `undefined` where there is none of the name. */
  open(wanted: WantedFile, signal: AbortSignal): Promise<OpenFile | undefined>;
}

/** Opens a source in the worker; `entryOf` finds the file to begin with among several. */
export async function openFiles(source: PostedSource, entryOf: (names: string[]) => string): Promise<ModelFiles> {
  if (typeof source === "string") return filesAt(new URL(source));
  if (source instanceof Blob) {
    const name = source instanceof File && source.name ? source.name : UNNAMED;
    return filesOf(name, (file) => (file === name ? source : undefined));
  }
  if (source instanceof ArrayBuffer) {
    const blob = new Blob([source]);
    return filesOf(UNNAMED, (file) => (file === UNNAMED ? blob : undefined));
  }
  if (source instanceof ReadableStream) {
    return {
      entry: UNNAMED,
      open: async ({ file }) => (file === UNNAMED ? { stream: source, skip: 0 } : undefined),
    };
  }
  if (isFolder(source)) {
    const names: string[] = [];
    for await (const { kind, name } of source.values()) if (kind === "file") names.push(name);
    return filesOf(entryOf(names), (file) => fileIn(source, file));
  }
  const files = new Map(source.map(({ path, file }) => [path, file]));
  // A model is what lies together; folders within may have others, such as the same one in other formats.
  const names = [...files.keys()].filter((path) => !path.includes("/"));
  return filesOf(entryOf(names), (file) => files.get(file));
}

/** Files that are at hand. */
function filesOf(entry: string, find: (file: string) => Blob | undefined | Promise<Blob | undefined>): ModelFiles {
  return {
    entry,
    async open({ file, offset }) {
      const blob = await find(file);
      return blob && { stream: blob.slice(offset).stream(), skip: 0 };
    },
  };
}

async function fileIn(folder: FileSystemDirectoryHandle, path: string): Promise<File | undefined> {
  const [name = "", ...folders] = path.split("/").reverse();
  try {
    let holder = folder;
    for (const part of folders.reverse()) holder = await holder.getDirectoryHandle(part);
    return await (await holder.getFileHandle(name)).getFile();
  } catch (error) {
    if (error instanceof DOMException && (error.name === "NotFoundError" || error.name === "TypeMismatchError")) {
      return undefined;
    }
    throw new WgslmError("network", `reading ${path} failed (${messageOf(error)}); choose the folder again`);
  }
}

/** The files beside an address: all from one folder on, and with the same query. */
function filesAt(address: URL): ModelFiles {
  const name = address.pathname.split("/").pop() ?? "";
  const entry = address.protocol === "blob:" ? UNNAMED : name === "" ? CONFIG : decoded(name);
  return {
    entry,
    async open(wanted, signal) {
      const isEntry = wanted.file === entry;
      if (isEntry && name !== "") return fetchFile(address, wanted, [], signal);
      if (address.protocol === "blob:") return undefined;
      const url = new URL(wanted.file.split("/").map(encodeURIComponent).join("/"), address);
      url.search = address.search;
      return fetchFile(url, wanted, isEntry ? [] : wanted.optional ? [...ABSENT, ...UNSEEN] : ABSENT, signal);
    },
  };
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

/** The statuses of servers that don't have a file. */
const ABSENT = [404, 410];
/** Those of servers that don't tell everyone which files they have. */
const UNSEEN = [401, 403];

/** Fetches a file from where it is wanted; `undefined` where the answer's status is one of `absent`. */
async function fetchFile(
  url: URL,
  wanted: WantedFile,
  absent: readonly number[],
  signal: AbortSignal,
): Promise<OpenFile | undefined> {
  let response: Response;
  try {
    const headers: HeadersInit = wanted.offset > 0 ? { Range: `bytes=${wanted.offset}-` } : {};
    response = await fetch(url, { signal, headers });
  } catch (error) {
    signal.throwIfAborted();
    throw new WgslmError(
      "network",
      `could not fetch ${url.href} (${messageOf(error)}); check the address, and that the server lets this page read it`,
    );
  }
  if (!response.ok || response.body === null) {
    await response.body?.cancel();
    const { status } = response;
    if (absent.includes(status)) return undefined;
    throw new WgslmError("http", `the server answered HTTP ${status} for ${url.href}`, { status });
  }
  // A server that doesn't know ranges sends the whole file.
  return { stream: response.body, skip: response.status === 206 ? 0 : wanted.offset };
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
