// Cached files in the origin private file system: for each its bytes, and the log beside them.
import type { Caller } from "../calls.js";
import { type Entry, Manifest, lines } from "./manifest.js";
import type { Place, StoredBytes, WritableEntry } from "./place.js";
import { type SyncFileHandle, append, folderNamed, syncHandle } from "./write-service.js";

/** The folder of cached files. */
export const FOLDER = "wgslm-models";
const data = (id: string): string => `${id}.data`;
const log = (id: string): string => `${id}.log`;

export class Opfs implements Place {
  /** Starts the thread that writes; set where something is downloaded, so that pages don't contain it. */
  static startWriter: () => Promise<Caller>;
  /** Only dedicated workers have the handles that add to a file in place. */
  readonly writable = "FileSystemSyncAccessHandle" in globalThis;
  readonly #folder: FileSystemDirectoryHandle;
  #writer: Promise<Caller> | undefined;

  private constructor(folder: FileSystemDirectoryHandle) {
    this.#folder = folder;
  }

  /** The origin's; `undefined` where there is none, as in some private windows. */
  static async find(): Promise<Opfs | undefined> {
    try {
      return new Opfs(await folderNamed(FOLDER));
    } catch {
      return undefined;
    }
  }

  async ids(): Promise<string[]> {
    const ids: string[] = [];
    for await (const name of this.#folder.keys()) if (name.endsWith(log(""))) ids.push(name.slice(0, -log("").length));
    return ids;
  }

  async manifest(id: string): Promise<Manifest | undefined> {
    const file = await this.#file(log(id));
    return file && Manifest.parse(await file.text());
  }

  async append(id: string, entries: readonly Entry[]): Promise<void> {
    const handle = await syncHandle(this.#folder, log(id));
    try {
      append(handle, lines(entries));
    } finally {
      handle.close();
    }
  }

  async open(id: string, { size }: Manifest): Promise<WritableEntry> {
    const writer = await (this.#writer ??= Opfs.startWriter());
    const file = await writer.call<number>("open", { folder: FOLDER, data: data(id), log: log(id), size });
    return {
      append: (entries) => writer.call("append", { file, text: lines(entries) }),
      write: (bytes, offset) => writer.call("write", { file, bytes, offset }, [bytes.buffer]),
      read: (offset, length) => writer.call("read", { file, offset, length }),
      close: () => writer.call("close", { file }),
    };
  }

  async reader(id: string): Promise<StoredBytes> {
    const handle = await this.#folder.getFileHandle(data(id));
    try {
      // Where browsers don't know this mode, another reader makes it fail.
      const sync = await (handle as SyncFileHandle).createSyncAccessHandle({ mode: "read-only" });
      return { read: (into, offset) => sync.read(into, { at: offset }), close: () => sync.close() };
    } catch {
      return blobReader(await handle.getFile());
    }
  }

  async blob(id: string, { size }: Manifest): Promise<Blob> {
    return (await (await this.#folder.getFileHandle(data(id))).getFile()).slice(0, size);
  }

  /** Bytes first: without a log nobody would find them. */
  async remove(id: string): Promise<void> {
    for (const name of [data(id), log(id)]) {
      await this.#folder.removeEntry(name).catch((error: unknown) => {
        if (!isNotFound(error)) throw error;
      });
    }
  }

  async #file(name: string): Promise<File | undefined> {
    try {
      return await (await this.#folder.getFileHandle(name)).getFile();
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }
}

function blobReader(blob: Blob): StoredBytes {
  return {
    async read(into, offset) {
      const bytes = new Uint8Array(await blob.slice(offset, offset + into.length).arrayBuffer());
      into.set(bytes);
      return bytes.length;
    },
    close: () => undefined,
  };
}

function isNotFound(error: unknown): boolean {
  return error instanceof DOMException && error.name === "NotFoundError";
}
