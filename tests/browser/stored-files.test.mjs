// What is kept of downloads: checked, shared, found again by other tabs, and left whole or not at all. Without an engine.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe } from "node:test";
import { launchProfile } from "./chromium.mjs";
import { BODY, OTHER, PATH, SIZE, askedBytes, browser, check, isWhole, load, openPage, put, server } from "./download-page.mjs";
import { sha256 } from "./unsteady-server.mjs";

describe("stored files", () => {
  check("the running SHA-256 is that of crypto.subtle", async (page) => {
    for (const [running, whole] of await page.call("digests", [0, 1, 55, 56, 63, 64, 65, 119, 120, 128, 1000, 4097])) {
      assert.equal(running, whole);
    }
  });

  check("the digest that the caller gives is held to, cached or not", async (page) => {
    put();
    const right = { "": sha256(BODY) };
    const wrong = { "": sha256(OTHER) };
    for (const cache of [false, "auto"]) {
      const refused = await load(page, { cache, integrity: wrong });
      assert.equal(refused.error.code, "integrity");
      assert.match(refused.error.message, new RegExp(sha256(BODY)));
      assert.deepEqual((await page.call("look")).names, []);
      isWhole(await load(page, { cache, integrity: right }));
    }
    const [{ sha256: found }] = (await page.call("look")).list;
    assert.equal(found, sha256(BODY));
    server.requests.splice(0);
    isWhole(await load(page, { integrity: right }));
    assert.deepEqual(server.taken(PATH), []);
    // What is cached isn't what is wanted: it is fetched again.
    put({ body: OTHER, etag: '"two"' });
    isWhole(await load(page, { integrity: wrong }), OTHER);
    // Resumed too.
    await page.call("clear");
    put();
    await load(page, { integrity: right, abortAt: 60_000 });
    isWhole(await load(page, { integrity: right }));
  });

  check("two addresses of the same content share it, and nobody's word is taken for it", async (page) => {
    const digest = sha256(BODY);
    put({ etag: `"${digest}"` }, "/hub.gguf");
    put({ etag: '"mirror"' }, "/mirror.gguf");
    const open = (path, params) => page.call("load", { url: server.url(path), ...params });
    isWhole(await open("/hub.gguf"));
    isWhole(await open("/mirror.gguf", { integrity: { "": digest } }));
    assert.deepEqual(server.taken("/mirror.gguf"), []);
    const { list } = await page.call("look");
    assert.equal(list.length, 1);
    assert.equal(list[0].addresses.length, 2);
    // The other way around, the server's ETag says so, of content whose digest was computed here.
    await page.call("clear");
    isWhole(await open("/mirror.gguf", { integrity: { "": digest } }));
    isWhole(await open("/hub.gguf"));
    assert.equal(server.taken("/hub.gguf").length, 1);
    assert.equal((await page.call("look")).list.length, 1);
    // Another digest for one of them leaves the other one's file alone.
    put({ body: OTHER, etag: '"other"' }, "/hub.gguf");
    isWhole(await open("/hub.gguf", { integrity: { "": sha256(OTHER) } }), OTHER);
    server.requests.splice(0);
    isWhole(await open("/mirror.gguf"));
    isWhole(await open("/hub.gguf"), OTHER);
    assert.deepEqual(server.requests, []);
    put({ etag: `"${digest}"` }, "/hub.gguf");
    // A server that lies about its content harms nobody else.
    await page.call("clear");
    put({ body: OTHER, etag: `"${digest}"` }, "/liar.gguf");
    isWhole(await open("/liar.gguf"), OTHER);
    isWhole(await open("/hub.gguf"));
    isWhole(await open("/mirror.gguf", { integrity: { "": digest } }));
  });

  check("damaged bytes are noticed, and only they are fetched again", async (page) => {
    put();
    isWhole(await load(page));
    for (const [what, chunks] of [[{ flip: 40_000 }, 1], [{ cut: 20_000 }, 4], [{ flip: 0 }, 1], [{ log: true, cut: 45 }, 1]]) {
      await page.call("damage", what);
      server.requests.splice(0);
      for (const room of [5000, 100_000]) isWhole(await load(page, { room }));
      const bytes = askedBytes(server.taken(PATH));
      assert.ok(bytes > 0 && bytes <= chunks * 8192, `${JSON.stringify(what)}: ${bytes} bytes`);
    }
    // A log that tells nothing is none.
    await page.call("damage", { log: true, truncate: 10 });
    isWhole(await load(page));
    assert.equal((await page.call("look")).list.length, 1);
  });

  check("two tabs download a file once, and the second sees how far the first one is", async (page) => {
    const file = put({ bytesPerMs: 60 });
    const other = await openPage();
    const [first, second] = await Promise.all([load(page), load(other)]);
    isWhole(first);
    isWhole(second);
    assert.equal(first.use.bytesRead + second.use.bytesRead, SIZE);
    assert.ok(first.waited + second.waited > 0);
    assert.ok(file.sent <= SIZE + 4096);
    // Where the first one gives up, the other goes on.
    await page.call("clear");
    const [given, kept] = await Promise.all([load(page, { id: 1, abortAt: 50_000 }), new Promise((resolve) => setTimeout(resolve, 50)).then(() => load(other))]);
    assert.equal(given.error.name, "AbortError");
    isWhole(kept);
    assert.ok(kept.use.bytesRead > 0);
  });

  check("an abort in any phase leaves no lock and nothing that isn't listed", async (page) => {
    const aborting = async (params = {}, ms = 30) => {
      const loading = load(page, { id: 9, ...params });
      await new Promise((resolve) => setTimeout(resolve, ms));
      await page.call("abort", { id: 9 });
      const { error } = await loading;
      assert.equal(error?.name, "AbortError");
      const { list, names, locks } = await page.call("look");
      assert.deepEqual([names.length, locks], [2 * list.length, []]);
      return list;
    };
    put({ answer: () => true });
    assert.deepEqual(await aborting(), [], "before the server answers");
    put({ answer: (request, response) => (response.writeHead(503).end(), true) });
    assert.deepEqual(await aborting({ policy: { backoffMs: 5000 } }), [], "before the next try");
    put({ bytesPerMs: 50 });
    await aborting({}, 300);
    // While another tab has it.
    const other = await openPage();
    const loading = load(other);
    await new Promise((resolve) => setTimeout(resolve, 200));
    const waiting = load(page, { id: 9 });
    await new Promise((resolve) => setTimeout(resolve, 100));
    await page.call("abort", { id: 9 });
    assert.equal((await waiting).error.name, "AbortError");
    isWhole(await loading);
    assert.deepEqual((await page.call("look")).locks, []);
  });

  check("without room, a model loads and isn't kept; where it has to be, the load fails", async () => {
    // Private windows have no quota for OPFS.
    const folder = await mkdtemp(join(tmpdir(), "wgslm-profile-"));
    const profile = await launchProfile(folder, { webgpu: false });
    try {
      await withoutRoom(profile);
    } finally {
      await profile.close();
      await rm(folder, { recursive: true });
    }
  });

  async function withoutRoom(profile) {
    const visitor = await openPage(profile);
    const session = await profile.newCDPSession(visitor);
    const origin = new URL(server.url("/")).origin;
    for (const quotaSize of [1000, 60_000]) {
      await session.send("Storage.overrideQuotaForOrigin", { origin, quotaSize });
      for (const ranges of [true, false]) {
        // Without a length, the room is missed on the way only.
        put(ranges ? {} : { answer: (request, response) => (response.writeHead(200), response.end(BODY), true) });
        const loaded = await load(visitor);
        isWhole(loaded);
        assert.equal(loaded.use.kept, false);
        assert.equal(loaded.use.warning.code, "quota-exceeded");
        assert.deepEqual((await visitor.call("look")).names, []);
        const required = await load(visitor, { cache: "required" });
        assert.equal(required.error.code, "quota-exceeded");
        assert.deepEqual((await visitor.call("look")).names, []);
      }
    }
    await session.send("Storage.overrideQuotaForOrigin", { origin });
    isWhole(await load(visitor, { cache: "required" }));
  }

  check("without OPFS, Cache Storage keeps it, and without both the model loads", async () => {
    const page = await openPage();
    await page.call("without", { opfs: true });
    put();
    await load(page, { abortAt: 60_000 });
    const resumed = await load(page);
    isWhole(resumed);
    assert.ok(resumed.use.kept && resumed.use.bytesRead > 0);
    server.requests.splice(0);
    isWhole(await load(page));
    assert.deepEqual(server.taken(PATH), []);
    const neither = await openPage(await browser.newContext());
    await neither.call("without", { opfs: true, caches: true });
    const loaded = await load(neither);
    isWhole(loaded);
    assert.deepEqual([loaded.use.kept, loaded.use.warning.code], [false, "cache"]);
    await neither.context().close();
  });

  check("where a worker starts no other, it writes by itself", async () => {
    const page = await openPage();
    await page.call("without", { workers: true });
    put();
    isWhole(await load(page));
    const kept = await load(page);
    isWhole(kept);
    assert.equal(kept.use.bytesRead, SIZE);
    await page.close();
  });

  check("files of a folder within and parts of a model are exported and deleted as one", async (page) => {
    const paths = ["/model/config.json", "/model/1_Pooling/config.json", "/a-00001-of-00002.gguf", "/a-00002-of-00002.gguf", "/a-00001-of-00003.gguf"];
    for (const path of paths) {
      put({ body: Buffer.from(path) }, path);
      await page.call("load", { url: server.url(path) });
    }
    const namesOf = async (path) => Object.fromEntries(await page.call("exported", { target: server.url(path) }));
    assert.deepEqual(await namesOf("/model/"), { "config.json": paths[0], "1_Pooling/config.json": paths[1] });
    assert.deepEqual(await namesOf(paths[2]), { "a-00001-of-00002.gguf": paths[2], "a-00002-of-00002.gguf": paths[3] });
    assert.deepEqual(await namesOf("/mode"), {});
    assert.equal(await page.call("remove", { target: server.url("/model/") }), paths[0].length + paths[1].length);
    assert.equal(await page.call("remove", { target: server.url(paths[3]) }), paths[2].length + paths[3].length);
    assert.deepEqual((await page.call("look")).list.map(({ name }) => name), ["a-00001-of-00003.gguf"]);
  });

  check("what a server says not to store isn't stored, and false stores nothing", async (page) => {
    put({ headers: { "cache-control": "no-store" } });
    isWhole(await load(page));
    put();
    isWhole(await load(page, { cache: false }));
    assert.deepEqual((await page.call("look")).names, []);
  });
});
