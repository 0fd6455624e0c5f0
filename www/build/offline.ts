// Tells the service worker which files the site has.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import type { Plugin } from "vite";

const WORKER = "sw.js";
const PLACEHOLDER = "__SITE_FILES__";

/** Writes the names of all built files, and a version that changes with them, into the service worker. */
export function offline(): Plugin {
  let publicFolder = "";
  return {
    name: "offline",
    apply: "build",
    enforce: "post",
    configResolved: ({ publicDir }) => void (publicFolder = publicDir),
    generateBundle: {
      order: "post",
      handler(_, bundle) {
        const worker = bundle[WORKER];
        if (worker?.type !== "chunk" || !worker.code.includes(PLACEHOLDER)) this.error(`${WORKER} has no place for the names of files`);
        const digest = createHash("sha256");
        const built = Object.values(bundle).filter(({ fileName }) => fileName !== WORKER && !fileName.endsWith(".map"));
        for (const file of built) digest.update(file.fileName).update(file.type === "chunk" ? file.code : file.source);
        const copied = filesIn(publicFolder);
        for (const file of copied) digest.update(file).update(readFileSync(join(publicFolder, file)));
        const files = [...built.map(({ fileName }) => fileName), ...copied].sort();
        const site = { version: digest.digest("hex").slice(0, 16), files };
        // The code is a string in the worker's own text, whatever quotes the minifier chose.
        worker.code = worker.code.replace(new RegExp(`(["'\`])${PLACEHOLDER}\\1`), () => JSON.stringify(JSON.stringify(site)));
      },
    },
  };
}

function filesIn(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return entries.map(({ parentPath, name }) => relative(folder, join(parentPath, name)).split(sep).join("/"));
}
