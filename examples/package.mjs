// Packs the built package as it would be published and installs it for the examples: node package.mjs
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** Installs the package from its archive, whose files are returned. */
export async function installPackage() {
  const folder = await mkdtemp(join(tmpdir(), "wgslm-package-"));
  try {
    const options = { cwd: here("../pkg") };
    const { stdout } = await run("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", folder], options);
    const [{ filename, files }] = Object.values(JSON.parse(stdout));
    const target = here("node_modules/wgslm");
    await rm(target, { recursive: true, force: true });
    await mkdir(target, { recursive: true });
    await run("tar", ["-xzf", join(folder, filename), "--strip-components=1", "-C", target]);
    return { archive: join(folder, filename), files: files.map(({ path }) => path) };
  } finally {
    await rm(folder, { recursive: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await installPackage();
