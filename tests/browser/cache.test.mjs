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

  /** A server with this file alone, and an empty cache. */
  async function restart(path, bytesPerMs) {
    await server.close();
    server = await startServer();
    put(path, gguf());
    const file = server.files.get(path);
    file.bytesPerMs = bytesPerMs;
    await page.evaluate(async () => {
      for (const { id } of await window.wgslm.Engine.cache.list()) await window.wgslm.Engine.cache.delete(id);
    });
    return file;
  }

  async function until(condition) {
    while (!condition()) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  const put = (path, body) => server.files.set(path, { body, etag: `"${sha256(body)}"`, cors: "exposed" });
  const use = (given, source, options) => given.evaluate(([from, more]) => window.use(from, more), [source, options]);

  test("a second visit makes no request for the model, and works with its server stopped", LIMIT, async () => {
    for (const [name, body] of Object.entries(huggingFace())) put(`/owner/repo/resolve/main/${name}`, body);
    const source = { hf: "owner/repo", endpoint: server.url("") };
    const first = await use(page, source);
    assert.deepEqual(first.cache, { kept: true, bytesRead: 0 });
    await server.close();
    const visit = await open(page.context());
    const second = await use(visit, source);
    await visit.close();
    const bytes = second.progress.at(-1).totalBytes;
    assert.deepEqual(second.logits, first.logits);
    assert.deepEqual(second.cache, { kept: true, bytesRead: bytes });
    assert.equal(second.progress.at(-1).cachedBytes, bytes);
    for (const { progress } of [first, second]) {
      assert.deepEqual([...new Set(progress.map(({ phase }) => phase))], ["preparing", "loading", "finishing"]);
      for (const figure of ["loadedBytes", "cachedBytes"]) {
        const values = progress.map((step) => step[figure]);
        assert.deepEqual(values, values.toSorted((a, b) => a - b));
      }
    }
  });

  test("what is no model isn't kept; the page's own fetch and headers are used", LIMIT, async () => {
    const asked = [];
    let body = Buffer.from("<!doctype html><title>Sign in</title>");
    await page.context().route("**/own.gguf", (route) => {
      asked.push(route.request().headers());
      return route.fulfill({ body, headers: { etag: '"one"' } });
    });
    assert.equal((await page.evaluate(() => window.failure(window.wgslm.Engine.load("/own.gguf")))).code, "not-gguf");
    assert.ok((await page.evaluate(() => window.wgslm.Engine.cache.list())).every(({ name }) => name !== "own.gguf"));
    body = gguf();
    const loaded = await page.evaluate((integrity) => {
      const own = (url, init) => fetch(url, { ...init, headers: [...init.headers, ["x-own", "1"]] });
      return window.use("/own.gguf", { fetch: own, headers: { "x-key": "key" }, integrity });
    }, sha256(body));
    assert.equal(loaded.cache.kept, true);
    assert.deepEqual([asked.at(-1)["x-key"], asked.at(-1)["x-own"]], ["key", "1"]);
  });

  test("the cache tells what it has, exports it, and deletes it", LIMIT, async () => {
    const seen = await page.evaluate(async (endpoint) => {
      const { cache } = window.wgslm.Engine;
      const folder = { hf: "owner/repo", endpoint };
      const before = { list: await cache.list(), usage: await cache.usage() };
      const files = await cache.export(folder);
      const [whole] = await cache.export(before.list.find(({ name }) => name === "own.gguf").id);
      const { logits } = await window.use([whole]);
      const exported = await Promise.all(files.map(async (file) => [file.name, await file.text()]));
      const freed = [await cache.delete(folder), await cache.delete(new URL("/own.gguf", location)), await cache.delete("/own.gguf")];
      return {
        before,
        exported,
        logits,
        freed,
        persist: typeof (await cache.persist()),
        after: [await cache.list(), await cache.usage(), await cache.export(folder)],
        wrong: await window.failure(cache.delete([])),
      };
    }, server.url(""));
    const folder = huggingFace();
    const folderBytes = Object.values(folder).reduce((sum, { length }) => sum + length, 0);
    const { list, usage } = seen.before;
    assert.deepEqual(list.map(({ name }) => name).sort(), ["own.gguf", ...Object.keys(folder)].sort());
    assert.ok(list.every(({ complete, size, storedBytes }) => complete && size === storedBytes));
    assert.deepEqual([usage.files, usage.bytes], [list.length, folderBytes + gguf().length]);
    assert.ok(usage.quotaBytes > 0 && usage.persisted === false);
    const texts = Object.entries(folder).map(([name, body]) => [name, body.toString()]);
    assert.deepEqual(Object.fromEntries(seen.exported), Object.fromEntries(texts));
    assert.ok(seen.logits.every(Number.isFinite));
    assert.deepEqual(seen.freed, [folderBytes, gguf().length, 0]);
    assert.deepEqual([seen.after[0], seen.after[1].bytes, seen.after[2]], [[], 0, []]);
    assert.equal(seen.persist, "boolean");
    assert.equal(seen.wrong.code, "invalid-argument");
  });

  test("two tabs that load a model at once download it once, and a damaged entry is mended without another one", LIMIT, async () => {
    const { body } = await restart("/shared.gguf");
    const url = server.url("/shared.gguf");
    const other = await open(page.context());
    const [one, two] = await Promise.all([use(page, url), use(other, url)]);
    assert.deepEqual(one.logits, two.logits);
    assert.equal(server.taken("/shared.gguf").length, 1);
    assert.deepEqual([one.cache.kept, two.cache.kept, one.cache.bytesRead + two.cache.bytesRead], [true, true, body.length]);
    await other.close();
    await page.evaluate(async () => {
      const [{ id }] = await window.wgslm.Engine.cache.list();
      const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle("wgslm-models");
      const writable = await (await folder.getFileHandle(`${id}.data`)).createWritable({ keepExistingData: true });
      await writable.write({ type: "write", position: 60_000, data: Uint8Array.of(1, 2, 3) });
      await writable.close();
    });
    const mended = await use(page, url);
    assert.deepEqual(mended.logits, one.logits);
    assert.equal(server.taken("/shared.gguf").length, 1, "the chunk was fetched again");
    assert.ok((await page.evaluate(() => window.wgslm.Engine.cache.list()))[0].complete);
  });

  test("an abort in any phase of a load rejects with its reason, and leaves no worker, no lock and nothing half-written", LIMIT, async () => {
    for (const [phase, speed] of [["preparing", undefined], ["loading", 20], ["finishing", undefined]]) {
      const { body } = await restart("/aborted.gguf", speed);
      const failed = await page.evaluate(
        async ([url, at]) => {
          const controller = new AbortController();
          const onProgress = (step) => step.phase === at && controller.abort();
          return window.failure(window.wgslm.Engine.load(url, { signal: controller.signal, onProgress }));
        },
        [server.url("/aborted.gguf"), phase],
      );
      assert.equal(failed.name, "AbortError", phase);
      await until(() => page.workers().length === 0);
      const left = await page.evaluate(async () => {
        const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle("wgslm-models");
        const names = await Array.fromAsync(folder.keys());
        const { held } = await navigator.locks.query();
        return { names: names.length, list: await window.wgslm.Engine.cache.list(), locks: held.map(({ name }) => name) };
      });
      assert.deepEqual([left.names, left.locks], [2 * left.list.length, []], phase);
      assert.ok(left.list.every(({ complete, storedBytes }) => storedBytes === (complete ? body.length : 0)), phase);
    }
  });
});
