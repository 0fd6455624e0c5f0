// Autocomplete on models in Chromium: what typing costs, in rows, and suggestions of a real model at real key presses.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { before, describe, test } from "node:test";
import { bytesOf, openPackage, served } from "./browser.mjs";
import { bundled } from "./bundle.mjs";
import { withMetadata } from "./gguf-metadata.mjs";
import { built } from "./played-worker.mjs";

const { Anchor } = await import(built("autocomplete/anchor.js"));

const TINY = "/golden/arch/tiny-llama-q8_0.gguf";
const SMOLLM2 = "/models/smollm2-135m-instruct-q4_1.gguf";
const LIMIT = { timeout: 240_000 };
/** The longest that a first token after a typed character may take on two cores, in ms: the goal is 400 on an idle machine. */
const SLOW = 4000;

describe("autocomplete", () => {
  let page;

  before(async () => {
    page = await openPackage();
    await page.evaluate(() => {
      /** Rows of prompts that the GPU has read for suggestions, and the requests of which they were. */
      window.read = async (engine) => {
        const { autocomplete } = (await engine.metrics()).features;
        if (!autocomplete) return { rows: 0, requests: 0 };
        const { promptTokens, cachedTokens, prefixLookups } = autocomplete;
        return { rows: promptTokens - cachedTokens, requests: prefixLookups };
      };
      /** What each of several texts costs that are suggested for one after the other. */
      window.costs = async (engine, autocomplete, requests) => {
        const costs = [];
        for (const request of requests) {
          const before = await window.read(engine);
          const text = await autocomplete.suggest(request);
          const after = await window.read(engine);
          costs.push({ rows: after.rows - before.rows, requests: after.requests - before.requests, text });
        }
        return costs;
      };
    });
  });

  describe("of a model that fills in the middle", () => {
    const FIM = { fim_pre: 251, fim_suf: 252, fim_mid: 253 };
    const [PREFIX, TYPED, SUFFIX] = ["def mean(values):\n    total = sum(values)\n    ", "return total / len(v", "\n\nprint(mean([1, 2, 3]))\n"];

    /** A test on a tiny model with these tokens, once loaded. */
    function check(name, body) {
      test(name, LIMIT, async (t) => {
        const file = await bytesOf(t, TINY);
        if (!file) return;
        const named = Object.entries(FIM).map(([key, token]) => [`tokenizer.ggml.${key}_token_id`, token]);
        const model = withMetadata(file, Object.fromEntries(named));
        await page.route("**/tiny-fim.gguf", (route) => route.fulfill({ body: model }));
        await page.evaluate(async () => (window.tiny ??= await window.wgslm.Engine.load("/tiny-fim.gguf")) && undefined);
        await body();
      });
    }

    check("a typed or deleted character costs two rows at most, with a suffix too", async () => {
      const costs = await page.evaluate(
        async ([prefix, typed, suffix]) => {
          const autocomplete = window.tiny.autocomplete({ maxTokens: 4, context: { before: 200, after: 60 } });
          const ends = [...Array(typed.length + 1).keys()];
          const requests = [...ends, ...ends.slice(5, -1).reverse()].map((end) => ({ prefix: prefix + typed.slice(0, end), suffix }));
          return window.costs(window.tiny, autocomplete, requests);
        },
        [PREFIX, TYPED, SUFFIX],
      );
      assert.ok(costs[0].rows > 60, `${costs[0].rows} rows at first`);
      const later = costs.slice(1);
      assert.ok(later.every(({ rows }) => rows <= 2), JSON.stringify(later));
      assert.ok(later.filter(({ requests }) => requests > 0).length > 10, "the model guesses wrong");
      // What is deleted was seen a moment ago.
      assert.deepEqual(later.slice(TYPED.length).filter(({ requests }) => requests > 0), []);
    });

    check("a prompt is the family's, and its answer what generating from the same tokens gives", async () => {
      const context = { before: 200, after: 60 };
      const [prefix, suffix] = ["def f(a):\n    return a + 1\n\ndef g(b):\n    return b * 2\n", "\nprint(f(1))"];
      const text = new Anchor(context).place(prefix, suffix);
      assert.ok(text.before.length > 10 && text.typed.length > 10);
      const { suggested, generated } = await page.evaluate(
        async ([{ before, typed, after }, context, fim]) => {
          const tokens = (text) => window.tiny.tokenize(text, { special: false });
          const prompt = [fim.fim_pre, ...(await tokens(before)), fim.fim_suf, ...(await tokens(after)), fim.fim_mid, ...(await tokens(typed))];
          const suggested = await window.tiny.autocomplete({ maxTokens: 6, context }).suggest({ prefix: before + typed, suffix: after });
          return { suggested, generated: await window.tiny.generate(Uint32Array.from(prompt), { maxTokens: 6 }) };
        },
        [text, context, FIM],
      );
      assert.equal(suggested, generated);
    });

    check("what the documentation shows runs as it is written", async () => {
      const text = await readFile(new URL("../../docs/autocomplete.md", import.meta.url), "utf8");
      const snippets = [...text.matchAll(/^```js\n(.*?)^```/gms)].map(([, snippet]) => snippet);
      assert.equal(snippets.length, 3);
      const body = await bundled(`const engine = window.tiny;\n${snippets.join("")}\nexport const shown = [ghost, view, text];`);
      await page.route("**/documented.js", (route) => route.fulfill({ contentType: "text/javascript", body }));
      const shown = await page.evaluate(async () => {
        document.body.replaceChildren(document.createElement("textarea"));
        const { shown: [ghost, view, text] } = await import("/documented.js");
        ghost.detach();
        view.destroy();
        return typeof text;
      });
      assert.equal(shown, "string");
    });
  });

  describe("of SmolLM2", () => {
    const TEXT = "The capital of France is Paris. The capital of Italy is Rome. The capital of Germany is Berlin. The capital of Spain is";

    /** A test on SmolLM2, once loaded. */
    function check(name, body) {
      test(name, LIMIT, async (t) => {
        if (!(await served(t, SMOLLM2))) return;
        await page.evaluate(async (address) => (window.engine ??= await window.wgslm.Engine.load(address)) && undefined, SMOLLM2);
        await body(t);
      });
    }

    check("a word's beginning goes on as the word would have, and costs a row", async () => {
      const costs = await page.evaluate(async (text) => {
        const autocomplete = window.engine.autocomplete({ maxTokens: 3, stopAtLine: true });
        const requests = ["", " ", " M", " Ma", " Mad", " X"].map((typed) => ({ prefix: text + typed }));
        return window.costs(window.engine, autocomplete, requests);
      }, TEXT);
      assert.match(costs[0].text, /^ Madrid/);
      // Along the first suggestion.
      assert.deepEqual(costs.slice(1, 5).map(({ text, requests }) => [text, requests]), [" ", " M", " Ma", " Mad"].map((typed) => [costs[0].text.slice(typed.length), 0]));
      assert.deepEqual([costs[5].requests, costs[5].rows <= 2], [1, true]);
      const healed = await page.evaluate(async (text) => {
        // Without a suggestion before it, the word is cut within a token.
        const fresh = window.engine.autocomplete({ maxTokens: 3, stopAtLine: true });
        return window.costs(window.engine, fresh, [{ prefix: `${text} Mad` }, { prefix: `${text} ` }]);
      }, TEXT);
      assert.match(healed[0].text, /^rid/);
      assert.match(healed[1].text, /^Madrid/);
      assert.ok(healed.every(({ rows }) => rows <= 2), JSON.stringify(healed));
    });

    check("a suggestion that isn't likely enough isn't shown", async () => {
      const [sure, unsure] = await page.evaluate(async (text) => {
        const autocomplete = window.engine.autocomplete({ maxTokens: 4, acceptance: 0.45, stopAtLine: true });
        const results = [];
        for (const prefix of [text, "zxq vkw plomb 7 uu "]) results.push(await autocomplete.suggest({ prefix }).result);
        return results;
      }, TEXT);
      assert.match(sure.text, /^ Madrid/);
      assert.ok(sure.probability >= 0.45 && sure.probability <= 1, `${sure.probability}`);
      assert.deepEqual([unsure.text, unsure.probability < 0.45], ["", true]);
    });

    check("keys in a field bring suggestions, along which the GPU rests", async (t) => {
      await page.evaluate(async (text) => {
        const { attachGhostText } = await import("/wgslm/ghost-text.js");
        const field = Object.assign(document.createElement("textarea"), { value: text });
        document.body.replaceChildren(field);
        window.field = field;
        window.times = [];
        window.suggester = window.engine.autocomplete({ maxTokens: 3, stopAtLine: true });
        window.ghost = attachGhostText(field, {
          async *suggest(request) {
            const began = performance.now();
            let first = true;
            for await (const piece of window.suggester.suggest(request)) {
              if (first) window.times.push(performance.now() - began);
              first = false;
              yield piece;
            }
          },
          accepted: (text) => window.suggester.accepted(text),
        });
        field.focus();
        field.setSelectionRange(text.length, text.length);
      }, TEXT);
      const waitFor = (check) => page.waitForFunction(check, undefined, { timeout: 30_000, polling: 10 });
      await page.keyboard.type(" M");
      await waitFor(() => window.ghost.text.startsWith("adrid"));
      const before = await page.evaluate(() => window.read(window.engine));
      await page.keyboard.type("ad");
      await waitFor(() => window.ghost.text.startsWith("rid"));
      assert.deepEqual(await page.evaluate(() => window.read(window.engine)), before);
      await page.keyboard.press("Tab");
      const value = await page.evaluate(() => window.field.value);
      assert.ok(value.startsWith(`${TEXT} Madrid`), value);
      // What is typed otherwise reads a row or two.
      await page.keyboard.type(" x");
      await waitFor(() => window.ghost.text !== "");
      await page.waitForFunction(() => window.suggester.counters.rowsRead > 0);
      const { rows, requests } = await page.evaluate(() => window.read(window.engine));
      assert.ok(rows - before.rows <= 2 * (requests - before.requests), `${rows - before.rows} rows of ${requests - before.requests} requests`);
      const { accepted, withoutGpu } = await page.evaluate(() => window.suggester.counters);
      assert.ok(accepted === 1 && withoutGpu >= 1, JSON.stringify({ accepted, withoutGpu }));
      const times = await page.evaluate(() => window.times.map(Math.round));
      t.diagnostic(`ms to the first token after a key: ${times.join(", ")}`);
      assert.ok(times.every((time) => time < SLOW), `${times}`);
      await page.evaluate(() => window.ghost.detach());
    });
  });
});
