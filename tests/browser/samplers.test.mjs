// How tokens are chosen, in a browser: the tokens that the kernels' CPU references choose from the model's logits, as the Rust test
// `tokens_are_those_of_a_loop_over_logits_and_the_references` holds them to be.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { before, describe, test } from "node:test";
import { openPackage, served } from "./browser.mjs";

const MODEL = "/golden/arch/tiny-llama-q8_0.gguf";
const CASES = JSON.parse(readFileSync(new URL("samplers.json", import.meta.url), "utf8"));
const PROMPT = [171, 206, 5, 206, 120, 171, 206, 5, 206];

describe("samplers", () => {
  let page;

  before(async () => (page = await openPackage()));

  test("each alone and all together choose what their references choose", { timeout: 240_000 }, async (t) => {
    if (!(await served(t, MODEL))) return;
    await page.evaluate(async (model) => {
      window.engine = await window.wgslm.Engine.load(model, { contextLength: 200, activations: "float" });
    }, MODEL);
    for (const { name, options, tokens } of CASES) {
      const found = await page.evaluate(
        async ([prompt, options]) => {
          const { generate } = await import("/wgslm/bench.js");
          const tokens = [];
          for await (const { token } of generate(window.engine, Uint32Array.from(prompt), options)) tokens.push(token);
          return tokens;
        },
        [PROMPT, { maxTokens: 24, ignoreStop: true, ...options }],
      );
      assert.deepEqual(found, tokens, name);
    }
  });
});
