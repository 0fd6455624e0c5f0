// Downloads and their cache, from servers that do everything that servers do: through the package's modules in a worker, without an engine.
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { launch, launchProfile } from "./chromium.mjs";
import { bytesOf, randomOf, sha256, startServer } from "./unsteady-server.mjs";

const LIMIT = { timeout: 120_000 };
const SIZE = 150_000;
const BODY = bytesOf(SIZE);
const OTHER = bytesOf(SIZE, 2);
const PATH = "/model.gguf";

let server;
let browser;
let context;
let shared;

/** A page with a worker that loads; `call` calls one of its functions. */
async function openPage(opened = context, at = server.url("/page.html")) {
  const page = await opened.newPage();
  await page.goto(at);
  await page.evaluate(async () => {
    window.startWorker = () => {
      const worker = new Worker("/download-worker.js", { type: "module" });
      const waiting = new Map();
      worker.onmessage = ({ data: { number, result, error } }) => {
        const { resolve, reject } = waiting.get(number);
        if (error) reject(new Error(error));
        else resolve(result);
      };
      let number = 0;
      window.call = (name, params, transfer = []) =>
        new Promise((resolve, reject) => {
          waiting.set(++number, { resolve, reject });
          worker.postMessage({ number, call: name, params }, transfer);
        });
    };
    window.startWorker();
  });
  page.call = (name, params) => page.evaluate(([called, given]) => window.call(called, given), [name, params]);
  return page;
}

before(async () => {
  const script = await readFile(new URL("download-worker.mjs", import.meta.url));
  server = await startServer({ "/page.html": "<!doctype html><title>downloads</title>", "/download-worker.js": script });
  browser = await launch({ webgpu: false });
  context = await browser.newContext();
  shared = await openPage();
});
after(async () => {
  await browser?.close();
  await server?.close();
});

/** A test that begins with an empty cache. */
function check(name, body) {
  test(name, LIMIT, async (t) => {
    server.files.clear();
    server.requests.splice(0);
    await shared.call("clear");
    assert.deepEqual((await shared.call("look")).names, []);
    await body(shared, t);
  });
}

/** Puts a file on the server. */
const put = (file, path = PATH) => server.files.set(path, { body: BODY, etag: '"one"', ...file }).get(path);
/** Loads the file that {@link put} has put. */
const load = (page, params) => page.call("load", { url: server.url(PATH), ...params });
/** Asserts that a load gave these bytes. */
function isWhole(loaded, body = BODY) {
  assert.equal(loaded.error, undefined);
  assert.deepEqual([loaded.length, loaded.sha256], [body.length, sha256(body)]);
}

/** The bytes of the ranges of requests. */
function askedBytes(requests, size = SIZE) {
  const lengths = requests.map(({ range }) => {
    const [start, last] = range.match(/\d+/g).map(Number);
    return Math.min(last + 1, size) - start;
  });
  return lengths.reduce((sum, length) => sum + length, 0);
}

describe("downloads", () => {
  check("the running SHA-256 is that of crypto.subtle", async (page) => {
    for (const [running, whole] of await page.call("digests", [0, 1, 55, 56, 63, 64, 65, 119, 120, 128, 1000, 4097])) {
      assert.equal(running, whole);
    }
  });

  check("a file comes in parallel ranges, and a second load makes no request, with the server off too", async (page) => {
    const file = put();
    const first = await load(page);
    isWhole(first);
    assert.deepEqual(first.use, { kept: true, bytesRead: 0 });
    const taken = server.taken(PATH);
    assert.ok(taken.length > 5, "several requests");
    assert.equal(askedBytes(taken), SIZE, "no byte twice");
    file.answer = (request, response) => response.destroy() && true;
    const reloaded = await openPage();
    const again = await load(reloaded, { room: 20_000 });
    isWhole(again);
    assert.deepEqual(again.use, { kept: true, bytesRead: SIZE });
    assert.deepEqual(server.taken(PATH), []);
    isWhole(await load(reloaded, { offset: 10_001 }), BODY.subarray(10_001));
  });

  check("cut at 200 random bytes, a download goes on, in the same load and in the next one", async (page) => {
    const random = randomOf(7);
    let resumed = 0;
    const body = BODY.subarray(0, 60_000);
    for (let cut = 0; cut < 200; cut++) {
      const path = `/cut-${cut}.gguf`;
      const staysCut = cut % 2 === 1;
      const file = put({ body, cutAt: random(body.length), staysCut }, path);
      const url = server.url(path);
      const first = await page.call("load", { url, policy: staysCut ? { attempts: 1, firstAttempts: 1 } : {} });
      if (!staysCut) {
        isWhole(first, body);
        assert.ok(file.sent <= body.length + 4 * 4096, `cut at ${cut}: ${file.sent} bytes sent`);
        continue;
      }
      assert.equal(first.error?.code, "network", `cut at ${file.cutAt}`);
      file.cutAt = undefined;
      const next = await page.call("load", { url, headers: [["x-load", "next"]] });
      isWhole(next, body);
      assert.equal(next.use.kept, true);
      // Requests of the load before may come late.
      const taken = server.taken(path).filter(({ headers }) => headers["x-load"]);
      assert.equal(next.use.bytesRead, body.length - askedBytes(taken, body.length), "what is there isn't asked for");
      if (next.use.bytesRead === 0) continue;
      resumed += 1;
      assert.ok(taken.every(({ ifRange }) => ifRange === '"one"'));
    }
    assert.ok(resumed > 50, `${resumed} were resumed`);
  });

  check("a load that was aborted or whose tab closes goes on where it was, by Last-Modified too", async (page) => {
    const lastModified = "Wed, 01 Jan 2020 00:00:00 GMT";
    const file = put({ etag: undefined, lastModified });
    const aborted = await load(page, { abortAt: 60_000 });
    assert.equal(aborted.error.name, "AbortError");
    const { list, names, locks } = await page.call("look");
    assert.equal(list[0].complete, false);
    assert.ok(list[0].storedBytes >= 40_000, `${list[0].storedBytes}`);
    assert.deepEqual([names.length, locks], [2, []]);
    const other = await openPage();
    // The other tab never gets the end.
    file.answer = ({ headers }) => Number(headers.range.match(/\d+/)) >= 131_072;
    void load(other).catch(() => undefined);
    while ((await page.call("look")).locks.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    assert.equal(await page.call("remove", { target: server.url(PATH) }), "cache-in-use");
    while ((await page.call("look")).list[0].storedBytes < 100_000) await new Promise((resolve) => setTimeout(resolve, 20));
    await other.close();
    file.answer = undefined;
    const last = await load(page, { headers: [["x-load", "last"]] });
    isWhole(last);
    assert.ok(last.use.bytesRead >= 100_000);
    const asked = server.taken(PATH).filter(({ headers }) => headers["x-load"]);
    assert.ok(asked.length > 0 && asked.every(({ ifRange }) => ifRange === lastModified));
  });

  check("a file that has changed is fetched anew, and pieces of two versions never mix", async (page) => {
    const file = put();
    await load(page, { abortAt: 60_000 });
    Object.assign(file, { body: OTHER, etag: '"two"' });
    const changed = await load(page);
    isWhole(changed, OTHER);
    assert.equal(changed.use.bytesRead, 0);
    // In the middle of a load, whoever loads has to begin anew: the bytes before are of the other version.
    for (const more of [{}, { ranges: false }]) {
      await page.call("clear");
      put({ answer: (request, response, count) => void (count === 4 && Object.assign(server.files.get(PATH), { body: OTHER, etag: '"two"', ...more })) });
      const mixed = await load(page);
      assert.equal(mixed.error?.name, "Error", JSON.stringify(mixed));
      assert.deepEqual((await page.call("look")).names, []);
      isWhole(await load(page), OTHER);
    }
  });

  check("a model whose file changes while it loads is loaded anew, and no figure of its progress goes back", async (page) => {
    const [old, current] = [Buffer.alloc(20e6, "old"), Buffer.alloc(21e6, "new")];
    const change = (count) => count === 3 && Object.assign(server.files.get(PATH), { body: current, etag: '"two"' });
    put({ body: old, answer: (request, response, count) => void change(count), bytesPerMs: 30_000 });
    const loaded = await page.call("loadModel", { url: server.url(PATH) });
    assert.deepEqual([loaded.loaders, loaded.sha256, loaded.cache.kept], [2, sha256(current), true]);
    const bytes = loaded.progress.map(({ loadedBytes }) => loadedBytes);
    assert.ok(bytes.length > 5);
    assert.deepEqual(bytes, bytes.toSorted((a, b) => a - b));
  });

  check("an answer with another range or length than asked for is refused, and the file fetched in one piece", async (page) => {
    const wrong = {
      "other start": ({ start, end }) => [start + 1, end, BODY.subarray(start, end)],
      "other end": ({ start, end }) => [start, end + 5000, BODY.subarray(start, end + 5000)],
      "other length": ({ start, end }) => [start, end, BODY.subarray(start, end - 10)],
      "no range": ({ start, end }) => [undefined, end, BODY.subarray(start, end)],
      "coded": ({ start, end }) => [start, end, BODY.subarray(start, end), { "content-encoding": "gzip" }],
    };
    for (const [name, makeWrong] of Object.entries(wrong)) {
      // Browsers don't read what is coded unasked, which only the first request makes up for.
      for (const from of name === "coded" ? [1] : [1, 3]) {
        await page.call("clear");
        put({
          answer(request, response, count) {
            const [, start, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
            if (start === undefined || count < from) return false;
            const [first, end, part, more] = makeWrong({ start: Number(start), end: Math.min(Number(last) + 1, SIZE) });
            const range = first === undefined ? {} : { "content-range": `bytes ${first}-${end - 1}/${SIZE}` };
            response.writeHead(206, { etag: '"one"', "content-length": part.length, ...range, ...more });
            response.end(part);
            return true;
          },
        });
        const loaded = await load(page);
        isWhole(loaded);
        assert.equal(loaded.use.kept, true, name);
        isWhole(await load(page));
      }
    }
  });

  check("servers that send less than asked for are asked for the rest", async (page) => {
    put({
      answer(request, response) {
        const [start, last] = request.headers.range.match(/\d+/g).map(Number);
        const part = BODY.subarray(start, Math.min(start + 5000, last + 1));
        response.writeHead(206, { etag: '"one"', "content-range": `bytes ${start}-${start + part.length - 1}/${SIZE}` });
        response.end(part);
        return true;
      },
    });
    isWhole(await load(page));
  });

  check("coded bodies, servers without ranges, without lengths and without validators will do", async (page) => {
    const servers = {
      gzip: { gzip: true },
      "no ranges": { ranges: false },
      "no validator": { etag: undefined },
      "weak validator": { etag: 'W/"one"' },
      "no length": { answer: (request, response) => (response.writeHead(200), response.write(BODY.subarray(0, 70_000)), response.end(BODY.subarray(70_000)), true) },
      empty: { body: Buffer.alloc(0) },
    };
    for (const [name, file] of Object.entries(servers)) {
      const path = `/${encodeURIComponent(name)}.gguf`;
      const { body } = put(file, path);
      for (const cache of [false, "auto"]) {
        const loaded = await page.call("load", { url: server.url(path), cache });
        isWhole(loaded, body);
        assert.equal(loaded.use.kept, cache === "auto", name);
      }
      server.taken(path);
      isWhole(await page.call("load", { url: server.url(path) }), body);
      assert.deepEqual(server.taken(path), [], name);
    }
  });

  check("without ranges, a cut download begins anew only where it is the same version", async (page) => {
    put({ ranges: false, cutAt: 90_000 });
    isWhole(await load(page));
    await page.call("clear");
    put({ etag: undefined, cutAt: 90_000 });
    assert.equal((await load(page)).error.name, "Error");
    assert.deepEqual((await page.call("look")).names, []);
  });

  check("busy servers are asked again, after the time that they ask for; others aren't", async (page) => {
    for (const [status, retry] of [[503], [429, "1"], [429, new Date(Date.now() + 1500).toUTCString()], [500]]) {
      await page.call("clear");
      const times = [];
      put({
        answer(request, response, count) {
          times.push(Date.now());
          if (count !== 1 && count !== 3) return false;
          response.writeHead(status, retry ? { "retry-after": retry } : {}).end();
          return true;
        },
      });
      isWhole(await load(page));
      if (retry === "1") assert.ok(times[1] - times[0] >= 990, `${times[1] - times[0]}`);
    }
    await page.call("clear");
    for (const [status, tries] of [[404, 1], [403, 1], [400, 1], [503, 3]]) {
      const file = put({ answer: (request, response) => (response.writeHead(status).end(), true) });
      const { error } = await load(page);
      assert.deepEqual([error.code, error.status, file.asked], ["http", status, tries]);
    }
    put({ answer: (request, response, count) => count === 3 && (response.writeHead(404).end(), true) });
    assert.equal((await load(page)).error.code, "http", "a file that has gone");
    await page.call("clear");
    const gone = await page.call("load", { url: "http://127.0.0.1:9/model.gguf" });
    assert.equal(gone.error.code, "network");
    assert.deepEqual((await page.call("look")).names, []);
  });

  check("a server that falls silent is asked again", async (page) => {
    const file = put({
      answer(request, response, count) {
        // Before its head, or after some bytes.
        if (count === 2) return true;
        if (count !== 1 && count !== 4) return false;
        const [, start, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range);
        const end = Math.min(Number(last) + 1, SIZE);
        response.writeHead(206, { etag: '"one"', "content-range": `bytes ${start}-${end - 1}/${SIZE}` });
        response.write(BODY.subarray(Number(start), Number(start) + 3000));
        return true;
      },
    });
    isWhole(await load(page, { policy: { stallMs: 150 } }));
    assert.ok(file.asked > 4);
  });

  check("other origins are asked without headers that they would have to allow, and what they hide isn't trusted", async (page) => {
    for (const cors of ["exposed", true]) {
      put({ cors, lastModified: "Wed, 01 Jan 2020 00:00:00 GMT", cutAt: 90_000 });
      const url = server.elsewhere(PATH);
      const loaded = await page.call("load", { url });
      isWhole(loaded);
      assert.equal(loaded.use.kept, true);
      const taken = server.taken(PATH);
      assert.ok(taken.every(({ ifRange }) => ifRange === undefined));
      assert.equal(taken.filter(({ range }) => range).length > 2, cors === "exposed");
      await page.call("clear");
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

  check("headers go with every request, and a page's own fetch makes them", async (page) => {
    put();
    isWhole(await load(page, { headers: [["authorization", "Bearer key"]] }));
    const taken = server.taken(PATH);
    assert.ok(taken.length > 5 && taken.every(({ headers }) => headers.authorization === "Bearer key"));
    await page.call("clear");
    const own = await page.evaluate(async (url) => {
      const { serveFetch } = await import("/wgslm/sources/fetch-proxy.js");
      const { port1, port2 } = new MessageChannel();
      let calls = 0;
      serveFetch(port1, (address, init) => (calls++, fetch(address, { ...init, headers: [...init.headers, ["x-own", "1"]] })));
      return { ...(await window.call("load", { url }, [port2])), calls };
    }, server.url(PATH));
    isWhole(own);
    const proxied = server.taken(PATH);
    assert.equal(own.calls, proxied.length);
    assert.ok(proxied.every(({ headers }) => headers["x-own"] === "1"));
  });
});
