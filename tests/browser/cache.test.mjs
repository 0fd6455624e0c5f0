// Models that are kept in the browser: from their first load on, without a network, and as `Engine.cache` shows them.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { openPackage } from "./browser.mjs";
import { gguf, huggingFace } from "./model-files.mjs";
import { sha256, startServer } from "./unsteady-server.mjs";

const LIMIT = { timeout: 240_000 };
const TOKENS = [3, 1, 4, 15, 9];

describe("models in the cache", () => {
  let server;
  let page;

  before(async () => {
    server = await startServer();
    page = await open();
  });
  after(() => server?.close());

  /** A page with the package, in the context of the first one. */
  async function open(context) {
    const opened = await openPackage({ context });
    await opened.evaluate((tokens) => {
      window.use = async (source, options) => {
        const progress = [];
        const onProgress = (step) => progress.push(step);
        const engine = await window.wgslm.Engine.load(source, { ...options, onProgress });
        const logits = [...(await engine.logits(new Uint32Array(tokens)))];
        await engine.unload();
        return { logits, progress, cache: engine.info.cache };
      };
    }, TOKENS);
    return opened;
  }

  const put = (path, body) => server.files.set(path, { body, etag: `"${sha256(body)}"`, cors: "exposed" });
  const use = (given, source, options) => given.evaluate(([from, more]) => window.use(from, more), [source, options]);

  test("a second visit makes no request for the model, and works with its server stopped", LIMIT, async () => {
    const folder = huggingFace();
    put("/tiny.gguf", gguf());
    for (const [name, body] of Object.entries(folder)) put(`/owner/repo/resolve/main/${name}`, body);
    const sources = [server.url("/tiny.gguf"), { hf: "owner/repo", endpoint: server.url("") }];
    const first = [];
    for (const source of sources) first.push(await use(page, source));
    for (const { cache, progress } of first) {
      assert.deepEqual(cache, { kept: true, bytesRead: 0 });
      assert.deepEqual([...new Set(progress.map(({ phase }) => phase))], ["preparing", "loading", "finishing"]);
      for (const figure of ["loadedBytes", "cachedBytes"]) {
        const values = progress.map((step) => step[figure]);
        assert.deepEqual(values, values.toSorted((a, b) => a - b));
      }
    }
    await server.close();
    const visit = await open(page.context());
    for (const [index, source] of sources.entries()) {
      const { logits, cache, progress } = await use(visit, source);
      const bytes = progress.at(-1).totalBytes;
      assert.deepEqual(logits, first[index].logits);
      assert.deepEqual(cache, { kept: true, bytesRead: bytes });
      assert.equal(progress.at(-1).cachedBytes, bytes);
    }
    await visit.close();
  });

  test("the cache tells what it has, exports it, and deletes it", LIMIT, async () => {
    const seen = await page.evaluate(
      async ([address, endpoint]) => {
        const { cache } = window.wgslm.Engine;
        const folder = { hf: "owner/repo", endpoint };
        const before = { list: await cache.list(), usage: await cache.usage() };
        const files = await cache.export(folder);
        const [whole] = await cache.export(before.list.find(({ name }) => name === "tiny.gguf").id);
        const { logits } = await window.use([whole]);
        const exported = await Promise.all(files.map(async (file) => [file.name, await file.text()]));
        const freed = [await cache.delete(folder), await cache.delete(new URL(address)), await cache.delete(address)];
        return {
          before,
          exported,
          logits,
          freed,
          persist: typeof (await cache.persist()),
          after: [await cache.list(), await cache.usage(), await cache.export(address)],
          wrong: await window.failure(cache.delete([])),
        };
      },
      [server.url("/tiny.gguf"), server.url("")],
    );
    const folder = huggingFace();
    const folderBytes = Object.values(folder).reduce((sum, { length }) => sum + length, 0);
    const bytes = folderBytes + gguf().length;
    const { list, usage } = seen.before;
    assert.deepEqual(list.map(({ name }) => name).sort(), ["tiny.gguf", ...Object.keys(folder)].sort());
    assert.ok(list.every(({ complete, size, storedBytes }) => complete && size === storedBytes));
    assert.deepEqual([usage.files, usage.bytes], [list.length, bytes]);
    assert.ok(usage.quotaBytes > 0 && usage.persisted === false);
    assert.deepEqual(Object.fromEntries(seen.exported), Object.fromEntries(Object.entries(folder).map(([name, body]) => [name, body.toString()])));
    assert.ok(seen.logits.every(Number.isFinite));
    assert.deepEqual(seen.freed, [folderBytes, gguf().length, 0]);
    assert.deepEqual([seen.after[0], seen.after[1].bytes, seen.after[2]], [[], 0, []]);
    assert.equal(seen.persist, "boolean");
    assert.equal(seen.wrong.code, "invalid-argument");
  });

  test("what is no model isn't kept, nor is what has another digest; the page's own fetch and headers are used", LIMIT, async () => {
    const model = await startServer();
    try {
      const address = model.url("/tiny.gguf");
      const page404 = Buffer.from("<!doctype html><title>Sign in</title>");
      model.files.set("/tiny.gguf", { body: page404, etag: '"one"', cors: "exposed" });
      const seen = await page.evaluate(
        async ([url, other]) => {
          const { Engine } = window.wgslm;
          const failed = [await window.failure(Engine.load(url)), await window.failure(Engine.load(url, { integrity: other }))];
          return { codes: failed.map(({ code }) => code), list: await Engine.cache.list() };
        },
        [address, sha256("other")],
      );
      assert.equal(seen.codes[0], "not-gguf");
      assert.deepEqual(seen.list, []);
      model.files.set("/tiny.gguf", { body: gguf(), etag: '"two"', cors: "exposed" });
      const loaded = await page.evaluate(
        async ([url, integrity]) => {
          const headers = [];
          const own = (from, init) => {
            headers.push(Object.fromEntries(init.headers));
            return fetch(from);
          };
          const used = await window.use(url, { fetch: own, headers: { "x-key": "key" }, integrity });
          return { ...used, headers };
        },
        [address, sha256(gguf())],
      );
      assert.equal(loaded.cache.kept, true);
      assert.equal(loaded.headers[0]["x-key"], "key");
    } finally {
      await model.close();
    }
  });
});
