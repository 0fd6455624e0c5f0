// The Vercel AI SDK itself on an engine in Chromium, with a published template on a tiny model.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { openPackage, served } from "./browser.mjs";
import { STOP_TOKEN, loadTemplated } from "./templates.mjs";

const ENCODER = "/golden/models/bert-mean.gguf";
const LIMIT = { timeout: 240_000 };

/** The SDK as one script for a page. */
async function sdk() {
  const { outputFiles } = await build({
    stdin: { contents: 'export * from "ai"', resolveDir: fileURLToPath(new URL(".", import.meta.url)) },
    bundle: true,
    format: "esm",
    platform: "browser",
    write: false,
    logLevel: "error",
    define: { "process.env.NODE_ENV": '"production"' },
  });
  return outputFiles[0].text;
}

describe("the AI SDK", () => {
  let page;

  before(async () => {
    page = await openPackage();
    const body = await sdk();
    await page.route("**/sdk.js", (route) => route.fulfill({ contentType: "text/javascript", body }));
    await page.evaluate(async () => {
      window.ai = await import("/sdk.js");
      window.adapter = await import("/wgslm/ai-sdk.js");
    });
  });

  function check(name, body) {
    test(name, LIMIT, async (t) => {
      if (!(await loadTemplated(t, page, "qwen3"))) return;
      await page.evaluate(() => (window.model = window.adapter.languageModel(window.engine)) && undefined);
      await body(t);
    });
  }

  check("generateText gives text, its end and its usage, as the engine does", async () => {
    const { text, finishReason, usage, expected } = await page.evaluate(async () => {
      const options = { model: window.model, prompt: "Hello", system: "Be kind.", maxOutputTokens: 8 };
      const { text, reasoningText, finishReason, usage } = await window.ai.generateText(options);
      const messages = [{ role: "system", content: "Be kind." }, { role: "user", content: [{ type: "text", text: "Hello" }] }];
      const { message } = await window.engine.answer(messages, { maxTokens: 8 }).result;
      return { text: text + (reasoningText ?? ""), finishReason, usage, expected: message.content + (message.reasoning_content ?? "") };
    });
    assert.equal(text, expected);
    assert.equal(finishReason, "length");
    assert.equal(usage.outputTokens, 8);
    assert.ok(usage.inputTokens > 10, `${usage.inputTokens}`);
  });

  check("streamText gives the same in pieces, and an abort ends it", async () => {
    const { pieces, text, aborted, running } = await page.evaluate(async (stop) => {
      const { ai, model, engine } = window;
      const options = { model, prompt: "Hello", maxOutputTokens: 8 };
      const stream = ai.streamText({ ...options, providerOptions: { wgslm: { suppressTokens: [stop] } } });
      const pieces = [];
      for await (const part of stream.fullStream) if (/^(text|reasoning)-delta$/.test(part.type)) pieces.push(part.text ?? part.delta);
      const controller = new AbortController();
      const long = ai.streamText({ ...options, maxOutputTokens: 1500, abortSignal: controller.signal, onError: () => undefined });
      const parts = [];
      for await (const part of long.fullStream) {
        parts.push(part.type);
        if (parts.length === 4) controller.abort();
      }
      const { text } = await ai.generateText({ ...options, providerOptions: { wgslm: { suppressTokens: [stop] } } });
      return { pieces, text, aborted: parts.length, running: (await engine.metrics()).queueDepth };
    }, STOP_TOKEN);
    assert.equal(pieces.join(""), text);
    assert.ok(pieces.length > 1);
    assert.ok(aborted < 200, `${aborted} parts after an abort`);
    assert.equal(running, 0);
  });

  check("generateObject gives what its schema allows", async () => {
    const object = await page.evaluate(async () => {
      const { ai, model } = window;
      const schema = ai.jsonSchema({
        type: "object",
        properties: { size: { enum: ["small", "large"] }, legs: { type: "integer", minimum: 1, maximum: 9 } },
        required: ["size", "legs"],
        additionalProperties: false,
      });
      const { output } = await ai.generateText({ model, prompt: "An animal.", maxOutputTokens: 300, output: ai.Output.object({ schema }) });
      return output;
    });
    assert.ok(["small", "large"].includes(object.size) && object.legs >= 1 && object.legs <= 9, JSON.stringify(object));
  });

  check("tools are called, and their results go back", async () => {
    const { calls, results, steps } = await page.evaluate(async () => {
      const { ai, model } = window;
      const roll = ai.tool({
        description: "Rolls dice.",
        inputSchema: ai.jsonSchema({
          type: "object",
          properties: { sides: { enum: [6, 20] } },
          required: ["sides"],
          additionalProperties: false,
        }),
        execute: async ({ sides }) => ({ rolled: sides }),
      });
      // Random weights may reason to the limit, for which a template like this one has room.
      for (let seed = 0; ; seed += 1) {
        const { steps } = await ai.generateText({
          model,
          prompt: "Roll!",
          tools: { roll },
          toolChoice: "required",
          temperature: 1,
          seed,
          maxOutputTokens: 120,
          stopWhen: ai.stepCountIs ? ai.stepCountIs(2) : ai.isStepCount(2),
        });
        const [first] = steps;
        if (first.toolCalls.length === 0 && seed < 20) continue;
        return {
          calls: first.toolCalls.map(({ toolName, input }) => ({ toolName, input })),
          results: first.toolResults.map(({ output }) => output),
          steps: steps.length,
        };
      }
    });
    assert.ok(calls.length > 0, "no call in 20 answers");
    for (const { toolName, input } of calls) assert.ok(toolName === "roll" && [6, 20].includes(input.sides), JSON.stringify(input));
    assert.deepEqual(results, calls.map(({ input }) => ({ rolled: input.sides })));
    assert.equal(steps, 2, "the results did not go back");
  });

  test("embedMany gives the engine's embeddings", LIMIT, async (t) => {
    if (!(await served(t, ENCODER))) return;
    const { embeddings, expected, tokens } = await page.evaluate(async (address) => {
      const engine = await window.wgslm.Engine.load(address);
      const values = ["the quick fox", "a dog"];
      const { embeddings, usage } = await window.ai.embedMany({ model: window.adapter.embeddingModel(engine), values });
      const expected = (await engine.embed(values)).map((embedding) => [...embedding]);
      await engine.unload();
      return { embeddings, expected, tokens: usage.tokens };
    }, ENCODER);
    assert.deepEqual(embeddings, expected);
    assert.ok(tokens > 0);
  });
});
