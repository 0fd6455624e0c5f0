// The ways in which the package reaches a page: from another origin, and no more than once. bundlers.test.mjs has those through bundlers.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { openPackage, site } from "./browser.mjs";
import { gguf, huggingFace } from "./model-files.mjs";

const LIMIT = { timeout: 240_000 };

describe("delivery", () => {

  /** Opens the package with a model at /tiny.gguf and the same one in /folder/. */
  async function open({ setUp, from } = {}) {
    const folder = huggingFace();
    return openPackage({
      from,
      setUp: async (page) => {
        await page.context().route("**/tiny.gguf", (route) => route.fulfill({ body: gguf() }));
        await page.context().route("**/folder/*", (route) => {
          const body = folder[route.request().url().split("/").pop()];
          return route.fulfill(body ? { body } : { status: 404, body: "not found" });
        });
        await setUp?.(page);
      },
    });
  }

  /** In the page: the logits that the package gives for a model. */
  const logits = async ({ model = "/tiny.gguf", ...options } = {}) => {
    const engine = await window.wgslm.Engine.load(model, options);
    const values = [...(await engine.logits(new Uint32Array([3, 1, 4])))];
    await engine.unload();
    return values;
  };

  test("worker and wasm are fetched once for support and load, that wasm once for all engines, and no other for a GGUF file", LIMIT, async () => {
    const requests = [];
    const page = await open({ setUp: (opened) => void opened.context().on("request", (request) => requests.push(request.url())) });
    const fetched = (file) => requests.filter((url) => url.endsWith(file)).length;
    await page.evaluate(() => window.wgslm.Engine.support());
    await page.evaluate(async () => (window.first = await window.wgslm.Engine.load("/tiny.gguf")) && undefined);
    assert.deepEqual([fetched("/worker.js"), fetched(".wasm")], [1, 1]);
    await page.evaluate(async () => {
      await window.first.unload();
      await (await window.wgslm.Engine.load("/tiny.gguf")).unload();
    });
    assert.equal(fetched(".wasm"), 1);
    await page.context().close();
  });

  test("two engines that load at once fetch the wasm once", LIMIT, async () => {
    const requests = [];
    const page = await open({ setUp: (opened) => void opened.context().on("request", (request) => requests.push(request.url())) });
    await page.evaluate(async () => {
      const load = () => window.wgslm.Engine.load("/tiny.gguf");
      const engines = await Promise.all([load(), load()]);
      await Promise.all(engines.map((engine) => engine.unload()));
    });
    assert.equal(requests.filter((url) => url.endsWith(".wasm")).length, 1);
    await page.context().close();
  });

  test("the wasm that reads tokenizer.json is fetched with a folder, and a load says why it could not be", LIMIT, async () => {
    const requests = [];
    const answers = [
      (route) => route.abort("internetdisconnected"),
      (route) => route.fulfill({ status: 404, body: "not found" }),
      (route) => route.continue(),
    ];
    const page = await open({
      setUp: (opened) =>
        opened.context().route("**/*.wasm", (route) => {
          const module = route.request().url().split("/").pop();
          requests.push(module);
          return module === "wgslm_bg.wasm" ? route.continue() : answers.shift()(route);
        }),
    });
    const outcomes = await page.evaluate(async () => {
      const outcome = () =>
        window.wgslm.Engine.load("/folder/").then(
          async (engine) => {
            const tokens = [...(await engine.tokenize("cab</s>"))];
            await engine.unload();
            return tokens;
          },
          ({ code }) => code,
        );
      return [await outcome(), await outcome(), await outcome()];
    });
    assert.deepEqual(outcomes, ["network", "wasm-load", [4, 2, 3, 1]]);
    assert.deepEqual(requests, ["wgslm_bg.wasm", ...Array(3).fill("wgslm_tokenizers_bg.wasm")]);
    await page.context().close();
  });

  test("the package works from a CDN, which is another origin", LIMIT, async () => {
    // The same server by another name.
    const cdn = site("/wgslm/").replace("127.0.0.1", "localhost");
    assert.notEqual(new URL(cdn).origin, new URL(site()).origin);
    const allow = async (route) => {
      const response = await route.fetch({ url: route.request().url().replace("localhost", "127.0.0.1") });
      await route.fulfill({ response, headers: { ...response.headers(), "access-control-allow-origin": "*" } });
    };
    const setUp = (opened) => opened.context().route(`${cdn}**`, allow);
    const page = await open({ setUp, from: `${cdn}index.js` });
    assert.ok((await page.evaluate(logits)).every(Number.isFinite));
    await page.context().close();

    const own = await open({ setUp });
    const values = await own.evaluate(logits, { workerUrl: `${cdn}worker.js` });
    assert.ok(values.every(Number.isFinite), "a worker named by workerUrl");
    await own.context().close();
  });
});
