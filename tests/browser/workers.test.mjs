// The places other than a page's own worker where the engine runs, or is asked from: shared by tabs, a service worker, the main thread.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { build } from "esbuild";
import { openPackage, served } from "./browser.mjs";
import { startOrigin } from "./origin.mjs";
import { blockIn } from "./snippets.mjs";

const MODEL = "/golden/arch/tiny-llama-q8_0.gguf";
const LIMIT = { timeout: 240_000 };
const SHARED = { shared: true, activations: "float" };

/** In the page: loads the model as `window.engine`; its tokens after a prompt, and the phases of the load. */
async function load([address, options]) {
  const phases = new Set();
  window.engine = await window.wgslm.Engine.load(address, { ...options, onProgress: ({ phase }) => phases.add(phase) });
  const tokens = [];
  for await (const { token } of window.engine.generate(new Uint32Array([171, 206, 5, 206, 120]), { temperature: 0, maxTokens: 6 })) tokens.push(token);
  return { tokens, shared: window.engine.shared, phases: [...phases] };
}

/** In the page: loads the model until its weights come, which shows that worker, WebAssembly and device are there; the error of the abort. */
async function loadUntilBytes([address, options]) {
  const controller = new AbortController();
  const onProgress = ({ phase }) => phase === "loading" && controller.abort();
  const load = window.wgslm.Engine.load(address, { ...options, onProgress, signal: controller.signal });
  return load.catch(({ name, code, message }) => (name === "AbortError" ? name : `${code}: ${message}`));
}

/** In the page: begins a long answer as `window.long`. */
async function beginLong(token) {
  window.controller = new AbortController();
  window.long = window.engine.generate(new Uint32Array([token]), { maxTokens: 1900, temperature: 0, signal: window.controller.signal });
  window.long.result.catch(() => undefined);
  await window.long.next();
}

const metrics = async (page) => (await page.evaluate(() => window.engine.metrics())).total;

/** Waits until so many requests of the page's engine were cancelled. */
async function cancelled(page, count) {
  const found = async () => (await metrics(page)).requests.cancelled;
  for (let wait = 0; wait < 100 && (await found()) < count; wait++) await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(await found(), count);
}

describe("a model that tabs share", LIMIT, () => {
  let origin;
  let first;
  let second;

  before(async () => {
    const openai = await build({ stdin: { contents: 'export { default } from "openai";', resolveDir: import.meta.dirname }, bundle: true, format: "esm", write: false });
    // The documents' snippets, on this origin's modules.
    const inBrowser = (text) => text.replaceAll('"wgslm/service-worker"', '"/wgslm/service-worker.js"').replaceAll('"openai"', '"/openai.js"');
    const files = {
      "/openai.js": openai.outputFiles[0].text,
      "/service-worker.js": inBrowser(await blockIn("service-worker")),
      "/offer.js": `const { engine } = window;\n${inBrowser(await blockIn("offer"))}\nexport { client, withdraw };`,
    };
    origin = await startOrigin({ files });
    first = await openPackage({ origin: origin.url() });
    second = await openPackage({ origin: origin.url(), context: first.context() });
  });
  after(async () => {
    await second.context().close();
    await origin.close();
  });

  /** A test that needs the model. */
  function check(name, body) {
    test(name, async (t) => {
      if (await served(t, MODEL)) await body(t);
    });
  }

  check("is loaded once for tabs that ask at once, and all hear of its progress", async () => {
    const [one, other] = await Promise.all([first, second].map((page) => page.evaluate(load, [MODEL, SHARED])));
    assert.deepEqual(one.tokens, other.tokens);
    assert.deepEqual([one.shared, other.shared], [true, true]);
    assert.ok([one, other].every(({ phases }) => phases.includes("loading")), JSON.stringify([one, other]));
    assert.equal((await metrics(first)).requests.length, 2, "the requests came to different engines");
  });

  check("is there at once for who comes later, and stays for the others once that one has unloaded it", async () => {
    const { phases, ms, text } = await second.evaluate(
      async ([address, options]) => {
        const phases = [];
        const begun = performance.now();
        const engine = await window.wgslm.Engine.load(address, { ...options, onProgress: ({ phase }) => phases.push(phase) });
        const ms = performance.now() - begun;
        await engine.unload();
        return { phases, ms, text: await window.engine.detokenize(await window.engine.tokenize("a")) };
      },
      [MODEL, SHARED],
    );
    assert.deepEqual(phases, ["finishing"]);
    assert.ok(ms < 1000, `${ms} ms`);
    assert.equal(text, "a");
  });

  check("has sessions for each tab, and an abort ends the requests of one tab only", async () => {
    const lengths = [first, second].map((page, index) =>
      page.evaluate(async (count) => {
        window.session = window.engine.session();
        await window.session.append(new Uint32Array(count).fill(5));
        return window.session.length();
      }, index + 3),
    );
    assert.deepEqual(await Promise.all(lengths), [3, 4]);
    await Promise.all([first.evaluate(beginLong, 7), second.evaluate(beginLong, 9)]);
    const aborted = await second.evaluate(() => {
      window.controller.abort();
      return window.failure(window.long.result);
    });
    assert.equal(aborted.name, "AbortError");
    assert.ok(await first.evaluate(async () => !(await window.long.next()).done));
    assert.equal(await first.evaluate(() => (window.long.cancel(), window.long.result.then(({ finishReason }) => finishReason))), "cancelled");
  });

  check("that a page offers answers the openai package through a service worker", async () => {
    const answers = await second.evaluate(async () => {
      const { client, withdraw } = await import("/offer.js");
      window.withdraw = withdraw;
      window.client = client.withOptions({ maxRetries: 0 });
      const prompt = [171, 206, 5, 206, 120];
      const models = await window.client.models.list();
      const model = models.data[0].id;
      const whole = await window.client.completions.create({ model, prompt, max_tokens: 6, temperature: 0 });
      const pieces = [];
      const usages = [];
      const options = { model, prompt, max_tokens: 6, temperature: 0, stream: true, stream_options: { include_usage: true } };
      for await (const { choices, usage } of await window.client.completions.create(options)) {
        pieces.push(choices[0]?.text ?? "");
        if (usage) usages.push(usage);
      }
      const failed = (promise) => promise.catch((error) => [error.constructor.name, error.status, error.code]);
      const failures = await Promise.all([
        window.client.chat.completions.create({ model, messages: [{ role: "user", content: "a" }] }),
        window.client.embeddings.create({ model, input: "a", encoding_format: "float" }),
        window.client.completions.create({ model, prompt, n: 0 }),
        window.client.models.retrieve("another"),
        window.client.post("/audio/speech", { body: {} }),
      ].map(failed));
      return { model, whole, streamed: pieces.join(""), usages, failures };
    });
    assert.equal(answers.model, "tiny llama");
    assert.equal(answers.whole.usage.completion_tokens, 6);
    assert.equal(answers.streamed, answers.whole.choices[0].text);
    assert.deepEqual(answers.usages.map(({ completion_tokens }) => completion_tokens), [6]);
    assert.deepEqual(answers.failures, [
      ["BadRequestError", 400, "chat-template"],
      ["BadRequestError", 400, "wrong-task"],
      ["BadRequestError", 400, "invalid-option"],
      ["NotFoundError", 404, "model-not-found"],
      ["NotFoundError", 404, "not-found"],
    ]);
  });

  check("stops for a fetch that is aborted, and for a stream that is left", async () => {
    const before = (await metrics(second)).requests.cancelled;
    await second.evaluate(async () => {
      const options = { model: "", prompt: [7], max_tokens: 1900, temperature: 0, stream: true };
      const stream = await window.client.completions.create(options);
      for await (const _ of stream) break;
      const controller = new AbortController();
      const aborted = await window.client.completions.create({ ...options, prompt: [8] }, { signal: controller.signal });
      setTimeout(() => controller.abort(), 100);
      for await (const _ of aborted);
    });
    await cancelled(second, before + 2);
  });

  check("loses the requests of a tab that is closed", async () => {
    const before = (await metrics(second)).requests.cancelled;
    await first.evaluate(beginLong, 11);
    await first.close();
    await cancelled(second, before + 1);
  });

  check("is freed once the last tab has unloaded it, and the service worker says that there is none", async () => {
    const status = async () => (await fetch("/v1/models")).status;
    assert.equal(await second.evaluate(status), 200);
    await second.evaluate(() => window.engine.unload());
    assert.equal(await second.evaluate(status), 503);
    assert.equal(await second.evaluate(loadUntilBytes, [MODEL, SHARED]), "AbortError");
  });

  test("has an address, and is fetched as every tab would fetch it", async () => {
    const failures = await second.evaluate((address) => {
      const attempts = [
        [new Blob(["GGUF"]), { shared: true }],
        [address, { shared: true, fetch: (...given) => fetch(...given) }],
        [address, { shared: true, mainThread: true }],
      ];
      return Promise.all(attempts.map(([source, options]) => window.failure(window.wgslm.Engine.load(source, options))));
    }, MODEL);
    for (const { code, message } of failures) {
      assert.equal(code, "invalid-option");
      assert.match(message, /can't be shared among tabs; leave out the option shared$/);
    }
  });
});

test("an engine on the main thread starts no worker", LIMIT, async (t) => {
  if (!(await served(t, MODEL))) return;
  const page = await openPackage();
  assert.equal((await page.evaluate(() => window.wgslm.Engine.support({ mainThread: true }))).available, true);
  assert.equal(await page.evaluate(loadUntilBytes, [MODEL, { mainThread: true }]), "AbortError");
  assert.equal(page.workers().length, 0);
  await page.context().close();
});

test("tabs share an engine from a CDN by a script of their own origin, and without one the error says so", LIMIT, async (t) => {
  if (!(await served(t, MODEL))) return;
  const cdn = await startOrigin({ headers: { "access-control-allow-origin": "*" } });
  const { origin } = new URL(cdn.url());
  const page = await startOrigin({
    files: { "/wgslm.js": `import "${cdn.url("/wgslm/worker.js")}";`, "/empty.html": "<!doctype html><title>page</title>" },
    // No blob:, which a worker of another origin would need.
    headers: { "content-security-policy": `default-src 'self' ${origin}; script-src 'self' ${origin} 'wasm-unsafe-eval'; worker-src 'self' ${origin}` },
  });
  try {
    const opened = await (await openPackage()).context().newPage();
    await opened.goto(page.url("/empty.html"));
    await opened.evaluate(async (script) => (window.wgslm = await import(script)) && undefined, cdn.url("/wgslm/index.js"));
    assert.match(await opened.evaluate(loadUntilBytes, [MODEL, { shared: true }]), /^worker-load: .*own origin only.*workerUrl/);
    assert.match(await opened.evaluate(loadUntilBytes, [MODEL, {}]), /^worker-load: .*Content-Security-Policy.*blob:/);
    assert.equal(await opened.evaluate(loadUntilBytes, [MODEL, { shared: true, workerUrl: "/wgslm.js" }]), "AbortError");
    assert.equal(await opened.evaluate(() => crossOriginIsolated), false);
    await opened.context().close();
  } finally {
    await Promise.all([cdn.close(), page.close()]);
  }
});
