// Packs the built package as it would be published and installs it for the examples: node package.mjs
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** Calls `use` with the package's archive, which is gone afterwards. */
export async function withArchive(use) {
  const folder = await mkdtemp(join(tmpdir(), "wgslm-package-"));
  try {
    const { stdout } = await run("npm", ["pack", "--silent", "--ignore-scripts", "--pack-destination", folder], { cwd: here("../pkg") });
    return await use(join(folder, stdout.trim()));
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Unpacks an archive of npm's into a folder, in place of what is there. */
export async function unpack(archive, folder) {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await run("tar", ["-xzf", archive, "--strip-components=1", "-C", folder]);
}

/** Installs the package for the examples. */
export const installPackage = () => withArchive((archive) => unpack(archive, here("node_modules/wgslm")));

if (process.argv[1] === fileURLToPath(import.meta.url)) await installPackage();
