// A page whose worker loads files through the package's own modules, from a server that delivers them as badly as a test asks for: what the tests of
// downloads and of stored files share.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { launch } from "./chromium.mjs";
import { bytesOf, sha256, startServer } from "./unsteady-server.mjs";

const LIMIT = { timeout: 120_000 };
export const SIZE = 150_000;
export const BODY = bytesOf(SIZE);
export const OTHER = bytesOf(SIZE, 2);
export const PATH = "/model.gguf";

export let server;
export let browser;
let context;
let shared;

/** A page with a worker that loads; `call` calls one of its functions. */
export async function openPage(opened = context, at = server.url("/page.html")) {
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
export function check(name, body) {
  test(name, LIMIT, async (t) => {
    server.files.clear();
    server.requests.splice(0);
    await shared.call("clear");
    assert.deepEqual((await shared.call("look")).names, []);
    await body(shared, t);
  });
}

/** Puts a file on the server. */
export const put = (file, path = PATH) => server.files.set(path, { body: BODY, etag: '"one"', ...file }).get(path);
/** Loads the file that {@link put} has put. */
export const load = (page, params) => page.call("load", { url: server.url(PATH), ...params });
/** Asserts that a load gave these bytes. */
export function isWhole(loaded, body = BODY) {
  assert.equal(loaded.error, undefined);
  assert.deepEqual([loaded.length, loaded.sha256], [body.length, sha256(body)]);
}

/** The bytes of the ranges of requests. */
export function askedBytes(requests, size = SIZE) {
  const lengths = requests.map(({ range }) => {
    const [start, last] = range.match(/\d+/g).map(Number);
    return Math.min(last + 1, size) - start;
  });
  return lengths.reduce((sum, length) => sum + length, 0);
}
