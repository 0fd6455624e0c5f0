// The package as it would be published, without a browser: what package managers, TypeScript, debuggers and servers make of it.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { unpack, withArchive } from "../../examples/package.mjs";

/** What the check of types says of every package that is ES modules only, by how a program resolves modules. */
const ES_MODULES_ONLY = { node10: ["NoResolution"], "node16-cjs": ["CJSResolvesToESM", "NoResolution"] };

test("the reference of the package has every export, without a warning", async () => {
  const program = fileURLToPath(new URL("node_modules/typedoc/bin/typedoc", import.meta.url));
  const cwd = fileURLToPath(new URL("../../pkg", import.meta.url));
  const env = { ...process.env, NO_COLOR: "1" };
  const { code, stdout, stderr } = await promisify(execFile)("node", [program, "--emit", "none"], { cwd, env }).catch((failed) => failed);
  assert.equal(code, undefined, `${stdout}${stderr}`);
});

test("the script's version is the package's", async () => {
  const { version } = JSON.parse(await readFile(new URL("../../pkg/package.json", import.meta.url), "utf8"));
  assert.equal((await import("../../pkg/dist/version.js")).VERSION, version);
});

describe("the packed package", () => {
  let folder;
  let types;
  let files;

  before(async () => {
    // Beside the packages that adapters import.
    folder = await mkdtemp(fileURLToPath(new URL("../../pkg/node_modules/.packed-", import.meta.url)));
    await withArchive(async (archive) => {
      types = await checkPackage(createPackageFromTarballData(await readFile(archive)), { excludeEntrypoints: [/\.wasm$/] });
      await unpack(archive, folder);
    });
    files = (await readdir(folder, { recursive: true })).sort();
  });

  after(() => rm(folder, { recursive: true }));

  test("publint has nothing to say", async () => {
    const { messages } = await publint({ pkgDir: folder, strict: true });
    const manifest = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
    assert.deepEqual(messages.map((message) => formatMessage(message, manifest)), []);
  });

  test("TypeScript finds the types of every entry", () => {
    const problems = types.problems.filter(({ kind, resolutionKind }) => !ES_MODULES_ONLY[resolutionKind]?.includes(kind));
    assert.deepEqual(problems, []);
    assert.ok(Object.keys(types.entrypoints).includes("./ai-sdk"));
  });

  test("every source map leads to a source", async () => {
    const maps = files.filter((file) => file.endsWith(".map"));
    assert.ok(maps.length > 100, `${maps.length} maps`);
    for (const map of maps) {
      const { sources, sourcesContent } = JSON.parse(await readFile(join(folder, map), "utf8"));
      for (const [index, source] of sources.entries()) {
        const path = relative(folder, join(folder, dirname(map), source));
        assert.ok(files.includes(path), `${map} names ${path}`);
        if (sourcesContent) assert.equal(sourcesContent[index], await readFile(join(folder, path), "utf8"), map);
      }
    }
    const unmapped = files.filter((file) => file.endsWith(".js") && !file.startsWith("dist/wasm/") && !maps.includes(`${file}.map`));
    assert.deepEqual(unmapped, []);
  });

  test("every entry for pages may be imported on a server", async () => {
    const { exports } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
    // The others are scripts of workers, and files.
    const modules = Object.values(exports).filter((target) => target.types);
    for (const { default: module } of modules) {
      const names = Object.keys(await import(pathToFileURL(join(folder, module))));
      assert.ok(names.length > 0, module);
    }
    const { Engine } = await import(pathToFileURL(join(folder, exports["."].default)));
    assert.equal((await Engine.support()).code, "no-webgpu");
  });
});
