// The AI SDK with its providers for OpenAI's API and for servers that speak it.
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { APICallError, Output, embedMany, generateText, isStepCount, jsonSchema, streamText, tool } from "ai";
import { serve } from "./program.mjs";

const SIDES = jsonSchema({ type: "object", properties: { sides: { enum: [6, 20] } }, required: ["sides"], additionalProperties: false });
/** More than an answer in the form or a call needs. */
const ROOM = 400;

const server = await serve();
after(() => server.stop());
const baseURL = `${server.url}/v1`;
const openai = createOpenAI({ baseURL, apiKey: "none" });
const compatible = createOpenAICompatible({
  name: "wgslm",
  baseURL,
  supportsStructuredOutputs: true,
  includeUsage: true,
  // The model has no sense, and would reason without end: without the letter h it can't begin to think.
  transformRequestBody: (body) => ({ ...body, logit_bias: { 104: -100 }, parallel_tool_calls: false }),
});

for (const [name, model] of [
  ["openai's chats", openai.chat("chat")],
  ["openai's responses", openai.responses("chat")],
  ["openai-compatible", compatible.chatModel("chat")],
])
  describe(name, () => {
    test("streamText gives generateText's text in pieces", async () => {
      const options = { model, prompt: "Hello", maxOutputTokens: 8, temperature: 0 };
      const whole = await generateText(options);
      const stream = streamText(options);
      const pieces = [];
      for await (const piece of stream.textStream) pieces.push(piece);
      assert.equal(pieces.join(""), whole.text);
      assert.equal((await stream.usage).outputTokens, whole.usage.outputTokens);
      assert.equal(await stream.finishReason, whole.finishReason);
    });

    test("an output follows its schema", async () => {
      const { output } = await generateText({ model, prompt: "Roll!", maxOutputTokens: ROOM, temperature: 0, output: Output.object({ schema: SIDES }) });
      assert.ok([6, 20].includes(output.sides));
    });
  });

test("tools are called, and their results go back", async () => {
  const roll = tool({ inputSchema: SIDES, execute: async ({ sides }) => ({ rolled: sides }) });
  const model = compatible.chatModel("chat");
  const { steps } = await generateText({ model, prompt: "Roll!", tools: { roll }, toolChoice: "required", maxOutputTokens: ROOM, temperature: 0, stopWhen: isStepCount(2) });
  assert.equal(steps.length, 2);
  assert.ok(steps[0].toolCalls.length > 0);
  assert.deepEqual(steps[0].toolResults.map(({ output }) => output), steps[0].toolCalls.map(({ input }) => ({ rolled: input.sides })));
});

test("embedMany embeds", async () => {
  const { embeddings, usage } = await embedMany({ model: openai.embedding("embed"), values: ["the quick fox", "a dog"] });
  assert.equal(embeddings.length, 2);
  assert.ok(usage.tokens > 0);
});

test("an error has its status and the server's message", async () => {
  const failed = generateText({ model: openai.chat("other"), prompt: "a", maxRetries: 0 });
  await assert.rejects(failed, (error) => APICallError.isInstance(error) && error.statusCode === 404 && error.message.includes("other"));
});
