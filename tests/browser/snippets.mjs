// The snippets of the documents: found, type-checked and bundled for a page.
import { execFile } from "node:child_process";
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const PACKAGE = join(ROOT, "pkg");
const DIST = join(PACKAGE, "dist");

/** Documents with snippets in JavaScript. */
async function documents() {
  const docs = (await readdir(join(ROOT, "docs"), { recursive: true })).filter((file) => file.endsWith(".md"));
  return ["README.md", "pkg/README.md", ...docs.sort().map((file) => join("docs", file))];
}

/** The fenced blocks of a document: language, place to run in where that is no page, text and line. */
function blocksOf(text) {
  const blocks = [];
  let open;
  for (const [index, line] of text.split("\n").entries()) {
    const [, indent, language, place] = /^(\s*)```(\w*) ?([\w-]*)/.exec(line) ?? [];
    if (indent === undefined) open?.lines.push(line);
    else if (!open) open = { language, place, line: index + 2, lines: [] };
    else {
      blocks.push({ language: open.language, place: open.place, line: open.line, text: open.lines.join("\n") });
      open = undefined;
    }
  }
  return blocks;
}

/** All fenced blocks of all documents, with the document and a name for each. */
export async function allBlocks() {
  const found = (await documents()).map(async (document) => {
    const blocks = blocksOf(await readFile(join(ROOT, document), "utf8"));
    return blocks.map((block) => ({ ...block, document, name: `${document}:${block.line}` }));
  });
  return (await Promise.all(found)).flat();
}

/** The text of the only block that runs in a place. */
export async function blockIn(place) {
  const [block, ...others] = (await allBlocks()).filter((found) => found.place === place);
  if (!block || others.length > 0) throw new Error(`${others.length + Number(block !== undefined)} snippets are for ${place}`);
  return block.text;
}

/** Type-checks snippets, which may use `engine`; returns the compiler's complaints, by line of their documents. */
export async function typeErrors(snippets) {
  // Below the package, where the compiler finds the packages that adapters are for.
  const folder = await mkdtemp(join(PACKAGE, "node_modules/.snippets-"));
  try {
    const entries = (await readdir(DIST)).filter((file) => file.endsWith(".d.ts") && file !== "index.d.ts");
    const paths = Object.fromEntries(entries.map((file) => [`wgslm/${file.slice(0, -5)}`, [join(DIST, file)]]));
    const config = {
      extends: "../../tsconfig.json",
      compilerOptions: {
        noEmit: true,
        rootDir: "/",
        rootDirs: [],
        declaration: false,
        declarationMap: false,
        noUnusedLocals: false,
        paths: { wgslm: [join(DIST, "index.d.ts")], ...paths },
      },
      include: ["*.ts"],
    };
    await writeFile(join(folder, "tsconfig.json"), JSON.stringify(config));
    await writeFile(join(folder, "globals.d.ts"), 'declare const engine: import("wgslm").Engine;\n');
    await Promise.all(snippets.map(({ text }, index) => writeFile(join(folder, `snippet-${index}.ts`), `${text}\nexport {};\n`)));
    const compiler = join(PACKAGE, "node_modules/typescript/bin/tsc");
    const { stdout } = await promisify(execFile)("node", [compiler, "--project", folder, "--pretty", "false"], { cwd: folder }).catch((failed) => failed);
    return stdout.replaceAll(/snippet-(\d+)\.ts\((\d+),/g, (_, index, line) => {
      const { document, line: first } = snippets[index];
      return `${document}:${first + Number(line) - 1} (`;
    });
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Bundles snippets for a page, each with its own way to say that it has finished: by index, the text of a module. */
export async function bundled(snippets) {
  const plugin = {
    name: "snippets",
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^snippet:/ }, ({ path }) => ({ path: path.slice(8), namespace: "snippet" }));
      onLoad({ filter: /.*/, namespace: "snippet" }, ({ path }) => ({
        contents: `${snippets[path].text}\nglobalThis.finished = ${path};\n`,
        loader: "ts",
        resolveDir: PACKAGE,
      }));
      // The site's package, which finds its worker; but not what imports other packages.
      onResolve({ filter: /^wgslm(\/|$)/ }, ({ path }) => inPackage(`${path.slice("wgslm/".length) || "index"}.js`));
      onResolve({ filter: /^\.\.?\// }, ({ path, importer }) =>
        importer.startsWith(DIST) ? inPackage(relative(DIST, resolve(dirname(importer), path))) : undefined,
      );
      const inPackage = (file) =>
        /^(langchain|codemirror)/.test(file) ? { path: join(DIST, file) } : { path: `/wgslm/${file}`, external: true };
    },
  };
  const { outputFiles } = await build({
    entryPoints: snippets.map((_, index) => ({ in: `snippet:${index}`, out: String(index) })),
    bundle: true,
    format: "esm",
    target: "es2022",
    outdir: "/",
    write: false,
    nodePaths: [join(ROOT, "tests/browser/node_modules"), join(PACKAGE, "node_modules")],
    plugins: [plugin],
    logLevel: "silent",
  });
  return outputFiles.map(({ text }) => text);
}
