// The places other than a page's own worker where the engine runs: shared by tabs, and on the main thread.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { openPackage, served } from "./browser.mjs";

const MODEL = "/golden/arch/tiny-llama-q8_0.gguf";
const LIMIT = { timeout: 240_000 };

/** In the page: loads the model as `window.engine`; its tokens after a prompt. */
async function load([address, options]) {
  window.engine = await window.wgslm.Engine.load(address, options);
  window.tokens = async (engine, settings) => {
    const tokens = [];
    for await (const { token } of engine.generate(new Uint32Array([171, 206, 5, 206, 120]), { temperature: 0, ...settings })) tokens.push(token);
    return tokens;
  };
  return { tokens: await window.tokens(window.engine, { maxTokens: 6 }), shared: window.engine.shared };
}

describe("a model that tabs share", LIMIT, () => {
  let first;
  let second;
  const metrics = (page) => page.evaluate(async () => (await window.engine.metrics()).outcomes ?? (await window.engine.metrics()));

  before(async () => {
    first = await openPackage();
    second = await openPackage({ context: first.context() });
  });

  test("is loaded once", async (t) => {
    if (!(await served(t, MODEL))) return;
    const [one, other] = await Promise.all([first, second].map((page) => page.evaluate(load, [MODEL, { shared: true }])));
    console.log(one, other, JSON.stringify(await metrics(first)));
    console.log(first.context().serviceWorkers().length);
    const again = await second.evaluate(async () => { const c = performance.now(); const e = await window.wgslm.Engine.load("/golden/arch/tiny-llama-q8_0.gguf", {shared: true}); const w = await window.engine.memory(); await e.unload(); return [performance.now() - c, w]; });
    console.log(again);
  });
});
