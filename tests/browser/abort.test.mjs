// Calls that are aborted while the engine works on them: each rejects at once, and the engine is free after the step that is under way. Loads are in
// cache.test.mjs, embeddings in embed.test.mjs, rankings in ranking.test.mjs.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { openPackage, served } from "./browser.mjs";

const MODEL = "/golden/arch/tiny-llama-q8_0.gguf";
const LIMIT = { timeout: 240_000 };
/** The time in which a call rejects, in ms: as long as the page's thread may be kept from its processor by the software adapter. */
const AT_ONCE = 50;

describe("aborted under way", LIMIT, () => {
  let page;

  before(async () => {
    page = await openPackage();
    await page.evaluate(() => {
      /** Tokens that the prefix cache doesn't have. */
      let made = 0;
      const tokens = (length) => Uint32Array.from({ length }, (_, place) => (7 * place + 3) % 60).fill(100 + made++, 0, 1);
      window.calls = {
        generate: (engine, signal) => engine.generate(tokens(8), { maxTokens: 40, temperature: 0, suppressTokens: [257], signal }).result,
        beamSearch: (engine, signal) => engine.beamSearch(tokens(8), { maxTokens: 4, signal }),
        score: (engine, signal) => engine.score(tokens(300), { signal }),
        prefill: async (engine, signal) => {
          const session = engine.session();
          await session.append(tokens(400));
          return session.prefill({ signal });
        },
      };
      window.next = (engine) => engine.generate(tokens(3), { maxTokens: 1 });
      const timed = async (work) => {
        const begun = performance.now();
        await work();
        return performance.now() - begun;
      };
      /** How a call ends that is aborted after a tenth of the time that it takes, and when the next one has ended. */
      window.abort = async (engine, call) => {
        const counts = async () => (await engine.metrics()).stepRows.count;
        const first = await counts();
        const whole = { ms: await timed(() => call(engine)), steps: (await counts()) - first };
        const controller = new AbortController();
        const failed = call(engine, controller.signal).then(
          () => ({ same: false }),
          (error) => ({ same: error === controller.signal.reason, ended: performance.now() }),
        );
        await new Promise((resolve) => setTimeout(resolve, whole.ms / 10));
        const begun = await counts();
        const aborted = performance.now();
        controller.abort();
        const { same, ended } = await failed;
        const free = await timed(() => window.next(engine));
        const { stepRows, queueDepth } = await engine.metrics();
        return { same, ms: ended - aborted, whole, free, steps: stepRows.count - begun, queueDepth };
      };
    });
  });

  test("generations, beam searches, scores and prefills free the engine's one slot", LIMIT, async (t) => {
    if (!(await served(t, MODEL))) return;
    const seen = await page.evaluate(async (address) => {
      window.engine = await window.wgslm.Engine.load(address, { activations: "float", slots: 1 });
      await window.next(window.engine);
      const seen = {};
      for (const [name, call] of Object.entries(window.calls)) seen[name] = await window.abort(window.engine, call);
      return seen;
    }, MODEL);
    for (const [name, { same, ms, whole, free, steps, queueDepth }] of Object.entries(seen)) {
      const figures = `${name}: ${JSON.stringify(seen[name])}`;
      assert.ok(same, `${name} rejects with the signal's reason`);
      assert.ok(ms < AT_ONCE, figures);
      assert.ok(free < whole.ms / 2 && queueDepth === 0, figures);
      // Scores are beside the scheduler, and prompts of few steps.
      if (whole.steps > 20) assert.ok(steps < whole.steps / 2, figures);
    }
  });

  test("a snapshot leaves its session as it was", LIMIT, async (t) => {
    if (!(await served(t, MODEL))) return;
    const seen = await page.evaluate(async () => {
      const session = window.engine.session();
      await session.append(Uint32Array.from({ length: 100 }, (_, place) => place % 60));
      await session.prefill();
      const controller = new AbortController();
      const failed = session.snapshot({ signal: controller.signal }).catch((error) => error === controller.signal.reason);
      const begun = performance.now();
      controller.abort();
      const same = await failed;
      return { same, ms: performance.now() - begun, length: await session.length(), size: (await session.snapshot()).size };
    });
    assert.deepEqual([seen.same, seen.length], [true, 100]);
    assert.ok(seen.ms < AT_ONCE && seen.size > 100, JSON.stringify(seen));
  });

  test("a plan doesn't wait for its server", LIMIT, async () => {
    await page.context().route("**/silent.gguf", () => undefined);
    const asked = page.context().waitForEvent("request", (request) => request.url().endsWith("/silent.gguf"));
    await page.evaluate(() => {
      window.controller = new AbortController();
      window.failed = window.failure(window.wgslm.Engine.plan("/silent.gguf", { signal: window.controller.signal }));
    });
    await asked;
    const { name, ms } = await page.evaluate(async () => {
      const begun = performance.now();
      window.controller.abort();
      const { name } = await window.failed;
      return { name, ms: performance.now() - begun };
    });
    assert.equal(name, "AbortError");
    assert.ok(ms < AT_ONCE, `${ms} ms`);
  });
});
