// LangChain's real package on an engine whose worker is played.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { beforeEach, describe, test } from "node:test";
import { PlayedWorker, built, playBrowser } from "./played-worker.mjs";

const { Engine } = await import(built("index.js"));
const { ChatWgslm } = await import(built("langchain.js"));
// The one that the package has found.
const { resolve } = createRequire(built("langchain.js"));
const { tool } = await import(resolve("@langchain/core/tools"));
const { HumanMessage, ToolMessage } = await import(resolve("@langchain/core/messages"));
const { ChatPromptTemplate } = await import(resolve("@langchain/core/prompts"));
const { StringOutputParser } = await import(resolve("@langchain/core/output_parsers"));
const { z } = await import(resolve("zod"));

const SUMMARY = { finishReason: "stop", promptTokens: 7, cachedTokens: 3, tokens: 2, timings: {} };
const CALL = { id: "call-1", type: "function", function: { name: "weather", arguments: '{"city":"Oslo"}' } };
const weather = tool(async ({ city }) => `rain in ${city}`, {
  name: "weather",
  description: "Tells the weather.",
  schema: z.object({ city: z.string() }),
});

describe("LangChain", () => {
  let model;
  /** The pieces of the next answer, and its message. */
  let deltas;
  let message;
  let asked;

  beforeEach(async () => {
    playBrowser();
    const plain = PlayedWorker.prototype.answer;
    PlayedWorker.prototype.answer = function (data) {
      if (data.method !== "chat") return plain.call(this, data);
      asked = data.params;
      this.say({ id: data.id, event: { index: 0, deltas, logprobs: [] } });
      const finishReason = message.tool_calls ? "tool_calls" : "stop";
      this.say({ id: data.id, result: [{ message, finishReason, unfinishedCall: false, summary: SUMMARY }] });
    };
    deltas = [{ reasoning_content: "Hm." }, { content: "Hi" }, { content: " there" }];
    message = { role: "assistant", reasoning_content: "Hm.", content: "Hi there" };
    const engine = await Engine.load("https://models.example/tiny.gguf");
    model = new ChatWgslm({ engine, options: { temperature: 0.5 } });
  });

  test("answers, with usage and reasoning", async () => {
    const answer = await model.invoke([["system", "Be brief."], ["human", "Hello"]], { stop: ["."] });
    assert.equal(answer.text, "Hi there");
    assert.deepEqual(answer.usage_metadata, { input_tokens: 7, output_tokens: 2, total_tokens: 9, input_token_details: { cache_read: 3 } });
    assert.equal(answer.additional_kwargs.reasoning_content, "Hm.");
    assert.equal(answer.response_metadata.finish_reason, "stop");
    assert.deepEqual(asked.conversation.messages, [{ role: "system", content: "Be brief." }, { role: "user", content: "Hello" }]);
    assert.deepEqual(asked.options, { temperature: 0.5, stop: ["."] });
  });

  test("streams through a chain", async () => {
    const chain = ChatPromptTemplate.fromMessages([["human", "Greet {name}."]]).pipe(model).pipe(new StringOutputParser());
    const pieces = [];
    for await (const piece of await chain.stream({ name: "Ada" })) pieces.push(piece);
    assert.equal(pieces.join(""), "Hi there");
    assert.ok(pieces.filter(Boolean).length === 2, JSON.stringify(pieces));
    assert.equal(asked.conversation.messages[0].content, "Greet Ada.");
  });

  test("calls tools, whole and in pieces, and reads their results", async () => {
    message = { role: "assistant", content: null, tool_calls: [CALL] };
    deltas = [
      { tool_calls: [{ index: 0, id: "call-1", type: "function", function: { name: "weather", arguments: "" } }] },
      { tool_calls: [{ index: 0, function: { arguments: '{"city":' } }] },
      { tool_calls: [{ index: 0, function: { arguments: '"Oslo"}' } }] },
    ];
    const able = model.bindTools([weather], { tool_choice: "any" });
    const answer = await able.invoke("How is the weather in Oslo?");
    assert.deepEqual([asked.conversation.tool_choice, asked.conversation.tools[0].function.name], ["required", "weather"]);
    assert.equal(asked.conversation.tools[0].function.parameters.properties.city.type, "string");
    let streamed;
    for await (const chunk of await able.stream("How is the weather in Oslo?")) streamed = streamed ? streamed.concat(chunk) : chunk;
    for (const calls of [answer.tool_calls, streamed.tool_calls]) {
      assert.deepEqual(calls.map(({ name, args, id }) => ({ name, args, id })), [{ name: "weather", args: { city: "Oslo" }, id: "call-1" }]);
    }
    assert.equal(streamed.usage_metadata.total_tokens, 9);

    const result = await weather.invoke(answer.tool_calls[0]);
    assert.ok(result instanceof ToolMessage);
    await able.invoke([new HumanMessage("How is the weather in Oslo?"), answer, result]);
    assert.deepEqual(asked.conversation.messages.slice(1), [
      { role: "assistant", content: null, tool_calls: [CALL] },
      { role: "tool", content: "rain in Oslo", name: "weather", tool_call_id: "call-1" },
    ]);

    message = { role: "assistant", content: null, tool_calls: [{ ...CALL, function: { name: "weather", arguments: '{"city":' } }] };
    const cut = await able.invoke("How is the weather in Oslo?");
    assert.deepEqual([cut.tool_calls.length, cut.invalid_tool_calls[0].args], [0, '{"city":']);
  });

  test("structured output follows its schema, and comes parsed", async () => {
    message = { role: "assistant", content: '{"legs":4}' };
    deltas = [{ content: message.content }];
    const structured = model.withStructuredOutput(z.object({ legs: z.number() }));
    assert.deepEqual(await structured.invoke("How many legs has a cat?"), { legs: 4 });
    const { type, schema } = asked.grammar;
    assert.deepEqual([type, JSON.parse(schema).properties.legs.type, asked.conversation.enable_thinking], ["json-schema", "number", false]);
    const raw = model.withStructuredOutput({ type: "object" }, { includeRaw: true });
    const { raw: answer, parsed } = await raw.invoke("How many legs has a cat?");
    assert.deepEqual([answer.text, parsed], ['{"legs":4}', { legs: 4 }]);
  });

  test("an abort reaches the engine, and what can't be sent is refused by its kind", async () => {
    const signal = AbortSignal.abort();
    await assert.rejects(model.invoke("Hello", { signal }), { name: "AbortError" });
    await model.invoke([new HumanMessage({ content: [{ type: "text", text: "What is this?" }, { type: "image_url", image_url: "data:," }] })]);
    assert.deepEqual(asked.conversation.messages[0].content, [{ type: "text", text: "What is this?" }, { type: "image_url" }]);
  });
});
