// The files of a model, opened in the worker.
import { WgslmError, messageOf } from "./errors.js";
import type { PostedAccess, PostedSource } from "./protocol.js";
import { isFolder } from "./source.js";
import { BlobFile, StreamFile } from "./sources/local-files.js";
import type { ModelFile } from "./sources/model-file.js";
import { RemoteFiles } from "./sources/remote-files.js";
import { filesOnDisk } from "./sources/paths.js";
import type { Amount } from "./sources/remote-file.js";
import type { CacheUse } from "./types.js";
import type { WantedFile } from "./wasm/wgslm.js";

/** The name of a single file that has none. */
const UNNAMED = "model.gguf";

/** The files of a model. */
export interface ModelFiles {
  /** The one to begin with. */
  entry: string;
  /** Opens a file; `undefined` where there is none of the name. */
  open(wanted: WantedFile): Promise<ModelFile | undefined>;
  /** Bytes read so far that came from the cache. */
  cachedBytes(): number;
  /** Resolves once everything is stored that is to be, and has the digests that the caller gave. */
  settle(): Promise<CacheUse>;
  /** Closes all files; of a model that was refused, nothing is kept. Files may be opened anew. */
  close(refused: boolean): Promise<void>;
}

/** Those who follow a load. */
export interface FileWatch {
  signal: AbortSignal;
  /** Called when bytes have arrived. */
  onArrival(): void;
  /** Called while another tab downloads a file. */
  onWaiting(amount: Amount): void;
}

/** Opens a source in the worker; `entryOf` finds the file to begin with among several. */
export async function openFiles(
  source: PostedSource,
  access: PostedAccess,
  entryOf: (names: string[]) => string | Promise<string>,
  watch: FileWatch,
): Promise<ModelFiles> {
  const isOnDisk = typeof source === "string" && source.startsWith("file:");
  if (typeof source === "string" && !isOnDisk && !source.startsWith("blob:")) return new RemoteFiles(new URL(source), access, watch);
  if (Object.keys(access.integrity).length > 0) {
    throw new WgslmError("invalid-option", "integrity is given for a model that has no address; leave it out, or give a URL");
  }
  if (isOnDisk) {
    const { names, open } = filesOnDisk(new URL(source));
    return blobs(await entryOf(names), open);
  }
  if (typeof source === "string") {
    const response = await fetch(source, { signal: watch.signal });
    return oneFile(UNNAMED, await response.blob());
  }
  if (source instanceof Blob) return oneFile(source instanceof File && source.name ? source.name : UNNAMED, source);
  if (source instanceof ArrayBuffer) return oneFile(UNNAMED, new Blob([source]));
  if (source instanceof ReadableStream) {
    return localFiles(UNNAMED, (file, offset) => (file === UNNAMED ? new StreamFile(source, offset, watch.signal) : undefined));
  }
  if (isFolder(source)) {
    const names: string[] = [];
    for await (const { kind, name } of source.values()) if (kind === "file") names.push(name);
    return blobs(await entryOf(names), (file) => fileIn(source, file));
  }
  const files = new Map(source.map(({ path, file }) => [path, file]));
  // A model is what lies together; folders within may have others, such as the same one in other formats.
  const names = [...files.keys()].filter((path) => !path.includes("/"));
  return blobs(await entryOf(names), (file) => files.get(file));
}

function oneFile(name: string, blob: Blob): ModelFiles {
  return blobs(name, (file) => (file === name ? blob : undefined));
}

function blobs(entry: string, find: (file: string) => Blob | undefined | Promise<Blob | undefined>): ModelFiles {
  return localFiles(entry, async (file, offset) => {
    const blob = await find(file);
    return blob && new BlobFile(blob, offset);
  });
}

/** Files that are at hand. */
function localFiles(
  entry: string,
  openAt: (file: string, offset: number) => ModelFile | undefined | Promise<ModelFile | undefined>,
): ModelFiles {
  return {
    entry,
    open: async ({ file, offset }) => openAt(file, offset),
    cachedBytes: () => 0,
    settle: async () => ({ kept: false, bytesRead: 0 }),
    close: async () => undefined,
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
