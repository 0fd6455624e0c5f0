// Calls that are aborted while the engine works on them: each rejects at once, and its slot is free after the step that is under way.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { openPackage, served } from "./browser.mjs";

const MODELS = { generator: "/golden/arch/tiny-llama-q8_0.gguf", embedder: "/golden/models/bert-mean.gguf", reranker: "/golden/models/bert-rank.gguf" };
const LIMIT = { timeout: 120_000 };
/** The time in which a call rejects, in ms: the thread that the page shares with the software adapter may be late. */
const AT_ONCE = 50;

describe("aborted under way", LIMIT, () => {
  let page;

  before(async () => {
    page = await openPackage();
    await page.evaluate(() => {
      window.long = Uint32Array.from({ length: 1900 }, (_, place) => (7 * place + 3) % 60);
      window.short = Uint32Array.of(5, 6, 7);
      const text = "the quick brown fox jumped over lazy dogs";
      /** By the name of each model: calls that take it many steps, and a short one that comes after. */
      window.calls = {
        generator: {
          generate: (engine, signal) => engine.generate(window.long, { maxTokens: 100, signal }).result,
          score: (engine, signal) => engine.score(window.long, { signal }),
          beamSearch: (engine, signal) => engine.beamSearch(window.short, { maxTokens: 200, signal }),
          prefill: async (engine, signal) => {
            const session = engine.session();
            await session.append(window.long);
            return session.prefill({ signal });
          },
          next: (engine) => engine.generate(window.short, { maxTokens: 1 }),
        },
        embedder: {
          embed: (engine, signal) => engine.embed(Array(2000).fill(text), { signal }),
          next: (engine) => engine.embed("fox"),
        },
        reranker: {
          rerank: (engine, signal) => engine.rerank("fox", Array(2000).fill(text), { signal }),
          next: (engine) => engine.rerank("fox", ["dogs"]),
        },
      };
      /** How a call of an engine ends that is aborted during its first step, and the steps until the next call of it has ended. */
      window.abort = async (engine, call, next) => {
        const steps = async () => (await engine.metrics()).stepRows.count;
        const [first, controller] = [await steps(), new AbortController()];
        const failed = call(engine, controller.signal).then(
          () => ({ same: false }),
          (error) => ({ same: error === controller.signal.reason, ended: performance.now() }),
        );
        let begun = first;
        while (begun === first) begun = await steps();
        const aborted = performance.now();
        controller.abort();
        const { same, ended } = await failed;
        await next(engine);
        const { stepRows, queueDepth } = await engine.metrics();
        return { same, ms: ended - aborted, steps: stepRows.count - begun, queueDepth };
      };
    });
  });

  for (const [model, address] of Object.entries(MODELS)) {
    test(model, LIMIT, async (t) => {
      if (!(await served(t, address))) return;
      const seen = await page.evaluate(
        async ([model, address]) => {
          const { next, ...calls } = window.calls[model];
          const engine = await window.wgslm.Engine.load(address, { activations: "float", slots: 1 });
          await next(engine);
          const seen = {};
          for (const [name, call] of Object.entries(calls)) seen[name] = await window.abort(engine, call, next);
          await engine.unload();
          return seen;
        },
        [model, address],
      );
      for (const [name, { same, ms, steps, queueDepth }] of Object.entries(seen)) {
        assert.ok(same, `${name} rejects with the signal's reason`);
        assert.ok(ms < AT_ONCE, `${name} rejected after ${ms} ms`);
        assert.ok(steps <= 4 && queueDepth === 0, `${name}: ${steps} steps until the next call had ended`);
      }
    });
  }

  test("a plan whose server doesn't answer", LIMIT, async () => {
    await page.context().route("**/silent.gguf", () => undefined);
    const asked = page.context().waitForEvent("request", (request) => request.url().endsWith("/silent.gguf"));
    await page.evaluate(() => {
      window.controller = new AbortController();
      window.failed = window.failure(window.wgslm.Engine.plan("/silent.gguf", { signal: window.controller.signal }));
    });
    await asked;
    const { name, ms } = await page.evaluate(async () => {
      const aborted = performance.now();
      window.controller.abort();
      const { name } = await window.failed;
      return { name, ms: performance.now() - aborted };
    });
    assert.equal(name, "AbortError");
    assert.ok(ms < AT_ONCE, `${ms} ms`);
  });
});
