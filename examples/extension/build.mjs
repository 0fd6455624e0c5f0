// An extension is a folder: this one's files, and the package, since extensions may run no script from elsewhere.
import { cp, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const FILES = ["manifest.json", "background.js", "engine.html", "engine.js", "popup.html", "popup.js"];

await rm(here("dist"), { recursive: true, force: true });
for (const file of FILES) await cp(here(file), here(`dist/${file}`));
await cp(dirname(fileURLToPath(import.meta.resolve("wgslm"))), here("dist/wgslm"), { recursive: true });
