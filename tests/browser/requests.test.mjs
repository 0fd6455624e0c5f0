// Many requests of one engine, through the package: together, one after the other, and more than there is room for.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { openPackage, served } from "./browser.mjs";

const MODEL = "/golden/arch/tiny-llama-q8_0.gguf";
const LIMIT = { timeout: 240_000 };

describe("requests", () => {
  let page;

  before(async () => {
    page = await openPackage();
    await page.evaluate(() => {
      window.prompt = Uint32Array.of(171, 206, 5, 206, 120, 131, 161, 73);
      /** The tokens of an answer, of each of which `seen` is told. */
      window.collect = async (generation, seen = () => undefined) => {
        const tokens = [];
        for await (const { token } of generation) {
          tokens.push(token);
          seen();
        }
        return tokens;
      };
    });
  });

  /** A test on an engine with these options, which those of the same name share. */
  function check(name, body, options = {}) {
    test(name, LIMIT, async (t) => {
      if (!(await served(t, MODEL))) return;
      await page.evaluate(
        async ([address, options]) => {
          window.engines ??= {};
          window.engine = window.engines[JSON.stringify(options)] ??= await window.wgslm.Engine.load(address, options);
        },
        [MODEL, options],
      );
      await body();
    });
  }

  check("two answers at once overlap, and are what they are alone", async () => {
    const { alone, together, order } = await page.evaluate(async () => {
      const prompts = [window.prompt, window.prompt.slice(0, 5)];
      const ask = (prompt, seen) => window.collect(window.engine.generate(prompt, { maxTokens: 24 }), seen);
      const alone = [];
      for (const prompt of prompts) alone.push(await ask(prompt));
      const order = [];
      const together = await Promise.all(prompts.map((prompt, index) => ask(prompt, () => order.push(index))));
      return { alone, together, order };
    });
    assert.deepEqual(together, alone);
    assert.ok(order.indexOf(1) < order.lastIndexOf(0) && order.indexOf(0) < order.lastIndexOf(1), `${order}`);
  });

  check("an abort of one answer leaves the others as they are", async () => {
    const { alone, beside, failure } = await page.evaluate(async () => {
      const ask = () => window.collect(window.engine.generate(window.prompt, { maxTokens: 24, temperature: 1, seed: 5 }));
      const alone = await ask();
      const controller = new AbortController();
      const other = window.engine.generate(window.prompt, { maxTokens: 500, signal: controller.signal });
      await other.next();
      const beside = ask();
      controller.abort();
      return { alone, failure: await window.failure(other.result), beside: await beside };
    });
    assert.equal(failure.name, "AbortError");
    assert.deepEqual(beside, alone);
  });

  check("a second turn starts from what the first one left in the cache", async () => {
    const { first, second, again, metrics } = await page.evaluate(async () => {
      const turn = Uint32Array.of(9, 8, 7, 6, 5, 4, 3, 2);
      const generation = window.engine.generate(turn, { maxTokens: 4 });
      const answer = await window.collect(generation);
      const next = Uint32Array.of(...turn, ...answer, 20, 21, 22);
      const second = await window.engine.generate(next, { maxTokens: 4, feature: "chat" }).result;
      const again = await window.engine.generate(next, { maxTokens: 4 }).result;
      return { first: await generation.result, second, again, metrics: await window.engine.metrics() };
    });
    assert.equal(first.cachedTokens, 0);
    assert.ok(second.cachedTokens >= 8 && second.cachedTokens < second.promptTokens, `${second.cachedTokens}`);
    assert.equal(again.cachedTokens, again.promptTokens - 1, "all but the last token, which must run");
    assert.equal(again.text, second.text);

    const { queueMs, prefillMs, decodeMs, timeToFirstTokenMs, longestInterTokenMs, endToEndMs } = second.timeline;
    assert.ok(queueMs >= 0 && prefillMs > 0 && longestInterTokenMs > 0, JSON.stringify(second.timeline));
    const [slack, sum] = [1e-3, timeToFirstTokenMs + decodeMs];
    assert.ok(queueMs + prefillMs <= timeToFirstTokenMs + slack && sum <= endToEndMs + slack, JSON.stringify(second.timeline));
    assert.ok(Math.abs(timeToFirstTokenMs - second.timings.ttftMs) < slack);

    const { chat } = metrics.features;
    assert.deepEqual([chat.promptTokens, chat.cachedTokens], [second.promptTokens, second.cachedTokens]);
    assert.equal(chat.prefixHitRate, 1);
    assert.equal(chat.latenciesMs.timeToFirstToken.count, 1);
    assert.ok(Math.abs(chat.latenciesMs.interToken.max - longestInterTokenMs) < slack);
    assert.ok(Math.abs(chat.latenciesMs.timeToFirstToken.sum - timeToFirstTokenMs) < slack);
    assert.ok(metrics.total.generatedTokens > chat.generatedTokens && metrics.gpuBytes > 0 && metrics.hostBytes > 0);
    assert.equal("cost" in metrics.total, false, "there is no price");
  });

  const full = { slots: 1, queue: 1, price: { perHour: 3600, time: "busy" } };
  check("a full queue refuses, deadlines end what is late, and the metrics count it", async () => {
    const seen = await page.evaluate(async () => {
      const { generate } = await import("/wgslm/bench.js");
      const long = { maxTokens: 500, ignoreStop: true, coalesce: false };
      const ask = (options) => generate(window.engine, window.prompt, { ...long, ...options });
      const running = ask();
      await running.next();
      const waiting = window.failure(ask({ queueDeadlineMs: 300, priority: "background" }).result);
      const refused = await ask().result.catch((error) => error);
      const late = await waiting;
      running.cancel();
      const cancelled = await running.result;
      const short = await ask({ deadlineMs: 60 }).result;
      const { code, retryAfterMs } = refused;
      const typed = refused instanceof window.wgslm.WgslmError;
      return { late, cancelled, short, refused: { code, typed, retryAfterMs }, metrics: await window.engine.metrics() };
    });
    const { late, cancelled, short, refused, metrics } = seen;
    assert.deepEqual([refused.code, refused.typed], ["busy", true]);
    assert.ok(refused.retryAfterMs >= 1, `${refused.retryAfterMs}`);
    assert.deepEqual([late.code, late.typed], ["deadline", true]);
    assert.deepEqual([cancelled.finishReason, short.finishReason], ["cancelled", "deadline"]);
    assert.ok(short.tokens < 500, `${short.tokens}`);
    const requests = { stop: 0, length: 0, context: 0, cancelled: 1, deadline: 2, refused: 1, failed: 0 };
    assert.deepEqual(metrics.total.requests, requests);
    assert.deepEqual([metrics.queueDepth, metrics.features], [0, {}]);
    assert.ok(Math.abs(metrics.total.cost.total / (metrics.total.gpuBusyMs / 1000) - 1) < 0.01, JSON.stringify(metrics.total.cost));
  }, full);

  check("equal requests share their work where they may", async () => {
    const { coalesced, texts } = await page.evaluate(async () => {
      const before = await window.engine.metrics();
      const ask = (coalesce) => window.engine.generate(Uint32Array.of(3, 1, 4), { maxTokens: 12, coalesce }).result;
      const results = await Promise.all([ask(true), ask(true), ask(false)]);
      const after = await window.engine.metrics();
      return {
        coalesced: after.total.coalescedRequests - before.total.coalescedRequests,
        texts: results.map(({ text }) => text),
      };
    });
    assert.equal(coalesced, 1);
    assert.equal(new Set(texts).size, 1);
  });

  check("values that the engine can't use are refused with the code invalid-option", async () => {
    const codes = await page.evaluate(async (address) => {
      const generations = [{ priority: "urgent" }, { tokensInFlight: 17 }];
      const loads = [{ slots: 0 }, { stateCheckpoints: 2 ** 32 - 1 }, { queue: 0 }, { price: { perHour: -1 } }];
      const failures = [
        ...generations.map((options) => window.engine.generate(window.prompt, options).result),
        ...loads.map((options) => window.wgslm.Engine.load(address, options)),
      ];
      return (await Promise.all(failures.map((failure) => window.failure(failure)))).map(({ code }) => code);
    }, MODEL);
    assert.deepEqual(codes, Array(6).fill("invalid-option"));
  });
});
