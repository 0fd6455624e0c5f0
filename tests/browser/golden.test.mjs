// The real models in a real browser against the oracle's tokens and logits (golden/<model>.json, golden/tokenize.json).
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { ALL, bytesOf, openPackage, served, site } from "./browser.mjs";

/** Two logits closer than this may change places: float32 sums in another order differ by about as much. */
const MARGIN = 0.02;

/** In software a token takes its time, so prompts and answers are short unless all is to be run; native tests run all of them. */
const LONGEST_PROMPT = ALL ? Infinity : 64;
const MODELS = {
  smollm2: { file: "smollm2-135m-instruct-q4_1.gguf", gpuBytes: 90e6, steps: ALL ? Infinity : 16 },
  gemma3: { file: "gemma-3-270m-q4_k_m.gguf", gpuBytes: 230e6, steps: ALL ? Infinity : 8 },
};
const texts = await golden("/golden/tokenize.json");

async function golden(path) {
  const response = await fetch(site(path));
  return response.ok ? response.json() : undefined;
}

for (const [name, model] of Object.entries(MODELS)) {
  const all = (await golden(`/golden/${name}.json`)) ?? [];
  // Of each row, as many steps as are to be run.
  const rows = all
    .filter((row) => row.prompt_tokens.length <= LONGEST_PROMPT)
    .map((row) => ({ ...row, greedy: row.greedy.slice(0, model.steps), top8: row.top8.slice(0, model.steps) }));
  describe(`golden ${name}`, { timeout: ALL ? 3_600_000 : 330_000 }, () => suite(name, model, rows));
}

function suite(name, { file, gpuBytes: leastBytes }, rows) {
  const address = `/models/${file}`;
  let page;

  before(async () => (page = await openPackage()));

  /** Loads the model once for all; whether it could. */
  let loading;
  async function loaded(t) {
    for (const path of [address, `/golden/${name}.json`, "/golden/tokenize.json"])
      if (!(await served(t, path))) return false;
    loading ??= page.evaluate(async (url) => {
      // The oracle computes in f32; in software the engine would decode with activations of 8 bits.
      window.engine = await window.wgslm.Engine.load(url, { activations: "float" });
    }, address);
    await loading;
    return true;
  }

  /** Generates greedily: the tokens, their texts, and the result. */
  function generate(prompt, options) {
    return page.evaluate(
      async ([given, settings]) => {
        const generation = window.engine.generate(given, { temperature: 0, ...settings });
        const pieces = [];
        for await (const piece of generation) pieces.push(piece);
        const { tokens: count, ...result } = await generation.result;
        return {
          ...result,
          count,
          tokens: pieces.map(({ token }) => token),
          streamed: pieces.map(({ text }) => text).join(""),
        };
      },
      [prompt, options],
    );
  }

  test("loading the model takes less than 64 MiB of wasm memory", async (t) => {
    if (!(await loaded(t))) return;
    const { wasmBytes, gpuBytes } = await page.evaluate(() => window.engine.memory());
    t.diagnostic(`wasm ${(wasmBytes / 2 ** 20).toFixed(1)} MiB, GPU ${(gpuBytes / 2 ** 20).toFixed(1)} MiB`);
    assert.ok(wasmBytes > 0 && wasmBytes < 64 * 2 ** 20, `${wasmBytes} bytes`);
    assert.ok(gpuBytes > leastBytes, `${gpuBytes} bytes on the GPU can't hold the weights`);
  });

  test("a plan by the file's header tells exactly the memory that the loaded model takes", async (t) => {
    if (!(await loaded(t))) return;
    const { plan, info, memory } = await page.evaluate(async (url) => {
      const plan = await window.wgslm.Engine.plan(url, { activations: "float" });
      return { plan, info: window.engine.info, memory: await window.engine.memory() };
    }, address);
    const figures = ({ weightBytes, kvCacheBytes, contextLength }) => ({ weightBytes, kvCacheBytes, contextLength });
    assert.deepEqual({ ...figures(plan), gpuBytes: plan.gpuBytes }, { ...figures(info), gpuBytes: memory.gpuBytes });
    assert.ok(memory.gpuPeakBytes <= plan.gpuPeakBytes * 1.01, `${memory.gpuPeakBytes} of ${plan.gpuPeakBytes}`);
    assert.ok(memory.gpuPeakBytes >= plan.gpuBytes, `${memory.gpuPeakBytes} of ${plan.gpuBytes}`);
    assert.equal(plan.downloadBytes, info.cache.kept ? 0 : plan.fileBytes);
  });

  test("every golden text has the oracle's tokens", async (t) => {
    if (!(await loaded(t))) return;
    const tokens = await page.evaluate(
      (given) =>
        Promise.all(
          given.map(async ({ text, parse_special: special }) => [...(await window.engine.tokenize(text, { special }))]),
        ),
      texts[name],
    );
    texts[name].forEach(({ text, parse_special, ids }, row) =>
      assert.deepEqual(tokens[row], ids, `${JSON.stringify(text)}, special ${parse_special}`),
    );
  });

  for (const row of rows) {
    const prompt = JSON.stringify(row.text);
    const margins = row.top8.map(([[, best], [, second]]) => best - second);

    test(`${prompt}: fed with the golden tokens, every clear argmax is the oracle's`, async (t) => {
      if (!(await loaded(t))) return;
      const best = await page.evaluate(
        async (tokens) => {
          const logits = await window.engine.logits(new Uint32Array(tokens));
          const { vocabulary } = window.engine.info;
          if (logits.length !== tokens.length * vocabulary)
            throw new Error(`${logits.length} logits for ${tokens.length} tokens of ${vocabulary}`);
          return tokens.map((_, position) => {
            const of = logits.subarray(position * vocabulary, (position + 1) * vocabulary);
            return of.reduce((top, logit, token) => (logit > of[top] ? token : top), 0);
          });
        },
        [...row.prompt_tokens, ...row.greedy],
      );
      // The logits after a position are about the next one.
      const steps = best.slice(row.prompt_tokens.length - 1);
      const clear = row.greedy.map((token, step) => [step, token]).filter(([step]) => margins[step] > MARGIN);
      t.diagnostic(`${clear.length} of ${row.greedy.length} steps are clear`);
      for (const [step, token] of clear)
        assert.equal(steps[step], token, `step ${step}, margin ${margins[step].toFixed(3)}`);
    });

    test(`${prompt}: running freely, the tokens are the oracle's up to the first close call`, async (t) => {
      if (!(await loaded(t))) return;
      const answer = await generate(row.text, { maxTokens: row.greedy.length });
      const close = margins.findIndex((margin) => margin <= MARGIN);
      const sure = close < 0 ? row.greedy.length : close;
      t.diagnostic(
        `${answer.timings.decodeTokensPerSecond.toFixed(1)} tokens/s, first token after ${answer.timings.ttftMs.toFixed(0)} ms`,
      );
      assert.deepEqual(answer.tokens.slice(0, sure), row.greedy.slice(0, sure));
      if (close < 0) assert.equal(answer.tokens.length, row.greedy.length);
      assert.equal(answer.count, answer.tokens.length);
      assert.equal(answer.streamed, answer.text);
      assert.equal(answer.promptTokens, row.prompt_tokens.length);
      assert.ok(["stop", "length"].includes(answer.finishReason), answer.finishReason);
    });
  }

  // One model is enough for what doesn't depend on it.
  if (name !== "smollm2") return;

  test("1 and 4 tokens in flight give the same answer", async (t) => {
    if (!(await loaded(t))) return;
    const short = rows.toSorted((a, b) => a.greedy.length - b.greedy.length)[0];
    const [alone, ahead] = [
      await generate(short.text, { maxTokens: short.greedy.length, tokensInFlight: 1 }),
      await generate(short.text, { maxTokens: short.greedy.length, tokensInFlight: 4 }),
    ];
    assert.deepEqual(ahead.tokens, alone.tokens);
    assert.equal(ahead.text, alone.text);
    assert.equal(ahead.finishReason, alone.finishReason);
  });

  test("the streamed text is the text of the tokens", async (t) => {
    if (!(await loaded(t))) return;
    const { tokens, text, finishReason } = await generate("The capital of France is", { maxTokens: 5 });
    const whole = await page.evaluate((given) => window.engine.detokenize(new Uint32Array(given)), tokens);
    assert.equal(finishReason, "length");
    assert.equal(text, whole);
    assert.match(text, /^ Paris/);
  });

  test("the chat template frames a conversation up to the assistant's turn", async (t) => {
    if (!(await loaded(t))) return;
    const framed = await page.evaluate(() =>
      window.engine.applyTemplate([{ role: "user", content: "Name three colours." }]),
    );
    assert.ok(framed.endsWith("<|im_start|>user\nName three colours.<|im_end|>\n<|im_start|>assistant\n"), framed);
  });
}

test("the wasm is at most 1.5 MB gzipped", async (t) => {
  const wasm = await bytesOf(t, "/wgslm/wasm/wgslm_bg.wasm");
  if (!wasm) return;
  const { length } = gzipSync(wasm, { level: 9 });
  t.diagnostic(`${length} bytes gzipped, ${wasm.length} as it is`);
  assert.ok(length <= 1_500_000, `${length} bytes`);
});
