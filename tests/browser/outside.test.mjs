// The package outside of browsers: imported by a server, and with a model in Node.js and Deno.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gguf, huggingFace, splitGguf } from "./model-files.mjs";
import { blockIn } from "./snippets.mjs";

const LIMIT = { timeout: 240_000 };
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const GOLDEN = here("../../crates/runtime/tests/golden/models/");
const MODEL = "llama-f16.gguf";
const SWIFTSHADER = "/usr/lib/chromium/vk_swiftshader_icd.json";
const ENVIRONMENT = { ...process.env, XDG_RUNTIME_DIR: tmpdir() };
const DENO = { program: here("node_modules/.bin/deno"), args: ["run", "--allow-all", "--unstable-webgpu"], env: ENVIRONMENT };
/** Dawn takes Debian's Mesa for too old, but the driver beside Chromium. */
const NODE = { program: process.execPath, args: [], env: existsSync(SWIFTSHADER) ? { ...ENVIRONMENT, VK_ICD_FILENAMES: SWIFTSHADER } : ENVIRONMENT };

/** What outside.mjs prints in a runtime. */
function run({ program, args, env }, specification, cwd) {
  return printed(program, [...args, here("outside.mjs"), JSON.stringify(specification)], { cwd, env });
}

/** The JSON that a program prints at its end. */
async function printed(program, args, options) {
  const { stdout } = await promisify(execFile)(program, args, options);
  return JSON.parse(stdout.trim().split("\n").at(-1));
}

test("every part of the package can be imported by a server, and leaves it as it was", LIMIT, async () => {
  const { exports } = JSON.parse(await readFile(here("../../pkg/package.json"), "utf8"));
  const parts = Object.values(exports).flatMap((part) => part.default ?? []);
  assert.ok(parts.length >= 5, parts);
  const script = `
    const names = () => Object.getOwnPropertyNames(globalThis);
    const before = names();
    const parts = {};
    for (const part of ${JSON.stringify(parts)}) parts[part] = Object.keys(await import(${JSON.stringify(new URL("../../pkg/", import.meta.url).href)} + part)).length;
    const { Engine } = await import(${JSON.stringify(new URL("../../pkg/dist/index.js", import.meta.url).href)});
    const failure = await Engine.load("/model.gguf").catch(({ code, message }) => ({ code, message }));
    console.log(JSON.stringify({ parts, added: names().filter((name) => !before.includes(name)), failure, support: await Engine.support() }));`;
  const found = await printed(process.execPath, ["--input-type=module", "--eval", script]);
  for (const part of parts) assert.ok(found.parts[part] > 0, part);
  // LangChain's own packages add these.
  assert.deepEqual(found.added.filter((name) => !/^lc_|^__zod_/.test(name)), []);
  assert.equal(found.failure.code, "no-webgpu");
  assert.match(found.failure.message, /Node\.js.*option gpu.*server-side rendering/);
  assert.deepEqual([found.support.available, found.support.code], [false, "no-webgpu"]);
});

describe("a model by its path", LIMIT, () => {
  for (const [name, runtime] of Object.entries({ "Node.js with the package webgpu": NODE, Deno: DENO })) {
    test(`has the oracle's logits in ${name}, and an answer that is aborted ends`, async () => {
      const { tokens, logits } = JSON.parse(await readFile(join(GOLDEN, "index.json"), "utf8")).find(({ model }) => model === MODEL);
      const oracle = await numbers(join(GOLDEN, logits));
      const found = await run(runtime, { models: [`golden/models/${MODEL}`], tokens }, here("../../crates/runtime/tests"));
      const last = Object.values(found.logits)[0].slice(-oracle.length);
      assert.ok(last.length === oracle.length && oracle.length > 0);
      last.forEach((value, index) => assert.ok(Math.abs(value - oracle[index]) < 0.02, `${index}: ${value}, not ${oracle[index]}`));
      assert.equal(found.aborted, "AbortError");
    });
  }

  test("is loaded by the documents' snippet for Node.js", async () => {
    const folder = await mkdtemp(join(tmpdir(), "wgslm-snippet-"));
    try {
      await mkdir(join(folder, "node_modules"));
      await symlink(here("../../pkg"), join(folder, "node_modules/wgslm"));
      await symlink(here("node_modules/webgpu"), join(folder, "node_modules/webgpu"));
      await mkdir(join(folder, "models"));
      await writeFile(join(folder, "models/model.gguf"), gguf());
      await writeFile(join(folder, "snippet.mjs"), `${await blockIn("node")}\nconsole.log(JSON.stringify(engine.info));\nawait engine.unload();`);
      const { architecture } = await printed(NODE.program, ["snippet.mjs"], { cwd: folder, env: NODE.env });
      assert.equal(architecture, "llama");
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test("may be that of the first of several parts, or of a folder; one that leads nowhere is said", async () => {
    const folder = await mkdtemp(join(tmpdir(), "wgslm models #1 "));
    try {
      const write = async (name, files) => {
        await mkdir(join(folder, name));
        for (const [file, bytes] of Object.entries(files)) await writeFile(join(folder, name, file), bytes);
      };
      await write("whole", { "tiny.gguf": gguf() });
      await write("parts", splitGguf(3));
      await write("folder", huggingFace());
      const models = ["whole/tiny.gguf", "parts/tiny-00001-of-00003.gguf", "folder", join(folder, "folder/")];
      const found = await run(DENO, { models, tokens: [3, 1, 4], failures: true }, folder);
      for (const model of models) assert.deepEqual(found.logits[model], found.logits[models[0]], model);
      assert.equal(found.load, "AbortError");
      assert.match(found.missing, /^network: could not read file:.*no\/such\/model\.gguf.*check the path$/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

/** The numbers of a NumPy file of f32. */
async function numbers(path) {
  const bytes = await readFile(path);
  const start = 10 + bytes.readUInt16LE(8);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset + start, bytes.byteOffset + bytes.length));
}
