// Workers as the package starts, keeps and ends them, without a browser.
import assert from "node:assert/strict";
import { after, beforeEach, describe, test } from "node:test";
import { PlayedWorker, built, failureOf, playBrowser } from "./played-worker.mjs";

playBrowser();
const { Engine, WgslmError } = await import(built("index.js"));
const { copyBandwidth } = await import(built("bench.js"));
const failure = (promise) => failureOf(promise, WgslmError);
const realFetch = globalThis.fetch;
const model = () => new Blob([]);

/** An address that no other test has: what is known of workers is kept by address. */
let count = 0;
const newAddress = () => `https://page.example/${count++}/worker.js`;

beforeEach(() => (PlayedWorker.started = []));
after(() => (globalThis.fetch = realFetch));

describe("workers", () => {
  test("the worker that told of the GPU loads the model", async () => {
    const workerUrl = newAddress();
    assert.equal((await Engine.support({ workerUrl })).available, true);
    assert.equal((await Engine.support({ workerUrl })).available, true);
    const engine = await Engine.load(model(), { workerUrl });
    assert.equal(PlayedWorker.started.length, 1);
    assert.deepEqual(PlayedWorker.started[0].methods, ["support", "support", "load"]);
    // It is the engine's now.
    await Engine.load(model(), { workerUrl });
    assert.equal(PlayedWorker.started.length, 2);
    await engine.unload();
    assert.deepEqual(
      PlayedWorker.started.map(({ ended }) => ended),
      [true, false],
    );
  });

  test("what one worker has compiled the others get", async () => {
    const workerUrl = newAddress();
    await Promise.all([Engine.load(model(), { workerUrl }), Engine.load(model(), { workerUrl })]);
    await Engine.load(model(), { workerUrl });
    const given = PlayedWorker.started.map(({ messages }) => messages[0].wasm instanceof WebAssembly.Module);
    assert.deepEqual(given, [false, true, true]);
  });

  test("where the first fails before it has compiled anything, the next one does it", async () => {
    const workerUrl = newAddress();
    const first = failure(Engine.load(model(), { workerUrl }));
    const second = Engine.load(model(), { workerUrl });
    const [worker] = PlayedWorker.started;
    worker.answer = () => worker.say({ fatal: { code: "wasm-load", message: "none" } });
    assert.equal((await first).code, "wasm-load");
    await second;
    assert.equal(PlayedWorker.started[1].messages[0].wasm, undefined);
  });

  test("a worker of another origin is started by a script of this one that imports it", async () => {
    globalThis.URL.createObjectURL = (blob) => ((PlayedWorker.script = blob), "blob:https://page.example/1");
    await Engine.load(model(), { workerUrl: "https://cdn.example/wgslm/worker.js" });
    assert.equal(String(PlayedWorker.started[0].address), "blob:https://page.example/1");
    assert.equal(await PlayedWorker.script.text(), 'import "https://cdn.example/wgslm/worker.js";');
    await Engine.load(model(), { workerUrl: "/wgslm/worker.js" });
    assert.equal(String(PlayedWorker.started[1].address), "https://page.example/wgslm/worker.js");
  });
});

describe("a worker that doesn't start", () => {
  /** How a load fails whose worker has an error event. */
  async function failureAfter(event, answerOfServer) {
    globalThis.fetch = answerOfServer;
    const load = failure(Engine.load(model(), { workerUrl: newAddress() }));
    // An error event comes instead of the answer.
    PlayedWorker.started[0].answer = () => undefined;
    PlayedWorker.started[0].dispatchEvent(event);
    return load;
  }

  test("a network that is off is said, not a crash", async () => {
    const { code, message } = await failureAfter(new Event("error"), async () => {
      throw new TypeError("Failed to fetch");
    });
    assert.equal(code, "network");
    assert.match(message, /could not fetch .*worker\.js/);
  });

  test("a script that isn't there is named, and the option that says where it is", async () => {
    const { code, message } = await failureAfter(new Event("error"), async () => new Response("", { status: 404 }));
    assert.equal(code, "worker-load");
    assert.match(message, /worker\.js .*HTTP 404.*workerUrl/);
  });

  test("a script that throws is a crash", async () => {
    const thrown = Object.assign(new Event("error", { cancelable: true }), { message: "Uncaught Error: broken" });
    const { code, message } = await failureAfter(thrown, async () => new Response(""));
    assert.equal(code, "worker-crashed");
    assert.match(message, /broken/);
  });

  test("a worker that may not be started has a code", async () => {
    globalThis.Worker = class {
      constructor() {
        throw new DOMException("no", "SecurityError");
      }
    };
    const { code, message } = await failure(Engine.load(model(), { workerUrl: newAddress() }));
    globalThis.Worker = PlayedWorker;
    assert.equal(code, "worker-load");
    assert.match(message, /Content-Security-Policy/);
  });

  test("a crash later on fails what is under way, and what comes after", async () => {
    const engine = await Engine.load(model(), { workerUrl: newAddress() });
    const [worker] = PlayedWorker.started;
    worker.answer = () => undefined;
    const underWay = failure(copyBandwidth(engine));
    worker.dispatchEvent(Object.assign(new Event("error", { cancelable: true }), { message: "gone" }));
    assert.equal((await underWay).code, "worker-crashed");
    assert.equal((await failure(engine.tokenize("a"))).code, "worker-crashed");
    assert.equal(worker.ended, true);
  });
});
