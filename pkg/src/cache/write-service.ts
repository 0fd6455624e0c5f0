// Writing to OPFS through synchronous handles, for whichever thread can wait for the disk.
import { Handover, type Port, serve } from "../calls.js";
import { checksum } from "./checksum.js";
import { type Written, storageError } from "./place.js";

/** A handle as dedicated workers have it; the library of types for pages lacks it. */
export interface SyncHandle {
  read(into: Uint8Array, options: { at: number }): number;
  write(bytes: Uint8Array, options: { at: number }): number;
  truncate(size: number): void;
  getSize(): number;
  flush(): void;
  close(): void;
}
export type SyncFileHandle = FileSystemFileHandle & {
  createSyncAccessHandle(options?: { mode: "readwrite" | "read-only" }): Promise<SyncHandle>;
};

/** The methods of the service. */
export interface WriteMethods {
  /** Opens a file, which has room for `size` bytes from its first write on: one that grows with each takes twice the time. */
  open(params: { folder: string; data: string; log: string; size: number | undefined }): Promise<number>;
  append(params: { file: number; text: string }): void;
  write(params: { file: number; bytes: Uint8Array<ArrayBuffer>; offset: number }): Handover;
  read(params: { file: number; offset: number; length: number }): Handover;
  close(params: { file: number }): void;
}

interface OpenFile {
  data: SyncHandle;
  log: SyncHandle;
  /** Its size, as far as it is known. */
  size: number;
}

/** The waits, in ms, for a handle that a tab which has just closed still has. */
const HANDLE_WAITS = [20, 50, 100, 200, 400];

/** Answers calls that come to a port by writing. */
export function serveWriting(port: Port): void {
  const files = new Map<number, OpenFile>();
  let count = 0;
  const of = (file: number): OpenFile => files.get(file)!;
  const methods: WriteMethods = {
    async open({ folder, data, log, size = 0 }) {
      const holder = await folderNamed(folder);
      const dataHandle = await syncHandle(holder, data);
      try {
        files.set(count, { size, data: dataHandle, log: await syncHandle(holder, log) });
      } catch (error) {
        dataHandle.close();
        throw error;
      }
      return count++;
    },
    append: ({ file, text }) => append(of(file).log, text),
    write({ file, bytes, offset }) {
      const { data, size } = of(file);
      if (data.getSize() < size) data.truncate(size);
      writeWhole(data, bytes, offset);
      return new Handover({ checksum: checksum(bytes), bytes } satisfies Written, [bytes.buffer]);
    },
    read({ file, offset, length }) {
      const bytes = new Uint8Array(length);
      const read = of(file).data.read(bytes, { at: offset });
      return new Handover(bytes.subarray(0, read), [bytes.buffer]);
    },
    close({ file }) {
      const { data, log } = of(file);
      files.delete(file);
      data.close();
      log.close();
    },
  };
  const guarded = Object.entries(methods).map(([name, method]) => [
    name,
    async (params: never) => {
      try {
        return await (method as (params: never) => unknown)(params);
      } catch (error) {
        throw storageError(error);
      }
    },
  ]);
  serve(port, { ready: () => null, ...(Object.fromEntries(guarded) as Record<string, (params: never) => unknown>) });
}

/** Adds text to the end of a file. */
export function append(handle: SyncHandle, text: string): void {
  writeWhole(handle, new TextEncoder().encode(text), handle.getSize());
}

/** Writes all bytes. Some browsers tell of a full disk by writing fewer. */
function writeWhole(handle: SyncHandle, bytes: Uint8Array, offset: number): void {
  const written = handle.write(bytes, { at: offset });
  if (written < bytes.length) throw new DOMException("the disk took fewer bytes than given", "QuotaExceededError");
}

/** A folder of OPFS, made where there is none. */
export async function folderNamed(name: string): Promise<FileSystemDirectoryHandle> {
  return (await navigator.storage.getDirectory()).getDirectoryHandle(name, { create: true });
}

/** Opens a file for this thread alone, and makes it where there is none. */
export async function syncHandle(folder: FileSystemDirectoryHandle, name: string): Promise<SyncHandle> {
  const file = (await folder.getFileHandle(name, { create: true })) as SyncFileHandle;
  for (const wait of HANDLE_WAITS) {
    try {
      return await file.createSyncAccessHandle();
    } catch (error) {
      if ((error as Error).name !== "NoModificationAllowedError") throw error;
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
  return file.createSyncAccessHandle();
}
