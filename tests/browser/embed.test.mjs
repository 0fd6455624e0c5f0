// Embeddings in the browser: a tiny BERT against the oracle, and the other ways a call can end.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { bytesOf, openPackage, served, site } from "./browser.mjs";

const FOLDER = "/golden/models/";
const MODEL = "bert-mean.gguf";
const GENERATOR = "/golden/arch/tiny-llama-q8_0.gguf";
const LIMIT = { timeout: 120_000 };

const index = await fetch(site(`${FOLDER}index.json`));
const row = index.ok ? (await index.json()).find(({ model }) => model === MODEL) : undefined;

/** The float32 values of a .npy file. */
function npyValues(file) {
  const start = 10 + file.readUInt16LE(8);
  return Array.from({ length: (file.length - start) / 4 }, (_, place) => file.readFloatLE(start + 4 * place));
}

/** The cosine of the angle between two vectors. */
function similarity(a, b) {
  const dot = (left, right) => left.reduce((sum, value, place) => sum + value * right[place], 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

describe("embeddings", () => {
  let page;
  before(async () => (page = await openPackage()));

  /** A test on the loaded model. */
  function check(name, body) {
    test(name, LIMIT, async (t) => {
      if (!(await served(t, FOLDER + MODEL))) return;
      await page.evaluate(async (address) => {
        window.engine ??= await window.wgslm.Engine.load(address);
      }, FOLDER + MODEL);
      await body(t);
    });
  }

  check("a text has the oracle's embedding, alone and among others", async (t) => {
    const expected = npyValues(await bytesOf(t, FOLDER + row.embedding));
    const { info, alone, several } = await page.evaluate(async (text) => {
      const { engine } = window;
      const alone = [...(await engine.embed(text))];
      const several = (await engine.embed(["a dog", text, ""])).map((embedding) => [...embedding]);
      return { info: engine.info, alone, several };
    }, row.text);
    assert.deepEqual([info.task, info.width], ["embedding", expected.length]);
    assert.equal(alone.length, expected.length);
    assert.ok(Math.abs(similarity(alone, expected) - 1) < 1e-4, `a cosine of ${similarity(alone, expected)}`);
    assert.ok(Math.abs(Math.hypot(...alone) - 1) < 1e-5, `a length of ${Math.hypot(...alone)}`);
    assert.equal(several.length, 3);
    assert.deepEqual(several[1], alone);
    assert.notDeepEqual(several[0], several[2]);
  });

  check("no texts have no embeddings, and what isn't text is refused", async () => {
    const { none, refused } = await page.evaluate(async () => {
      const refused = [];
      for (const texts of [undefined, 5, ["a", 5], [["a"]]])
        refused.push((await window.failure(window.engine.embed(texts))).code);
      return { none: await window.engine.embed([]), refused };
    });
    assert.deepEqual(none, []);
    assert.deepEqual(refused, Array(4).fill("invalid-argument"));
  });

  check("a model does what it was made for, and says what it wasn't", async (t) => {
    if (!(await served(t, GENERATOR))) return;
    const { generating, logits, embedding, task } = await page.evaluate(async (address) => {
      const generator = await window.wgslm.Engine.load(address);
      const embedding = await window.failure(generator.embed("a"));
      await generator.unload();
      return {
        generating: await window.failure(window.engine.generate("a").result),
        logits: await window.failure(window.engine.logits(new Uint32Array([1]))),
        embedding,
        task: generator.info.task,
      };
    }, GENERATOR);
    assert.deepEqual([generating.code, logits.code, embedding.code], Array(3).fill("wrong-task"));
    assert.match(embedding.message, /llama model generates text/);
    assert.equal(task, "generation");
  });

  check("a text longer than the context is refused, and the engine goes on", async () => {
    const { failure, next } = await page.evaluate(async () => ({
      failure: await window.failure(window.engine.embed("fox ".repeat(1000))),
      next: (await window.engine.embed("fox")).length,
    }));
    assert.equal(failure.code, "prompt-too-long");
    assert.equal(next, await page.evaluate(() => window.engine.info.width));
  });

  check("aborting rejects with the reason, and what follows doesn't wait for the texts left", async () => {
    const { before, during, same, next } = await page.evaluate(async () => {
      const { engine, failure } = window;
      const before = await failure(engine.embed("a", { signal: AbortSignal.abort() }));
      const controller = new AbortController();
      const many = engine.embed(Array(20_000).fill("the quick brown fox"), { signal: controller.signal });
      const settled = Promise.all([failure(many), many.catch((error) => error === controller.signal.reason)]);
      setTimeout(() => controller.abort(), 200);
      const [during, same] = await settled;
      return { before, during, same, next: (await engine.embed("fox")).length };
    });
    assert.equal(before.name, "AbortError");
    assert.equal(during.name, "AbortError");
    assert.equal(same, true, "not the signal's own reason");
    assert.ok(next > 0);
  });
});
