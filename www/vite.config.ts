import { defineConfig } from "vite";
import { offline } from "./build/offline.ts";

export default defineConfig({
  // Relative, so that the site works under any path.
  base: "./",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  // The package finds its worker and its WebAssembly beside its own script.
  optimizeDeps: { exclude: ["wgslm"] },
  worker: { format: "es" },
  plugins: [offline()],
  build: {
    outDir: "../target/site",
    emptyOutDir: true,
    target: "es2022",
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: { index: "index.html", bench: "bench.html", sw: "src/offline/service-worker.ts" },
      output: {
        // A service worker rules the folder that it lies in, under a name that stays.
        entryFileNames: ({ name }) => (name === "sw" ? "sw.js" : "assets/[name]-[hash].js"),
      },
    },
  },
});
