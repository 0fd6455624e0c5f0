// Rollup leaves `new URL(..., import.meta.url)` as it is: worker and writer are entries of their own, and the WebAssembly is copied beside them.
import { readFile } from "node:fs/promises";
import { nodeResolve } from "@rollup/plugin-node-resolve";

/** Emits files as they are, by their names in the bundle. */
const files = (addresses) => ({
  name: "files",
  async buildStart() {
    for (const [fileName, address] of Object.entries(addresses))
      this.emitFile({ type: "asset", fileName, source: await readFile(new URL(address)) });
  },
});

const modules = ["wgslm_bg", "wgslm_tokenizers_bg", "wgslm_grammar_bg"].map((module) => `wasm/${module}.wasm`);

export default {
  input: { app: "../app/app.js", worker: "wgslm/worker.js", writer: "wgslm/writer.js" },
  output: { dir: "dist", format: "es", entryFileNames: "[name].js", chunkFileNames: "[name].js" },
  plugins: [
    nodeResolve(),
    files({
      "index.html": new URL("../app/index.html", import.meta.url),
      ...Object.fromEntries(modules.map((module) => [module, import.meta.resolve(`wgslm/${module}`)])),
    }),
  ],
};
