// Keeps which kernels were measured to be the fastest on a device, so that only the first load of a model pays for it. A cache:
// whatever goes wrong here only means that they are measured again.
import { sha256 } from "./cache/digest.js";

const FOLDER = "wgslm-tuning";

/** The choices kept for this device, if any. */
export async function recallTuning(device: string): Promise<string | undefined> {
  try {
    const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle(FOLDER);
    return await (await (await folder.getFileHandle(await fileName(device))).getFile()).text();
  } catch {
    return undefined;
  }
}

/** Keeps the choices for this device. */
export async function keepTuning(device: string, text: string): Promise<void> {
  if (text === "") return;
  try {
    const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle(FOLDER, { create: true });
    const writer = await (await folder.getFileHandle(await fileName(device), { create: true })).createWritable();
    await writer.write(text);
    await writer.close();
  } catch {
    // Private windows and pages without storage measure every time.
  }
}

/** A file's name for a device, of which anything could be said. */
async function fileName(device: string): Promise<string> {
  return sha256(new TextEncoder().encode(device));
}
