// Documents ranked for a query in the browser, by a tiny reranker.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { openPackage, served } from "./browser.mjs";

const MODEL = "/golden/models/bert-rank.gguf";
const ENCODER = "/golden/models/bert-mean.gguf";
const LIMIT = { timeout: 120_000 };
const DOCUMENTS = ["the quick brown fox", "lazy dogs", "jumped over it", "the quick brown fox"];

describe("ranking", () => {
  let page;
  before(async () => (page = await openPackage()));

  test("documents come best first, each with the score that it has alone", LIMIT, async (t) => {
    if (!(await served(t, MODEL))) return;
    const { task, ranked, alone, best, none, aborted } = await page.evaluate(
      async ([address, documents]) => {
        const engine = (window.engine = await window.wgslm.Engine.load(address));
        const alone = [];
        for (const document of documents) alone.push((await engine.rerank("fox", [document]))[0].score);
        return {
          task: engine.info.task,
          ranked: await engine.rerank("fox", documents),
          alone,
          best: await engine.rerank("fox", documents, { top: 1 }),
          none: await engine.rerank("fox", []),
          aborted: await window.failure(engine.rerank("fox", documents, { signal: AbortSignal.abort() })),
        };
      },
      [MODEL, DOCUMENTS],
    );
    assert.equal(task, "ranking");
    assert.deepEqual(
      ranked.map(({ index }) => index).sort(),
      DOCUMENTS.map((_, index) => index),
    );
    for (const [place, { index, score }] of ranked.entries()) {
      assert.equal(score, alone[index], DOCUMENTS[index]);
      assert.ok(place === 0 || score <= ranked[place - 1].score);
    }
    assert.equal(alone[0], alone[3], "the same document has another score");
    assert.ok(new Set(alone).size > 1, "every document has the same score");
    assert.deepEqual(best, ranked.slice(0, 1));
    assert.deepEqual(none, []);
    assert.equal(aborted.name, "AbortError");
  });

  test("an abort under way rejects at once, and what follows doesn't wait for the documents left", LIMIT, async (t) => {
    if (!(await served(t, MODEL))) return;
    const { same, ms, whole, next } = await page.evaluate(async (documents) => {
      const { engine } = window;
      const many = Array.from({ length: 100 }, () => documents).flat();
      const timed = async (work) => {
        const begun = performance.now();
        await work();
        return performance.now() - begun;
      };
      const whole = await timed(() => engine.rerank("fox", many));
      const controller = new AbortController();
      const failed = engine.rerank("fox", many, { signal: controller.signal }).catch((error) => error === controller.signal.reason);
      await new Promise((resolve) => setTimeout(resolve, whole / 10));
      let same;
      const ms = await timed(async () => {
        controller.abort();
        same = await failed;
      });
      return { same, ms, whole, next: await timed(() => engine.rerank("fox", documents)) };
    }, DOCUMENTS);
    assert.equal(same, true, "not the signal's own reason");
    assert.ok(ms < 50 && next < whole / 2, JSON.stringify({ ms, whole, next }));
  });

  test("what isn't text is refused, and so is a model without a classifier", LIMIT, async (t) => {
    if (!(await served(t, MODEL)) || !(await served(t, ENCODER))) return;
    const codes = await page.evaluate(async (address) => {
      const { engine, failure, wgslm } = window;
      const encoder = await wgslm.Engine.load(address);
      const calls = [engine.rerank(5, ["a"]), engine.rerank("a", "b"), engine.rerank("a", [1]), encoder.rerank("a", ["b"]), engine.embed("a")];
      return Promise.all(calls.map(async (call) => (await failure(call)).code));
    }, ENCODER);
    assert.deepEqual(codes, ["invalid-argument", "invalid-argument", "invalid-argument", "wrong-task", "wrong-task"]);
  });
});
