// Scripts as an application's bundler makes them of the built package.
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { built } from "./played-worker.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const packages = ["@codemirror/state", "@codemirror/view"].map((name) => [name, here(`node_modules/${name}`)]);
const parts = ["ghost-text", "codemirror"].map((name) => [`wgslm/${name}`, fileURLToPath(built(`${name}.js`))]);

/** One script of `contents`, which may import the package and what these tests have installed. */
export async function bundled(contents) {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: here(".") },
    // The package's own folder has editors too, for its types; an application has one of each.
    alias: Object.fromEntries([...packages, ...parts]),
    bundle: true,
    format: "esm",
    write: false,
    logLevel: "error",
  });
  return outputFiles[0].text;
}
