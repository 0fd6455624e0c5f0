// Sessions that are kept in OPFS, a file each, beside the models.
import { WgslmError } from "../errors.js";
import { storageError } from "./place.js";
import { folderNamed } from "./write-service.js";

/** A session that is kept in the browser. */
export interface SavedSession {
  name: string;
  /** The bytes that it takes. */
  bytes: number;
  savedAt: Date;
}

/** The sessions that an origin keeps in the browser. Nothing of them is ever evicted by this package. */
export interface SavedSessions {
  /** All sessions that were saved, the newest first. */
  list(): Promise<SavedSession[]>;
  /** Deletes a session; resolves to the bytes that are free now, 0 where there is none of that name. */
  delete(name: string): Promise<number>;
}

const FOLDER = "wgslm-sessions";
const ENDING = ".session";
/** The longest name of a file that all systems have, with its ending. */
const LONGEST = 240;

export const savedSessions: SavedSessions = {
  async list() {
    const sessions: SavedSession[] = [];
    try {
      for await (const [file, handle] of await folderNamed(FOLDER)) {
        const { size, lastModified } = await (handle as FileSystemFileHandle).getFile();
        // One whose first save hasn't ended is empty.
        if (size > 0) sessions.push({ name: decodeURIComponent(file.slice(0, -ENDING.length)), bytes: size, savedAt: new Date(lastModified) });
      }
    } catch (error) {
      throw failed(error);
    }
    return sessions.sort((one, other) => other.savedAt.getTime() - one.savedAt.getTime());
  },

  async delete(name) {
    const file = fileName(name);
    const found = await find(file);
    if (!found) return 0;
    await (await folderNamed(FOLDER)).removeEntry(file).catch(rethrow);
    return found.size;
  },
};

/** Writes a session's bytes; one of the same name is replaced once all of them are written. */
export async function saveSession(name: string, bytes: Blob, signal: AbortSignal | undefined): Promise<void> {
  const file = fileName(name);
  const folder = await folderNamed(FOLDER).catch(rethrow);
  try {
    const handle = await folder.getFileHandle(file, { create: true });
    await bytes.stream().pipeTo(await handle.createWritable(), signal ? { signal } : {});
  } catch (error) {
    const left = await find(file).catch(() => undefined);
    if (!left) await folder.removeEntry(file).catch(() => undefined);
    signal?.throwIfAborted();
    throw failed(error);
  }
}

/** The bytes of a session that was saved. */
export async function savedSession(name: string): Promise<Blob> {
  const found = await find(fileName(name));
  if (found) return found;
  throw new WgslmError("no-saved-session", "no session of this name was saved here; Engine.savedSessions.list() tells which there are");
}

/** A file that was written to its end. */
async function find(file: string): Promise<File | undefined> {
  try {
    const found = await (await (await folderNamed(FOLDER)).getFileHandle(file)).getFile();
    return found.size > 0 ? found : undefined;
  } catch (error) {
    if (error instanceof DOMException && error.name === "NotFoundError") return undefined;
    throw failed(error);
  }
}

/** The name of the file of a session, of whose name anything could be said. */
function fileName(name: string): string {
  let file: string | undefined;
  try {
    if (typeof name === "string" && name !== "") file = encodeURIComponent(name) + ENDING;
  } catch {
    // Half a character has no file.
  }
  if (file !== undefined && file.length <= LONGEST) return file;
  throw new WgslmError("invalid-argument", "the name of a session should be a string of 1 to some 70 characters");
}

function rethrow(error: unknown): never {
  throw failed(error);
}

function failed(error: unknown): WgslmError {
  return storageError(error, { name: "the session", instead: "session.snapshot gives the bytes to keep elsewhere" });
}
