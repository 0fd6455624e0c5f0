// Models of several files: by address, as files, and by the handle of a folder.
import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { openPackage, openPage } from "./browser.mjs";
import { gguf, huggingFace, splitGguf } from "./model-files.mjs";
import { choose, goTo, inState } from "./site.mjs";

const LIMIT = { timeout: 240_000 };
const FOLDERS = {
  "/whole/": { "tiny.gguf": gguf() },
  "/split/": splitGguf(3),
  "/folder/": huggingFace(),
  "/encoder/": encoder(),
};

/** What a loader reads of an encoder until it finds a pooling that it can't run, in a file of a folder within. */
function encoder() {
  const config = {
    model_type: "bert",
    num_hidden_layers: 1,
    max_position_embeddings: 8,
    hidden_size: 32,
    intermediate_size: 32,
    num_attention_heads: 1,
    vocab_size: 8,
  };
  const json = (value) => Buffer.from(JSON.stringify(value));
  return {
    "config.json": json(config),
    "1_Pooling/config.json": json({ pooling_mode_max_tokens: true }),
    "model.safetensors": Buffer.alloc(0),
  };
}

/** Answers for the files of `FOLDERS`; `ranges` says whether the server knows what a range is. */
function serve(requests, ranges = true) {
  return (route) => {
    const { pathname } = new URL(route.request().url());
    const folder = Object.keys(FOLDERS).find((start) => pathname.startsWith(start));
    const body = FOLDERS[folder][decodeURIComponent(pathname.slice(folder.length))];
    const range = route.request().headers().range;
    requests?.push([pathname, range]);
    if (!body) return route.fulfill({ status: 404, body: "not found" });
    if (!ranges || !range || body.length === 0) return route.fulfill({ body });
    const [start, last] = range.match(/\d+/g).map(Number);
    const part = body.subarray(start, last + 1);
    const headers = { "content-range": `bytes ${start}-${start + part.length - 1}/${body.length}`, etag: '"one"' };
    return route.fulfill({ status: 206, body: part, headers });
  };
}

describe("sources of several files", () => {

  async function open(requests, ranges) {
    const page = await openPackage({
      setUp: (opened) => opened.context().route(/\/(whole|split|folder|encoder)\//, serve(requests, ranges)),
    });
    await page.evaluate(() => {
      window.logitsOf = async (source) => {
        const progress = [];
        const engine = await window.wgslm.Engine.load(source, { onProgress: (step) => progress.push(step) });
        const logits = [...(await engine.logits(new Uint32Array([3, 1, 4, 15, 9])))];
        await engine.unload();
        return { logits, last: progress.at(-1), info: engine.info };
      };
      window.filesAt = (folder, names) =>
        Promise.all(
          names.map(async (name) => new File([await (await fetch(folder + name)).arrayBuffer()], name)),
        );
    });
    return page;
  }

  const names = (folder) => Object.keys(FOLDERS[folder]);
  const bytes = (folder) => Object.values(FOLDERS[folder]).reduce((sum, { length }) => sum + length, 0);

  test("a split model and a Hugging Face folder load by address", LIMIT, async () => {
    const requests = [];
    const page = await open(requests);
    const first = names("/split/")[0];
    const seen = await page.evaluate(
      async (address) => ({
        whole: await window.logitsOf("/whole/tiny.gguf"),
        split: await window.logitsOf(`${address}?download=true`),
        folder: await window.logitsOf("/folder/"),
        plans: [
          await window.wgslm.Engine.plan("/whole/tiny.gguf"),
          await window.wgslm.Engine.plan(`${address}?download=true`),
          await window.wgslm.Engine.plan("/folder/"),
        ],
      }),
      `/split/${first}`,
    );
    for (const { gpuBytes, downloadBytes, weightBytes } of seen.plans) {
      const { info } = seen.whole;
      assert.deepEqual([gpuBytes, downloadBytes, weightBytes], [seen.plans[0].gpuBytes, 0, info.weightBytes], "planned from the cache");
    }
    assert.ok(seen.whole.logits.every(Number.isFinite));
    assert.deepEqual(seen.split.logits, seen.whole.logits);
    assert.deepEqual(seen.folder.logits, seen.whole.logits);
    assert.equal(seen.folder.info.name, "tiny");
    assert.equal(seen.folder.info.hasChatTemplate, true);
    assert.equal(seen.folder.last.loadedBytes, bytes("/folder/"));
    // The headers of all parts are read first, and the data of each then goes on where its header ended, without another request.
    const paths = requests.map(([path]) => path).filter((path) => path.startsWith("/split/"));
    assert.deepEqual(paths, names("/split/").map((name) => `/split/${name}`));
    await page.context().close();
  });

  test("a server without ranges will do", LIMIT, async () => {
    const page = await open(undefined, false);
    const [whole, split] = await page.evaluate(
      async (address) => [await window.logitsOf("/whole/tiny.gguf"), await window.logitsOf(address)],
      `/split/${names("/split/")[0]}`,
    );
    assert.deepEqual(split.logits, whole.logits);
    await page.context().close();
  });

  test("files and the handle of a folder load, and what is missing is named", LIMIT, async () => {
    const page = await open();
    const seen = await page.evaluate(
      async ([splitNames, folderNames]) => {
        const failure = (promise) =>
          promise.then(
            () => "no failure",
            ({ code, message }) => `${code}: ${message}`,
          );
        const split = await window.filesAt("/split/", splitNames);
        const folder = await window.filesAt("/folder/", folderNames);
        const handle = await (await navigator.storage.getDirectory()).getDirectoryHandle("model", { create: true });
        for (const file of folder) {
          const writable = await (await handle.getFileHandle(file.name, { create: true })).createWritable();
          await writable.write(file);
          await writable.close();
        }
        await handle.getDirectoryHandle("original", { create: true });
        const load = window.wgslm.Engine.load;
        const engine = await load(folder);
        const tokens = [...(await engine.tokenize("cab</s>"))];
        const prompt = await engine.applyTemplate([{ role: "user", content: "ab" }]);
        await engine.unload();
        return {
          tokens,
          prompt,
          whole: await window.logitsOf("/whole/tiny.gguf"),
          split: await window.logitsOf(split.toReversed()),
          folder: await window.logitsOf(folder),
          handle: await window.logitsOf(handle),
          missing: await failure(load(split.slice(0, 2))),
          later: await failure(load(split.slice(1))),
          absent: await failure(load("/split/tiny-00001-of-00004.gguf")),
          alone: await failure(load(split[0])),
          shard: await failure(load(folder.filter(({ name }) => !name.startsWith("model-00002")))),
          none: await failure(load([new File(["a"], "a.txt"), new File(["b"], "b.txt")])),
          wrong: await failure(load(["a"])),
        };
      },
      [names("/split/"), names("/folder/")],
    );
    for (const source of ["split", "folder", "handle"]) {
      assert.deepEqual(seen[source].logits, seen.whole.logits, source);
    }
    assert.equal(seen.prompt, "ab</s>");
    assert.deepEqual(seen.tokens, [4, 2, 3, 1]);
    assert.match(seen.missing, /^missing-file: .*tiny-00003-of-00003\.gguf/);
    assert.match(seen.later, /^missing-file: .*tiny-00001-of-00003\.gguf/);
    assert.match(seen.absent, /^http: .*HTTP 404/);
    assert.match(seen.alone, /^missing-file: .*tiny-00002-of-00003\.gguf/);
    assert.match(seen.shard, /^missing-file: .*model-00002-of-00002\.safetensors/);
    assert.match(seen.none, /^no-model: /);
    assert.match(seen.wrong, /^invalid-argument: /);
    await page.context().close();
  });

  test("a file of a folder within is found by address, among files, and by handle", LIMIT, async () => {
    const page = await open();
    const failures = await page.evaluate(async (paths) => {
      const files = await window.filesAt("/encoder/", paths);
      const handle = await (await navigator.storage.getDirectory()).getDirectoryHandle("encoder", { create: true });
      for (const [index, path] of paths.entries()) {
        Object.defineProperty(files[index], "webkitRelativePath", { value: `encoder/${path}` });
        const [name, folder] = path.split("/").reverse();
        const holder = folder ? await handle.getDirectoryHandle(folder, { create: true }) : handle;
        const writable = await (await holder.getFileHandle(name, { create: true })).createWritable();
        await writable.write(files[index]);
        await writable.close();
      }
      const failure = (source) =>
        window.wgslm.Engine.load(source).then(
          () => "no failure",
          ({ code, message }) => `${code}: ${message}`,
        );
      return [await failure("/encoder/"), await failure(files), await failure(handle)];
    }, names("/encoder/"));
    for (const failure of failures)
      assert.match(failure, /^invalid-config: 1_Pooling\/config\.json is not usable: .*pooling_mode_max_tokens/);
    await page.context().close();
  });

  test("the demo page takes several files, or a folder, named after its own name", LIMIT, async () => {
    const page = await openPage();
    await inState(page, "empty");
    await choose(page, FOLDERS["/split/"]);
    await inState(page, "ready");
    await goTo(page, "models");
    const name = () => page.textContent("#loaded-title");
    assert.equal(await name(), "tiny");
    await page.click("#unload");
    await inState(page, "empty");
    const parent = await mkdtemp(join(tmpdir(), "wgslm-"));
    try {
      const folder = join(parent, "Tiny-Instruct");
      await mkdir(folder);
      for (const [file, bytes] of Object.entries(FOLDERS["/folder/"])) await writeFile(join(folder, file), bytes);
      await page.setInputFiles("#folder", folder);
      await inState(page, "ready");
      assert.equal(await name(), "Tiny-Instruct");
    } finally {
      await rm(parent, { recursive: true });
    }
    await page.context().close();
  });
});
