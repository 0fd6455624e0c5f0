import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import { offline } from "./build/offline.ts";

const built = fileURLToPath(new URL("../pkg/dist/", import.meta.url));

export default defineConfig({
  // Relative, so that the site works under any path.
  base: "./",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  // The package as it was built, so that the site's lock file has nothing to say of it.
  resolve: {
    alias: [
      { find: /^wgslm$/, replacement: `${built}index.js` },
      { find: /^wgslm\/(.*)$/, replacement: `${built}$1.js` },
    ],
  },
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
