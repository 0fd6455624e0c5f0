// The package's API on a tiny model, called from a page as a program would.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { bytesOf, openPackage, served } from "./browser.mjs";
import { damagedFiles } from "./damaged.mjs";

const MODEL = "/golden/arch/tiny-llama-q8_0.gguf";
/** What hangs fails by itself, instead of taking the other tests with it. */
const LIMIT = { timeout: 240_000 };
/** What is told of a load, rather than of its model: only what has an address is kept. */
const OF_ONE_LOAD = { cache: null, loadTimes: null };
const PROMPT = [171, 206, 5, 206, 120, 131, 161, 73];

describe("package", () => {
  /** A page with an engine loaded, for the tests that leave it as it was. */
  let page;

  before(async () => (page = await openPackage()));

  /** A test on the loaded engine, with what nearly all of them need in the page. */
  function check(name, body) {
    test(name, LIMIT, async (t) => {
      if (!(await served(t, MODEL))) return;
      await page.evaluate(
        async ([address, prompt]) => {
          window.prompt = new Uint32Array(prompt);
          window.engine ??= await window.wgslm.Engine.load(address);
        },
        [MODEL, PROMPT],
      );
      await body(t);
    });
  }

  check("support reports the adapter, its features and limits, and what was chosen", async () => {
    const support = await page.evaluate(() => window.wgslm.Engine.support());
    assert.equal(support.available, true);
    assert.equal(support.adapter.software, true);
    assert.ok(Array.isArray(support.features));
    assert.ok(support.limits.maxBufferSize >= 2 ** 28, JSON.stringify(support.limits));
    assert.ok(Object.keys(support.chosen).length > 0);
  });

  check("the adapter's description has what the browser tells of it", async () => {
    const { adapter, info } = await page.evaluate(async () => {
      const { adapter } = await window.wgslm.Engine.support();
      const { vendor, architecture, description } = (await navigator.gpu.requestAdapter()).info;
      return { adapter, info: { vendor, architecture, description } };
    });
    assert.deepEqual([adapter.vendor, adapter.architecture], [info.vendor, info.architecture]);
    assert.ok(adapter.vendor, "SwiftShader has a vendor");
    assert.equal(adapter.name, info.description || `${info.vendor} ${info.architecture}`);
  });

  check("the baseline uses no feature and default limits", async () => {
    const support = await page.evaluate(() => window.wgslm.Engine.support({ baseline: true }));
    assert.equal(support.available, true);
    assert.deepEqual(support.features, []);
    assert.equal(support.limits.maxStorageBufferBindingSize, 2 ** 27);
  });

  check("every kind of source loads the same model, with progress in order", async () => {
    const loads = await page.evaluate(async (address) => {
      const whole = await (await fetch(address)).arrayBuffer();
      const pieces = (size) => {
        let start = 0;
        return new ReadableStream({
          pull(controller) {
            if (start >= whole.byteLength) return controller.close();
            controller.enqueue(new Uint8Array(whole.slice(start, (start += size))));
          },
        });
      };
      const given = whole.slice(0);
      const sources = {
        url: new URL(address, location.href),
        blob: new Blob([whole]),
        file: new File([whole], "tiny.gguf"),
        buffer: given,
        bytes: new Uint8Array(whole),
        response: new Response(whole),
        stream: pieces(7777),
        large: pieces(1 << 24),
      };
      const seen = {};
      for (const [kind, source] of Object.entries(sources)) {
        const progress = [];
        const engine = await window.wgslm.Engine.load(source, { onProgress: (step) => progress.push(step) });
        const logits = await engine.logits(window.prompt);
        seen[kind] = { progress, info: engine.info, logits: [...logits.slice(-engine.info.vocabulary)] };
        await engine.unload();
      }
      return { seen, bytes: whole.byteLength, detached: given.byteLength === 0 };
    }, MODEL);
    assert.ok(loads.detached, "the buffer was copied instead of handed over");
    for (const [kind, { progress, info, logits }] of Object.entries(loads.seen)) {
      // Only what has an address is kept.
      assert.deepEqual({ ...info, ...OF_ONE_LOAD }, { ...loads.seen.url.info, ...OF_ONE_LOAD }, kind);
      assert.equal(info.cache.kept, kind === "url", kind);
      assert.deepEqual(logits, loads.seen.url.logits, kind);
      assert.ok(logits.every(Number.isFinite), kind);
      const phases = [...new Set(progress.map(({ phase }) => phase))];
      assert.deepEqual(phases, ["preparing", "loading", "finishing"], kind);
      const bytes = progress.map(({ loadedBytes }) => loadedBytes);
      assert.deepEqual(
        bytes,
        bytes.toSorted((a, b) => a - b),
        kind,
      );
      assert.equal(bytes.at(-1), loads.bytes, kind);
      assert.equal(progress.at(-1).totalBytes, loads.bytes, kind);
    }
  });

  check("a load that was aborted before it began never starts", async () => {
    const failure = await page.evaluate(
      (address) => window.failure(window.wgslm.Engine.load(address, { signal: AbortSignal.abort() })),
      MODEL,
    );
    assert.equal(failure.name, "AbortError");
  });

  check("aborting a load rejects with the reason and cancels the source, even a stalled one", async () => {
    const { failure, cancelled, same } = await page.evaluate(async (address) => {
      const start = new Uint8Array((await (await fetch(address)).arrayBuffer()).slice(0, 100_000));
      const controller = new AbortController();
      let cancel;
      const cancelled = new Promise((resolve) => (cancel = resolve));
      const source = new ReadableStream({
        start: (stream) => stream.enqueue(start),
        cancel: () => cancel(true),
      });
      const onProgress = ({ phase }) => phase === "loading" && setTimeout(() => controller.abort(), 300);
      const load = window.wgslm.Engine.load(source, { signal: controller.signal, onProgress });
      const same = await load.catch((error) => error === controller.signal.reason);
      return { failure: await window.failure(load), same, cancelled: await cancelled };
    }, MODEL);
    assert.equal(failure.name, "AbortError");
    assert.equal(same, true, "not the signal's own reason");
    assert.equal(cancelled, true);
  });

  check("aborting a load ends its download", async () => {
    const isSlow = (request) => request.url().includes("slow.gguf");
    const begun = page.context().waitForEvent("request", isSlow);
    const failed = page.context().waitForEvent("requestfailed", isSlow);
    await page.context().route("**/slow.gguf", () => undefined, { times: 1 });
    await page.evaluate(() => {
      window.controller = new AbortController();
      window.load = window.failure(window.wgslm.Engine.load("/slow.gguf", { signal: window.controller.signal }));
    });
    // The device is opened and checked first, which in software takes seconds.
    await begun;
    const failure = await page.evaluate(() => {
      window.controller.abort();
      return window.load;
    });
    assert.equal(failure.name, "AbortError");
    assert.match((await failed).failure().errorText, /ABORTED|aborted/);
  });

  check("iteration streams what the result sums up", async () => {
    const { pieces, result } = await page.evaluate(async () => {
      const generation = window.engine.generate(window.prompt, { maxTokens: 6 });
      const pieces = [];
      for await (const piece of generation) pieces.push(piece);
      return { pieces, result: await generation.result };
    });
    assert.equal(result.text, pieces.map(({ text }) => text).join(""));
    assert.equal(result.tokens, pieces.length);
    assert.equal(result.promptTokens, PROMPT.length);
    assert.ok(["length", "stop"].includes(result.finishReason), result.finishReason);
    assert.ok(result.timings.ttftMs > 0);
    assert.ok(result.timings.prefillTokensPerSecond > 0);
    assert.ok(result.timings.decodeTokensPerSecond > 0);
  });

  check("sampling repeats with its seed", async () => {
    const [first, again, other] = await page.evaluate(async () => {
      const sample = async (seed) => {
        const tokens = [];
        for await (const { token } of window.engine.generate(window.prompt, { maxTokens: 12, temperature: 1, seed }))
          tokens.push(token);
        return tokens;
      };
      return [await sample(1), await sample(1), await sample(2)];
    });
    assert.deepEqual(again, first);
    assert.notDeepEqual(other, first);
  });

  check("top-k, top-p and min-p reach the engine, and bad ones are refused", async () => {
    const { greedy, narrowed, free, refused } = await page.evaluate(async () => {
      const sample = async (options) => {
        const tokens = [];
        const generation = window.engine.generate(window.prompt, { maxTokens: 12, ...options });
        for await (const { token } of generation) tokens.push(token);
        return tokens;
      };
      const hot = { temperature: 2, seed: 3 };
      const narrow = [{ topK: 1 }, { topP: 1e-6 }, { minP: 1 }];
      const narrowed = [];
      for (const options of narrow) narrowed.push(await sample({ ...hot, ...options }));
      const refused = [];
      for (const options of [{ topK: -1 }, { topK: 1.5 }, { topP: -0.1 }, { topP: 1.5 }, { minP: -0.1 }, { minP: NaN }])
        refused.push((await window.failure(window.engine.generate(window.prompt, options).result)).code);
      return { greedy: await sample({ temperature: 0 }), narrowed, free: await sample(hot), refused };
    });
    for (const tokens of narrowed) assert.deepEqual(tokens, greedy);
    assert.notDeepEqual(free, greedy);
    assert.deepEqual(refused, Array(6).fill("invalid-option"));
  });

  check("more calls than the queue holds are refused, and the others still answered", async () => {
    const outcomes = await page.evaluate(() => {
      const calls = Array.from({ length: 70 }, () => window.engine.logits(window.prompt.slice(0, 1)));
      return Promise.all(
        calls.map((call) =>
          call.then(
            () => "answered",
            ({ code }) => code,
          ),
        ),
      );
    });
    assert.deepEqual([...new Set(outcomes)], ["answered", "queue-full"]);
    assert.equal(outcomes.filter((outcome) => outcome === "queue-full").length, 6);
  });

  check("aborting an answer throws the reason, and the next answer comes", async () => {
    const { thrown, result, count, next } = await page.evaluate(async () => {
      const controller = new AbortController();
      const generation = window.engine.generate(window.prompt, { maxTokens: 500, signal: controller.signal });
      let count = 0;
      let thrown;
      try {
        for await (const _ of generation) if (++count === 2) controller.abort();
      } catch (error) {
        thrown = { name: error.name, same: error === controller.signal.reason };
      }
      const result = await window.failure(generation.result);
      const next = await window.engine.generate(window.prompt, { maxTokens: 2 }).result;
      return { thrown, result, count, next };
    });
    assert.deepEqual(thrown, { name: "AbortError", same: true });
    assert.equal(result.name, "AbortError");
    assert.ok(count < 500);
    assert.ok(next.tokens > 0);
  });

  check("leaving the loop, or cancel, ends the answer in the worker", async () => {
    const [left, cancelled, waiting] = await page.evaluate(async () => {
      const first = window.engine.generate(window.prompt, { maxTokens: 500 });
      for await (const _ of first) break;
      const second = window.engine.generate(window.prompt, { maxTokens: 500 });
      const third = window.engine.generate(window.prompt, { maxTokens: 500 });
      third.cancel();
      await second.next();
      second.cancel();
      return Promise.all([first.result, second.result, third.result]);
    });
    for (const { finishReason, tokens } of [left, cancelled, waiting]) {
      assert.equal(finishReason, "cancelled");
      assert.ok(tokens < 500, `${tokens} tokens`);
    }
    assert.equal(waiting.tokens, 0);
  });

  check("tokens can be counted while an answer comes", async () => {
    const counted = await page.evaluate(async () => {
      const generation = window.engine.generate(window.prompt, { maxTokens: 500 });
      await generation.next();
      const tokens = await window.engine.tokenize("a");
      generation.cancel();
      const { finishReason } = await generation.result;
      return { finishReason, text: await window.engine.detokenize(tokens) };
    });
    assert.deepEqual(counted, { finishReason: "cancelled", text: "a" });
  });

  check("every damaged file has its error", async (t) => {
    const files = damagedFiles(await bytesOf(t, MODEL));
    for (const { name, bytes, code, message } of files) {
      const failure = await page.evaluate(
        (base64) =>
          window.failure(
            window.wgslm.Engine.load(new Blob([Uint8Array.from(atob(base64), (byte) => byte.charCodeAt(0))])),
          ),
        bytes.toString("base64"),
      );
      assert.deepEqual({ code: failure.code, typed: failure.typed }, { code, typed: true }, name);
      assert.match(failure.message, message, name);
    }
  });

  check("a source that can't be had has an error that says why", async () => {
    await page.context().route("**/unreachable.gguf", (route) => route.abort("connectionrefused"));
    const failures = await page.evaluate(async () => {
      const load = (source) => window.failure(window.wgslm.Engine.load(source));
      const broken = new ReadableStream({ start: (stream) => stream.error(new Error("unplugged")) });
      const texts = new ReadableStream({ start: (stream) => stream.enqueue("GGUF") });
      const locked = new ReadableStream();
      locked.getReader();
      return {
        missing: await load("/missing.gguf"),
        unreachable: await load("/unreachable.gguf"),
        broken: await load(broken),
        texts: await load(texts),
        locked: await load(locked),
        number: await load(42),
      };
    });
    const codes = Object.fromEntries(
      Object.entries(failures).map(([source, { code, typed }]) => [source, typed && code]),
    );
    assert.deepEqual(codes, {
      missing: "http",
      unreachable: "network",
      broken: "network",
      texts: "invalid-argument",
      locked: "invalid-argument",
      number: "invalid-argument",
    });
    assert.match(failures.missing.message, /404.*missing\.gguf/);
  });

  check("activations are chosen by name, and none but these names", async () => {
    const { refused, tokens } = await page.evaluate(async (url) => {
      const load = (activations) => window.wgslm.Engine.load(url, { activations });
      const refused = await window.failure(load("int4"));
      const engine = await load("int8");
      const { tokens } = await engine.generate(window.prompt, { maxTokens: 1 }).result;
      await engine.unload();
      return { refused, tokens };
    }, MODEL);
    assert.deepEqual([refused.code, tokens], ["invalid-option", 1]);
    assert.match(refused.message, /int4.*auto.*float.*int8/);
  });

  check("weights are quantised as they come, under a policy by name or by rules", async () => {
    const { codes, bytes } = await page.evaluate(
      async ([quantised, floats]) => {
        const load = (url, quantize) => window.wgslm.Engine.load(url, { quantize });
        const refused = [load(floats, "q5"), load(floats, { rules: [{ pattern: "*" }] }), load(quantised, "q4")];
        // All are waited for at once: one that fails while another is waited for would count as uncaught.
        const codes = (await Promise.all(refused.map((load) => window.failure(load)))).map(({ code }) => code);
        const bytes = [];
        for (const quantize of ["f16", { rules: [{ pattern: "*attn*", bits: 8 }], default: "q4" }, "nf4-dq"]) {
          const engine = await load(floats, quantize);
          await engine.generate(window.prompt, { maxTokens: 1 }).result;
          bytes.push(engine.info.weightBytes);
          await engine.unload();
        }
        return { codes, bytes };
      },
      [MODEL, "/golden/quant/tiny-llama-f16.gguf"],
    );
    assert.deepEqual(codes, ["quantize-policy", "quantize-policy", "already-quantized"]);
    const [floats, mixed, least] = bytes;
    assert.ok(least * 3.5 < floats && least < mixed && mixed < floats, `${bytes}`);
  });

  check("a prompt longer than the context is refused, and the engine goes on", async () => {
    const { failure, next } = await page.evaluate(async () => {
      const long = new Uint32Array(window.engine.info.contextLength + 1).fill(5);
      const failure = await window.failure(window.engine.generate(long).result);
      return { failure, next: await window.engine.generate(window.prompt, { maxTokens: 1 }).result };
    });
    assert.deepEqual([failure.code, failure.typed], ["prompt-too-long", true]);
    assert.equal(next.tokens, 1);
  });

  check("a model without a chat template says so", async () => {
    const failure = await page.evaluate(() =>
      window.failure(window.engine.applyTemplate([{ role: "user", content: "a" }])),
    );
    assert.deepEqual([failure.code, failure.typed], ["chat-template", true]);
  });

  check("unload ends what is under way, is done once, and leaves typed errors behind", async () => {
    const outcome = await page.evaluate(async (address) => {
      const engine = await window.wgslm.Engine.load(address);
      const generation = engine.generate(window.prompt, { maxTokens: 500 });
      await generation.next();
      await Promise.all([engine.unload(), engine.unload()]);
      await engine.unload();
      const iterate = async () => {
        for await (const _ of generation);
      };
      return {
        underWay: (await window.failure(generation.result)).code,
        iterating: (await window.failure(iterate())).code,
        tokenize: (await window.failure(engine.tokenize("a"))).code,
        generate: (await window.failure(engine.generate("a").result)).code,
      };
    }, MODEL);
    assert.deepEqual(outcome, {
      underWay: "unloaded",
      iterating: "unloaded",
      tokenize: "unloaded",
      generate: "unloaded",
    });
  });
});

describe("a package with a part that fails", () => {

  /** Opens the package with a file replaced. */
  const openWith = (file, replace) =>
    openPackage({ setUp: (opened) => opened.context().route(`**/wgslm/${file}`, replace) });

  /** Loads and calls `tokenize` and `generate` where a file of the package is replaced. */
  async function failures(t, file, replace) {
    if (!(await served(t, MODEL))) return undefined;
    const page = await openWith(file, replace);
    const seen = await page.evaluate(async (address) => {
      let engine;
      const load = (await window.failure(window.wgslm.Engine.load(address).then((loaded) => (engine = loaded)))).code;
      if (!engine) return { load, support: await window.wgslm.Engine.support() };
      const call = await window.failure(engine.generate("a").result);
      const later = await window.failure(engine.tokenize("a"));
      return { load, call: call.code, later: later.code };
    }, MODEL);
    await page.context().close();
    return seen;
  }

  /** Adds to the script that wasm-bindgen made. */
  const append = (script) => async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: `${await response.text()}\n${script}` });
  };

  /** A real trap: a module whose one function is `unreachable`. */
  const TRAP = `const trap = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(
    [0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 7, 5, 1, 1, 116, 0, 0, 10, 5, 1, 3, 0, 0, 11]))).exports.t;`;

  test("a trap in a call rejects it and every later one", LIMIT, async (t) => {
    const seen = await failures(t, "wasm/wgslm.js", append(`${TRAP} Model.prototype.generate = trap;`));
    if (seen) assert.deepEqual(seen, { load: "no failure", call: "wasm-trap", later: "wasm-trap" });
  });

  test("a trap in a future, whose promise never settles, rejects the call too", LIMIT, async (t) => {
    const next = "Generation.prototype.next = () => new Promise(() => queueMicrotask(trap));";
    const seen = await failures(t, "wasm/wgslm.js", append(`${TRAP} ${next}`));
    if (seen) assert.deepEqual(seen, { load: "no failure", call: "wasm-trap", later: "wasm-trap" });
  });

  /** Destroys the device of a worker at a word from the page, as whatever else runs in it could. */
  const DESTROY = `const { requestDevice } = GPUAdapter.prototype;
    GPUAdapter.prototype.requestDevice = async function (...descriptor) {
      const device = await requestDevice.apply(this, descriptor);
      const channel = new BroadcastChannel("destroy");
      channel.onmessage = () => device.destroy();
      void device.lost.then(() => channel.postMessage("lost"));
      return device;
    };`;

  test("a device that is lost after support was asked is opened again for the model", LIMIT, async (t) => {
    if (!(await served(t, MODEL))) return;
    const page = await openWith("wasm/wgslm.js", append(DESTROY));
    const tokens = await page.evaluate(async (address) => {
      await window.wgslm.Engine.support();
      const channel = new BroadcastChannel("destroy");
      const lost = new Promise((resolve) => (channel.onmessage = resolve));
      channel.postMessage("now");
      await lost;
      const engine = await window.wgslm.Engine.load(address);
      return (await engine.generate(new Uint32Array([5]), { maxTokens: 1 }).result).tokens;
    }, MODEL);
    assert.equal(tokens, 1);
    await page.context().close();
  });

  test("a worker that ends rejects the load", LIMIT, async (t) => {
    const seen = await failures(t, "worker.js", (route) =>
      route.fulfill({ contentType: "text/javascript", body: 'throw new Error("broken")' }),
    );
    if (seen)
      assert.deepEqual(
        [seen.load, seen.support.available, seen.support.code],
        ["worker-crashed", false, "worker-crashed"],
      );
  });

  test("missing wasm is named", LIMIT, async (t) => {
    const seen = await failures(t, "wasm/wgslm_bg.wasm", (route) => route.fulfill({ status: 404, body: "not found" }));
    if (seen) assert.deepEqual([seen.load, seen.support.code], ["wasm-load", "wasm-load"]);
  });

  test("a missing worker is named, and the option that says where it is", LIMIT, async (t) => {
    const seen = await failures(t, "worker.js", (route) => route.fulfill({ status: 404, body: "not found" }));
    if (!seen) return;
    assert.deepEqual([seen.load, seen.support.code], ["worker-load", "worker-load"]);
    assert.match(seen.support.reason, /worker\.js .*HTTP 404.*workerUrl/);
  });

  for (const file of ["worker.js", "wasm/wgslm_bg.wasm"]) {
    test(`a network that is off is said where ${file} can't be fetched`, LIMIT, async (t) => {
      const seen = await failures(t, file, (route) => route.abort("internetdisconnected"));
      if (!seen) return;
      assert.deepEqual([seen.load, seen.support.code], ["network", "network"]);
      assert.match(seen.support.reason, /check the connection/);
    });
  }

  test("a Content-Security-Policy without wasm-unsafe-eval is named", LIMIT, async (t) => {
    const seen = await failures(t, "worker.js", async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, headers: { ...response.headers(), "content-security-policy": "script-src 'self'" } });
    });
    if (!seen) return;
    assert.deepEqual([seen.load, seen.support.code], ["wasm-load", "wasm-load"]);
    assert.match(seen.support.reason, /'wasm-unsafe-eval'.*Content-Security-Policy/);
  });
});

test("a browser without an adapter is told what can be done in a browser", LIMIT, async () => {
  const page = await openPackage({ webgpu: false });
  const { code, reason } = await page.evaluate(() => window.wgslm.Engine.support());
  assert.equal(code, "no-adapter");
  assert.match(reason, /hardware acceleration/);
  assert.doesNotMatch(reason, /apt-get|Vulkan/);
});
