import { defineConfig } from "vite";

export default defineConfig({
  root: "../app",
  // Relative addresses, so that the site works in any folder.
  base: "./",
  build: { outDir: "../vite/dist", emptyOutDir: true },
  // For `vite dev`: packages that are bundled beforehand lose the place of their worker.
  optimizeDeps: { exclude: ["wgslm"] },
});
