// Models on the disk, by their paths, in Node.js and Deno.
import { WgslmError, messageOf } from "../errors.js";
import { nodeModule } from "../node.js";
import { decoded } from "../source.js";

/** The files of a model on the disk: the names beside each other, and a way to open each. */
export interface DiskFiles {
  names: string[];
  open(name: string): Promise<Blob | undefined>;
}

/** The files of a model at a `file:` address: one, the parts of a split one, or those of a folder. */
export function filesOnDisk(address: URL): DiskFiles {
  const fs = nodeModule("fs");
  if (!fs) throw new WgslmError("invalid-argument", "pages can't read files by path; give a File, or the address of a server");
  try {
    const isFolder = fs.statSync(address).isDirectory();
    const folder = isFolder && !address.href.endsWith("/") ? new URL(`${address.href}/`) : new URL(".", address);
    const inFolder = (): string[] => fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isFile() ? [entry.name] : []));
    return {
      names: isFolder ? inFolder() : [decoded(address.pathname.split("/").pop()!)],
      open: (name) => openFile(new URL(name.split("/").map(encodeURIComponent).join("/"), folder)),
    };
  } catch (error) {
    throw unreadable(address, error);
  }

  async function openFile(file: URL): Promise<Blob | undefined> {
    try {
      return await fs!.openAsBlob(file);
    } catch (error) {
      if ((error as { code?: unknown }).code === "ENOENT") return undefined;
      throw unreadable(file, error);
    }
  }
}

function unreadable({ href }: URL, error: unknown): WgslmError {
  return new WgslmError("network", `could not read ${href} (${messageOf(error)}); check the path`);
}
