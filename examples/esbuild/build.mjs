// esbuild follows neither `new Worker(new URL(...))` nor the addresses of WebAssembly: worker, writer and modules are entry points of their own.
import { build } from "esbuild";

const wasm = (module) => `wgslm/wasm/${module}_bg.wasm`;

await build({
  entryPoints: {
    app: "../app/app.js",
    index: "../app/index.html",
    worker: "wgslm/worker.js",
    writer: "wgslm/writer.js",
    "wasm/wgslm_bg": wasm("wgslm"),
    "wasm/wgslm_tokenizers_bg": wasm("wgslm_tokenizers"),
    "wasm/wgslm_grammar_bg": wasm("wgslm_grammar"),
  },
  loader: { ".html": "copy", ".wasm": "copy" },
  bundle: true,
  format: "esm",
  minify: true,
  outdir: "dist",
});
