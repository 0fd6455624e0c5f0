// Downloads, from servers that do everything that servers do: through the package's modules in a worker, without an engine.
import assert from "node:assert/strict";
import { describe } from "node:test";
import { BODY, OTHER, PATH, SIZE, askedBytes, check, isWhole, load, openPage, put, server } from "./download-page.mjs";
import { randomOf, sha256 } from "./unsteady-server.mjs";

describe("downloads", () => {
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
