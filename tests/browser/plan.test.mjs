// The memory that a model takes, told from its headers; and what a load says that has no memory.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { openPackage, served } from "./browser.mjs";

const TINY = "/golden/arch/tiny-llama-q8_0.gguf";
const REAL = "/models/smollm2-135m-instruct-q4_1.gguf";
const LIMIT = { timeout: 100_000 };

/** In the worker: buffers beyond so many bytes in all are reported as a lack of memory, as a GPU does, once the page has set that. */
const LITTLE_MEMORY = `{
  const channel = new BroadcastChannel("memory");
  let most = Infinity;
  let told;
  channel.onmessage = ({ data }) => {
    most = data.most;
    told?.();
    channel.postMessage("told");
  };
  const { requestDevice } = GPUAdapter.prototype;
  GPUAdapter.prototype.requestDevice = async function (...descriptor) {
    channel.postMessage("opens");
    await new Promise((resolve) => (told = resolve));
    const device = await requestDevice.apply(this, descriptor);
    const { createBuffer } = device;
    let bytes = 0;
    device.createBuffer = function (wanted) {
      const buffer = createBuffer.call(device, wanted);
      const { destroy } = buffer;
      bytes += wanted.size;
      buffer.destroy = () => ((bytes -= wanted.size), destroy.call(buffer));
      if (bytes > most) {
        const error = new GPUOutOfMemoryError("no memory");
        queueMicrotask(() => device.dispatchEvent(new GPUUncapturedErrorEvent("uncapturederror", { error })));
      }
      return buffer;
    };
    return device;
  };
}`;

describe("plans", () => {
  let page;
  /** The requests for models so far, with the ranges that they ask for. */
  const requests = [];

  before(async () => {
    page = await openPackage({
      setUp: async (opened) => {
        await opened.route("**/wgslm/wasm/wgslm.js", async (route) => {
          const response = await route.fetch();
          await route.fulfill({ response, body: `${await response.text()}\n${LITTLE_MEMORY}` });
        });
        opened.context().on("response", async (response) => {
          if (response.url().endsWith(".gguf")) requests.push(response.headers()["content-length"]);
        });
      },
    });
    await page.evaluate(() => {
      const channel = new BroadcastChannel("memory");
      let most = Infinity;
      let told;
      channel.onmessage = ({ data }) => (data === "opens" ? channel.postMessage({ most }) : told?.());
      /** Sets the memory of the worker that has a device, and of those to come. */
      window.setMemory = (bytes) => {
        most = bytes;
        channel.postMessage({ most });
        return new Promise((resolve) => (told = resolve));
      };
    });
  });

  test("take the first MB of a real model, and keep nothing", LIMIT, async (t) => {
    if (!(await served(t, REAL))) return;
    requests.length = 0;
    const plan = await page.evaluate((address) => window.wgslm.Engine.plan(address), REAL);
    const fetched = requests.reduce((sum, length) => sum + Number(length), 0);
    assert.ok(fetched <= 6 << 20, `${fetched} bytes were fetched for the plan`);
    const kept = await page.evaluate(() => window.wgslm.Engine.cache.list());
    assert.deepEqual(kept, [], "a plan keeps nothing");
    assert.ok(plan.withinLimits && plan.fileBytes > 90e6 && plan.downloadBytes === plan.fileBytes);
    assert.equal(plan.gpuBytes, plan.weightBytes + plan.kvCacheBytes + plan.workspaceBytes);
    assert.ok(plan.limits.maxBufferSize > 0 && plan.limits.maxStorageBufferBindingSize > 0);
  });

  test("follow the options, of every kind of source that can be read twice", LIMIT, async (t) => {
    if (!(await served(t, TINY))) return;
    const seen = await page.evaluate(async (address) => {
      const { Engine } = window.wgslm;
      const bytes = await (await fetch(address)).arrayBuffer();
      const options = { contextLength: 64 };
      const sources = [address, new Blob([bytes]), new File([bytes], "a.gguf"), bytes, new Uint8Array(bytes), [new File([bytes], "a.gguf")]];
      const plans = [];
      for (const source of sources) plans.push(await Engine.plan(source, options));
      const length = bytes.byteLength;
      return {
        gpuBytes: plans.map((plan) => plan.gpuBytes),
        download: plans.map((plan) => plan.downloadBytes),
        small: await Engine.plan(address, { contextLength: 32, kvFormat: "q8" }),
        plan: plans[0],
        stillThere: length > 0,
        stream: (await window.failure(Engine.plan(new Blob([bytes]).stream()))).code,
        damaged: (await window.failure(Engine.plan(new Blob([bytes.slice(0, 1000)])))).code,
        unknown: (await window.failure(Engine.plan(address, { context: 5 }))).code,
        limited: await Engine.plan(address, { contextLength: 64, gpu: { maxBinding: 64 << 10 } }),
      };
    }, TINY);
    assert.equal(new Set(seen.gpuBytes).size, 1);
    assert.deepEqual(seen.download.slice(1), [0, 0, 0, 0, 0]);
    assert.ok(seen.download[0] > 1e6 && seen.stillThere);
    assert.ok(seen.small.kvCacheBytes < seen.plan.kvCacheBytes && seen.small.contextLength === 32);
    assert.deepEqual([seen.stream, seen.damaged, seen.unknown], ["invalid-argument", "truncated", "invalid-option"]);
    assert.ok(seen.plan.alternatives.some(({ options, gpuBytes }) => options.kvFormat === "q8" && gpuBytes < seen.plan.gpuBytes));
    assert.ok(seen.limited.withinLimits === false ? seen.limited.exceeds.length > 0 : seen.limited.exceeds === undefined);
  });

  test("come with the error of a load that has no memory, of which a smaller one then works", LIMIT, async (t) => {
    if (!(await served(t, TINY))) return;
    const seen = await page.evaluate(async (address) => {
      const { Engine, WgslmError } = window.wgslm;
      // With float activations there are half as many kernels to compile.
      const activations = "float";
      const plan = await Engine.plan(address, { activations });
      const [smaller] = plan.alternatives.toSorted((a, b) => a.gpuPeakBytes - b.gpuPeakBytes);
      await window.setMemory(Math.ceil((smaller.gpuPeakBytes + plan.gpuBytes) / 2));
      const error = await Engine.load(address, { activations }).catch((reason) => reason);
      const engine = await Engine.load(address, { activations, ...smaller.options });
      const { gpuBytes } = await engine.memory();
      await engine.unload();
      return { code: error.code, typed: error instanceof WgslmError, message: error.message, told: error.plan, plan, smaller, gpuBytes };
    }, TINY);
    assert.deepEqual([seen.code, seen.typed], ["out-of-memory", true]);
    assert.deepEqual(seen.told.alternatives, seen.plan.alternatives);
    assert.match(seen.message, /the model takes [\d.]+ MB .*it takes [\d.]+ MB with a KV cache of 8 bits/);
    assert.equal(seen.gpuBytes, seen.smaller.gpuBytes);
  });
});
