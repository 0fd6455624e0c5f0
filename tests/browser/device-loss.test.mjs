// The loss of the GPU in each phase, by `GPUDevice.destroy()` and by the end of Chromium's GPU process: what runs rejects, and the next call
// goes on as if nothing had happened.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { openPackage, served, site } from "./browser.mjs";
import { launch } from "./chromium.mjs";
import { built } from "./played-worker.mjs";

const MODEL = "/golden/arch/tiny-llama-q8_0.gguf";
const EMBEDDING_MODEL = "/golden/models/bert-mean.gguf";
const LIMIT = { timeout: 100_000 };
/** Chromium gives up on GPU processes that crash a few times, and on pages that made them. */
const FLAGS = ["--disable-gpu-process-crash-limit", "--disable-domain-blocking-for-3d-apis"];

/**
 * In each worker: destroys its device at a word from the page, or as a trap says: at a call of one of its methods. Without `destroys` the trap only
 * tells that the call has come, for whoever ends the GPU process then. A worker asks the page for a trap before it opens a device.
 */
const HOOKS = `{
  const channel = new BroadcastChannel("device");
  const worker = crypto.randomUUID();
  let trap, device, answered;
  channel.onmessage = ({ data }) => {
    if (data.to !== worker) return;
    if (data.destroy) device.destroy();
    trap = data.trap ?? trap;
    answered?.();
  };
  const hook = (object, method) => {
    const plain = object[method];
    object[method] = function (...parameters) {
      if (trap?.method === method && --trap.count === 0) {
        if (trap.destroys) device.destroy();
        trap = undefined;
        channel.postMessage({ reached: method });
      }
      return plain.apply(object, parameters);
    };
  };
  const { requestDevice } = GPUAdapter.prototype;
  GPUAdapter.prototype.requestDevice = async function (...descriptor) {
    channel.postMessage({ opens: worker });
    await new Promise((resolve) => (answered = resolve));
    device = await requestDevice.apply(this, descriptor);
    for (const method of ["createBuffer", "createComputePipelineAsync"]) hook(device, method);
    hook(device.queue, "submit");
    return device;
  };
}`;

describe("device loss", () => {
  let browser;
  let page;
  /** Requests for models so far. */
  let requests = 0;

  before(async () => {
    browser = await launch({ flags: FLAGS });
    page = await openPackage({
      context: await browser.newContext(),
      setUp: async (opened) => {
        await opened.route("**/wgslm/wasm/wgslm.js", async (route) => {
          const response = await route.fetch();
          await route.fulfill({ response, body: `${await response.text()}\n${HOOKS}` });
        });
        opened.context().on("request", (request) => (requests += request.url().endsWith(".gguf")));
        await opened.exposeFunction("endGpuProcess", endGpuProcess);
      },
    });
    await page.evaluate(async () => {
      const channel = new BroadcastChannel("device");
      let latest;
      let reached;
      channel.onmessage = ({ data }) => {
        if (data.reached) return reached();
        latest = data.opens;
        channel.postMessage({ to: latest, trap: window.trapOfNext });
        window.trapOfNext = undefined;
      };
      /** Sets a trap in the worker that opened a device last, or for the next device. */
      window.trap = (trap, isForNext = true) => {
        if (isForNext) window.trapOfNext = trap;
        else channel.postMessage({ to: latest, trap });
        return new Promise((resolve) => (reached = resolve));
      };
      window.destroy = () => channel.postMessage({ to: latest, destroy: true });
      window.prompt = Uint32Array.from({ length: 40 }, (_, place) => (7 * place + 3) % 60);
      window.options = { maxTokens: 12, temperature: 1, seed: 5 };
      window.tokensOf = async (generation) => {
        const tokens = [];
        for await (const { token } of generation) tokens.push(token);
        return tokens;
      };
      window.load = async (source, options = {}) => {
        const progress = [];
        // With float activations there are half as many kernels to compile.
        const floats = { activations: "float", onProgress: (step) => progress.push(step) };
        const engine = await window.wgslm.Engine.load(source, { ...floats, ...options });
        return { engine, progress };
      };
    });
  });

  after(() => browser.close());

  /** Ends the GPU process as a crash does. */
  async function endGpuProcess() {
    const session = await browser.newBrowserCDPSession();
    const { processInfo } = await session.send("SystemInfo.getProcessInfo");
    const gpu = processInfo.filter(({ type }) => type === "GPU");
    assert.equal(gpu.length, 1);
    process.kill(gpu[0].id, "SIGKILL");
    await session.detach();
  }

  /** The tokens of a request before any loss, of an engine that all tests share. */
  async function shared() {
    return page.evaluate(async (address) => {
      if (!window.shared) {
        window.shared = await window.load(address);
        window.expected = await window.tokensOf(window.shared.engine.generate(window.prompt, window.options));
      }
      return window.expected;
    }, MODEL);
  }

  test("one loss ends all that runs, and the next calls go on with the same tokens", LIMIT, async (t) => {
    if (!(await served(t, MODEL))) return;
    const expected = await shared();
    const before = requests;
    const seen = await page.evaluate(async () => {
      const { engine, progress } = window.shared;
      const { prompt, options, tokensOf, failure } = window;
      const session = engine.session();
      await session.append(prompt);
      const began = await tokensOf(session.generate(options));
      const other = session.fork();
      await other.append(prompt.slice(0, 7));
      const before = await other.tokens();
      const long = engine.generate(prompt, { maxTokens: 200, temperature: 0 });
      await long.next();
      const { lost } = engine;
      const running = {
        decoding: long.result,
        grammar: engine.generate(prompt, { maxTokens: 200, grammar: { regex: "[a-z ]{400}" } }).result,
        prefill: engine.generate(Uint32Array.from({ length: 150 }, (_, place) => place % 60), options).result,
        session: session.generate({ ...options, maxTokens: 60 }).result,
        snapshot: other.snapshot(),
        scores: engine.score(prompt),
      };
      const failures = Object.entries(running).map(async ([name, promise]) => [name, (await failure(promise)).code]);
      window.destroy();
      const ends = Object.fromEntries(await Promise.all(failures));
      const reason = await lost;
      const ofSession = (await session.tokens()).length;
      const again = await tokensOf(engine.generate(prompt, options));
      const next = await Promise.race([engine.lost, Promise.resolve("pending")]);
      await session.truncate(prompt.length);
      return {
        ends,
        reason: { code: reason.code, typed: reason instanceof window.wgslm.WgslmError },
        again,
        next,
        began,
        inSession: await tokensOf(session.generate(options)),
        kept: ofSession >= prompt.length + began.length && [...(await other.tokens())].join() === [...before].join(),
        phases: progress.filter((step) => step.recovering).map(({ phase }) => phase),
        ofGrammar: await engine.generate(prompt, { maxTokens: 20, grammar: { choice: ["next"] } }),
        snapshot: (await other.snapshot()).size > 0,
      };
    });
    assert.equal(requests, before, "the weights come from the cache");
    for (const [name, code] of Object.entries(seen.ends)) assert.equal(code, "device-lost", name);
    assert.deepEqual(seen.reason, { code: "device-lost", typed: true });
    assert.deepEqual(seen.again, expected);
    assert.equal(seen.next, "pending", "a promise of the next loss");
    assert.deepEqual(seen.inSession, seen.began);
    assert.ok(seen.kept && seen.snapshot);
    assert.equal(seen.ofGrammar, "next");
    assert.deepEqual([seen.phases[0], seen.phases.at(-1)], ["preparing", "finishing"]);
  });

  test("the GPU process ends under answers, in a session too, and again in the recovery, which can be tried once more after a pause", LIMIT, async (t) => {
    if (!(await served(t, MODEL))) return;
    const expected = await shared();
    const seen = await page.evaluate(async () => {
      const { engine } = window.shared;
      const { prompt, options, tokensOf, failure } = window;
      const running = engine.generate(prompt, { maxTokens: 20_000, slide: 4, suppressTokens: [257] });
      const session = engine.session();
      await session.append(prompt);
      const inSession = session.generate({ maxTokens: 1900, temperature: 0, suppressTokens: [257] });
      await Promise.all([running.next(), inSession.next()]);
      const failed = Promise.all([failure(running.result), failure(inSession.result)]);
      const { lost } = engine;
      await window.endGpuProcess();
      const [{ code }, { code: ofSession }] = await failed;
      await lost;
      const reached = window.trap({ method: "createComputePipelineAsync", count: 8 });
      const cut = failure(engine.generate(prompt, options).result);
      await reached;
      await window.endGpuProcess();
      const { code: ofRecovery, message } = await cut;
      const early = await engine.generate(prompt, options).result.catch(({ code, retryAfterMs }) => ({ code, retryAfterMs }));
      await new Promise((resolve) => setTimeout(resolve, early.retryAfterMs));
      const codes = [code, ofSession, ofRecovery, early.code];
      const tokens = await tokensOf(engine.generate(prompt, options));
      await session.truncate(prompt.length);
      return { codes, message, pause: early.retryAfterMs, tokens, inSession: await tokensOf(session.generate(options)) };
    });
    assert.deepEqual(seen.codes, Array(4).fill("device-lost"));
    assert.deepEqual(seen.inSession, expected);
    assert.match(seen.message, /getting the model back failed/);
    assert.ok(seen.pause > 0 && seen.pause <= 1000, `${seen.pause}`);
    assert.deepEqual(seen.tokens, expected);
  });

  test("the GPU process ends behind a hidden tab, which gets the model back when it is shown", LIMIT, async (t) => {
    if (!(await served(t, MODEL))) return;
    const expected = await shared();
    const seen = await page.evaluate(async () => {
      const { engine, progress } = window.shared;
      const show = (state) => {
        Object.defineProperty(document, "visibilityState", { value: state, configurable: true });
        document.dispatchEvent(new Event("visibilitychange"));
      };
      show("hidden");
      const { lost } = engine;
      const begun = progress.length;
      await window.endGpuProcess();
      await lost;
      await new Promise((resolve) => setTimeout(resolve, 50));
      const untouched = progress.length === begun;
      show("visible");
      while (engine.lost === lost) await new Promise((resolve) => setTimeout(resolve, 20));
      const recovered = progress.length;
      const tokens = await window.tokensOf(engine.generate(window.prompt, window.options));
      await engine.unload();
      return { untouched, byItself: recovered > begun && progress.length === recovered, tokens };
    });
    assert.deepEqual(seen, { untouched: true, byItself: true, tokens: expected });
  });

  // In the self-check, as weights arrive, and as the pipelines are compiled.
  for (const [how, method, count] of [
    ["destroyed", "createBuffer", 3],
    ["destroyed", "submit", 36],
    ["ended", "createComputePipelineAsync", 30],
  ]) {
    test(`a GPU that is ${how} at ${method} ${count} of a load rejects it`, LIMIT, async (t) => {
      if (!(await served(t, MODEL))) return;
      const { code } = await page.evaluate(
        async ([address, trap]) => {
          const reached = window.trap(trap);
          const loading = window.failure(window.wgslm.Engine.load(address));
          await Promise.race([reached, loading]);
          if (!trap.destroys) await window.endGpuProcess();
          return loading;
        },
        [MODEL, { method, count, destroys: how === "destroyed" }],
      );
      assert.equal(code, "device-lost");
    });
  }

  test("the GPU process ends while a load waits for its server, and the load doesn't wait on", LIMIT, async (t) => {
    if (!(await served(t, MODEL))) return;
    const seen = await page.evaluate(async (address) => {
      const start = new Uint8Array(await (await fetch(address)).arrayBuffer()).subarray(0, 500_000);
      let cancelled = false;
      const source = new ReadableStream({ start: (stream) => stream.enqueue(start), cancel: () => void (cancelled = true) });
      let arrived;
      const onProgress = ({ loadedBytes }) => loadedBytes > 0 && arrived();
      const bytes = new Promise((resolve) => (arrived = resolve));
      const loading = window.failure(window.wgslm.Engine.load(source, { activations: "float", onProgress }));
      await Promise.race([bytes, loading]);
      await window.endGpuProcess();
      const { code } = await loading;
      return { code, cancelled };
    }, MODEL);
    assert.deepEqual(seen, { code: "device-lost", cancelled: true });
  });

  test("the GPU process ends under texts that are being embedded, which get the same vectors afterwards", LIMIT, async (t) => {
    if (!(await served(t, EMBEDDING_MODEL))) return;
    const seen = await page.evaluate(async (address) => {
      const { engine } = await window.load(address);
      const texts = ["a text", "another one"];
      const vectors = async () => (await engine.embed(texts)).map((vector) => [...vector]);
      const before = await vectors();
      const reached = window.trap({ method: "submit", count: 3 }, false);
      const lost = window.failure(engine.embed(Array.from({ length: 2000 }, () => "a text")));
      await reached;
      await window.endGpuProcess();
      const { code } = await lost;
      const after = await vectors();
      await engine.unload();
      return { code, before, after };
    }, EMBEDDING_MODEL);
    assert.equal(seen.code, "device-lost");
    assert.ok(seen.before[0].length > 0);
    assert.deepEqual(seen.after, seen.before);
  });

  test("a model that has become another one at its address isn't taken for the one that was lost", LIMIT, async (t) => {
    if (!(await served(t, MODEL)) || !(await served(t, EMBEDDING_MODEL))) return;
    let now = EMBEDDING_MODEL;
    await page.context().route("**/changing.gguf", async (route) => route.fulfill({ response: await route.fetch({ url: site(now) }) }));
    await page.evaluate(async () => (window.changing = (await window.load("/changing.gguf", { cache: false })).engine) && undefined);
    now = MODEL;
    const failure = await page.evaluate(async () => {
      const { changing } = window;
      const { lost } = changing;
      window.destroy();
      await lost;
      const failure = await window.failure(changing.embed("a text"));
      await changing.unload();
      return failure;
    });
    assert.deepEqual([failure.code, failure.typed], ["source-changed", true]);
    assert.match(failure.message, /load it as a new engine/);
  });

  test("texts that are being embedded are lost with a model from a stream, which can't be had again; sessions can still be read", LIMIT, async (t) => {
    if (!(await served(t, EMBEDDING_MODEL))) return;
    const seen = await page.evaluate(async (address) => {
      const { engine } = await window.load((await fetch(address)).body);
      const session = engine.session();
      await session.append(Uint32Array.of(1, 2, 3));
      void window.trap({ method: "submit", count: 3, destroys: true }, false);
      const { code } = await window.failure(engine.embed(Array.from({ length: 20 }, () => "a text")));
      const later = [];
      for (let call = 0; call < 3; call++) later.push(await window.failure(engine.embed("a text")));
      const { length } = await session.tokens();
      await engine.unload();
      return { code, later, length };
    }, EMBEDDING_MODEL);
    assert.equal(seen.code, "device-lost");
    for (const { code, message } of seen.later) {
      assert.equal(code, "device-lost");
      assert.match(message, /stream .* can't be read again; load the model/);
    }
    assert.equal(seen.length, 3);
  });
});

test("a source is kept in a form that can be read again, unless it is a stream", async () => {
  const { keptSource, requireReadable } = await import(built("host/kept-source.js"));
  const bytes = Uint8Array.of(1, 2, 3);
  const address = URL.createObjectURL(new Blob([bytes]));
  const [ofBuffer, ofAddress] = [await keptSource(bytes.buffer), await keptSource(address)];
  URL.revokeObjectURL(address);
  for (const kept of [ofBuffer, ofAddress]) {
    assert.deepEqual(new Uint8Array(await kept.arrayBuffer()), bytes);
    requireReadable(kept);
  }
  assert.equal(await keptSource("https://example.org/a.gguf"), "https://example.org/a.gguf");
  const stream = new Blob([bytes]).stream();
  assert.equal(await keptSource(stream), stream);
  assert.throws(() => requireReadable(stream), { code: "device-lost" });
});

test("pauses between losses in a row grow up to a minute, and an answer ends the row", async () => {
  const { Losses } = await import(built("host/losses.js"));
  let now = 0;
  const losses = new Losses(() => now);
  const pauses = Array.from({ length: 10 }, () => (losses.add(), losses.pauseMs));
  assert.deepEqual(pauses, [0, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
  now += 59_999.5;
  assert.equal(losses.pauseMs, 1);
  now += 1;
  assert.equal(losses.pauseMs, 0);
  losses.reset();
  losses.add();
  assert.equal(losses.pauseMs, 0);
});
