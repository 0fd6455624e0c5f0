// The demo page and the package in Firefox: they give the same tokens as in Chromium, and keep the model and sessions as there.
import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage, served } from "./browser.mjs";
import { runInFirefox } from "./firefox.mjs";

const MODEL = "/golden/arch/tiny-llama-q8_0.gguf";
const LIMIT = { timeout: 240_000 };

/** In the page: tokens of several kinds, each of which needs kernels, modules or storage of its own. */
async function answers(address) {
  const { Engine } = await import("/wgslm/index.js");
  const engine = await Engine.load(address, { activations: "float", cache: "required" });
  const tokensOf = async (generation) => {
    const tokens = [];
    for await (const { token } of generation) tokens.push(token);
    return tokens;
  };
  const prompt = Uint32Array.of(171, 206, 5, 206, 120, 131, 161, 73);
  const session = engine.session();
  await session.append(prompt);
  await session.prefill();
  await session.save("kept");
  const restored = await engine.restoreSaved("kept");
  const seen = {
    isDrawn: Array.from(document.querySelectorAll("h1, h2")).some(({ textContent }) => textContent),
    greedy: await tokensOf(engine.generate(prompt, { maxTokens: 24, temperature: 0 })),
    drawn: await tokensOf(engine.generate(prompt, { maxTokens: 12, temperature: 1, seed: 5 })),
    regex: await engine.generate(prompt, { grammar: { regex: "[a-f]{6}" }, maxTokens: 12 }),
    restored: await tokensOf(restored.generate({ maxTokens: 12, temperature: 0 })),
    kept: engine.info.cache.kept,
  };
  await engine.unload();
  return seen;
}

test("Firefox gives Chromium's tokens, keeps the model and restores a session", LIMIT, async (t) => {
  if (!(await served(t, MODEL))) return;
  const seen = await runInFirefox(answers, MODEL);
  const page = await openPage();
  assert.deepEqual(seen, await page.evaluate(answers, MODEL));
  assert.ok(seen.isDrawn);
  assert.equal(seen.greedy.length, 24);
  assert.deepEqual(seen.restored, seen.greedy.slice(0, 12));
  assert.ok(seen.kept, "the model is in the cache");
});
