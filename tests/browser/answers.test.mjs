// Continuations in the browser: several at once, scored, searched for, and in the shape of OpenAI's older API.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { openPackage } from "./browser.mjs";
import { STOP_TOKEN, loadTemplated } from "./templates.mjs";

const LIMIT = { timeout: 300_000 };

describe("answers", () => {
  let page;
  before(async () => (page = await openPackage()));

  function check(name, body) {
    test(name, LIMIT, async (t) => {
      if (await loadTemplated(t, page, "qwen3")) await body(t);
    });
  }

  check("older completions take texts and tokens, several at once", async () => {
    const { completion, chunks, alone } = await page.evaluate(async (stop) => {
      const { engine } = window;
      const fields = { max_tokens: 6, temperature: 0, logprobs: 2, n: 1, logit_bias: { [stop]: -100 } };
      const completion = await engine.completions.create({ prompt: ["Once", "Twice"], ...fields });
      const stream = await engine.completions.create({ prompt: [1, 2, 3], stream: true, ...fields });
      const chunks = [];
      for await (const chunk of stream) chunks.push(chunk);
      return { completion, chunks, alone: await engine.generate("Twice", { maxTokens: 6, suppressTokens: [stop] }) };
    }, STOP_TOKEN);
    assert.equal(completion.object, "text_completion");
    assert.deepEqual(
      completion.choices.map(({ index, finish_reason, logprobs }) => [index, finish_reason, logprobs.tokens.length]),
      [
        [0, "length", 6],
        [1, "length", 6],
      ],
    );
    assert.equal(completion.choices[1].text, alone);
    assert.equal(completion.usage.completion_tokens, 12);
    assert.equal(chunks.at(-1).choices[0].finish_reason, "length");
    assert.equal(chunks.flatMap(({ choices }) => choices[0].logprobs?.tokens ?? []).length, 6);
  });

  check("scores, beams and several answers are those of single requests", async () => {
    const { score, logprobs, beams, greedy, several, single } = await page.evaluate(async () => {
      const { engine } = window;
      const prompt = Uint32Array.of(72, 101, 108);
      const answer = engine.generate(prompt, { maxTokens: 5, logprobs: 0 });
      const [tokens, logprobs] = [[], []];
      for await (const token of answer) {
        tokens.push(token.token);
        logprobs.push(token.logprobs.chosen.logprob);
      }
      const score = await engine.score(Uint32Array.from(tokens), { after: prompt });
      const options = { maxTokens: 5, temperature: 1, seed: 20 };
      const single = [];
      for (const seed of [20, 21, 22]) single.push(await engine.generate(prompt, { ...options, seed }));
      return {
        score: { ...score, tokens: [...score.tokens], logprobs: [...score.logprobs] },
        logprobs,
        greedy: tokens,
        beams: await engine.beamSearch(prompt, { width: 1, maxTokens: 5 }),
        several: await engine.generateSeveral(prompt, 3, options),
        single,
      };
    });
    assert.deepEqual(score.tokens, greedy);
    score.logprobs.forEach((logprob, place) => assert.ok(Math.abs(logprob - logprobs[place]) < 0.02, `${place}: ${logprob} ${logprobs[place]}`));
    assert.ok(Math.abs(score.total - score.logprobs.reduce((sum, value) => sum + value, 0)) < 1e-4);
    assert.deepEqual(beams[0].tokens, greedy);
    assert.deepEqual(several, single);
  });
});
