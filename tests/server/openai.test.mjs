// The official client of OpenAI's API for JavaScript.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import OpenAI from "openai";
import { ENDLESS, post, serve } from "./program.mjs";

const MESSAGES = [{ role: "user", content: "Roll!" }];
const SIDES = { type: "object", properties: { sides: { enum: [6, 20] } }, required: ["sides"], additionalProperties: false };
/** More than an answer in the form or a call needs. */
const ROOM = 400;
/** The model has no sense, and would reason without end: without the letter h it can't begin to think. */
const SENSIBLE = { temperature: 0, logit_bias: { 104: -100 }, parallel_tool_calls: false };

async function all(stream) {
  const events = [];
  for await (const event of stream) events.push(event);
  return events;
}

describe("openai", () => {
  let server;
  let client;

  before(async () => {
    server = await serve();
    client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: "none", maxRetries: 0 });
  });
  after(() => server.stop());

  test("chats, whole and in pieces", async () => {
    const request = { model: "chat", messages: MESSAGES, max_tokens: 8, temperature: 0 };
    const whole = await client.chat.completions.create(request);
    const chunks = await all(await client.chat.completions.create({ ...request, stream: true, stream_options: { include_usage: true } }));
    const text = (part) => (part?.content ?? "") + (part?.reasoning_content ?? "");
    assert.equal(chunks.map(({ choices: [choice] }) => text(choice?.delta)).join(""), text(whole.choices[0].message));
    assert.deepEqual(chunks.at(-1).usage.total_tokens, whole.usage.total_tokens);
  });

  test("answers follow a JSON Schema", async () => {
    const response_format = { type: "json_schema", json_schema: { name: "roll", strict: true, schema: SIDES } };
    const request = { model: "chat", messages: MESSAGES, max_tokens: ROOM, temperature: 0, response_format };
    const parsed = await client.chat.completions.parse(request);
    assert.ok([6, 20].includes(JSON.parse(parsed.choices[0].message.content).sides));
    const runner = client.chat.completions.stream(request);
    assert.ok([6, 20].includes(JSON.parse(await runner.finalContent()).sides));
  });

  test("tools are called, whole and in pieces", async () => {
    const tools = [{ type: "function", function: { name: "roll", parameters: SIDES } }];
    const request = { model: "chat", messages: MESSAGES, max_tokens: ROOM, tools, tool_choice: "required", ...SENSIBLE };
    const whole = await client.chat.completions.create(request);
    const streamed = await client.chat.completions.stream(request).finalChatCompletion();
    for (const { choices: [{ message, finish_reason }] } of [whole, streamed]) {
      assert.equal(finish_reason, "tool_calls");
      assert.ok(message.tool_calls.length > 0);
      for (const { function: called } of message.tool_calls) assert.ok(called.name === "roll" && [6, 20].includes(JSON.parse(called.arguments).sides));
    }
    const call = whole.choices[0].message.tool_calls[0];
    const messages = [...MESSAGES, whole.choices[0].message, { role: "tool", tool_call_id: call.id, content: "4" }];
    const next = await client.chat.completions.create({ model: "chat", messages, max_tokens: 4, tools });
    assert.ok(next.usage.prompt_tokens > whole.usage.prompt_tokens);
  });

  test("continues prompts, whole and in pieces", async () => {
    const request = { model: "chat", prompt: "once", max_tokens: 8, temperature: 0 };
    const whole = await client.completions.create(request);
    const chunks = await all(await client.completions.create({ ...request, stream: true }));
    assert.equal(chunks.map(({ choices: [choice] }) => choice.text).join(""), whole.choices[0].text);
  });

  test("embeds texts, as base64 and as numbers", async () => {
    const request = { model: "embed", input: ["the quick fox", "a dog"] };
    const [packed, numbers] = await Promise.all([client.embeddings.create(request), client.embeddings.create({ ...request, encoding_format: "float" })]);
    assert.equal(packed.data.length, 2);
    packed.data.forEach(({ embedding }, index) => assert.deepEqual([...embedding], numbers.data[index].embedding.map(Math.fround)));
  });

  test("responds, whole and in pieces, with functions and JSON Schema", async () => {
    const request = { model: "chat", input: "Roll!", max_output_tokens: 8, temperature: 0 };
    const whole = await client.responses.create(request);
    const events = await all(await client.responses.create({ ...request, stream: true }));
    const deltas = events.filter(({ type }) => type === "response.output_text.delta").map(({ delta }) => delta);
    assert.equal(deltas.join(""), whole.output_text);
    assert.match(events.at(-1).type, /^response\.(completed|incomplete)$/);
    const format = { type: "json_schema", name: "roll", schema: SIDES, strict: true };
    const formed = await client.responses.create({ ...request, max_output_tokens: ROOM, text: { format } });
    assert.ok([6, 20].includes(JSON.parse(formed.output_text).sides));
    const tools = [{ type: "function", name: "roll", parameters: SIDES, strict: true }];
    const called = await client.responses.create({ ...request, max_output_tokens: ROOM, tools, tool_choice: "required", ...SENSIBLE });
    const [call] = called.output.filter(({ type }) => type === "function_call");
    assert.ok(call.name === "roll" && [6, 20].includes(JSON.parse(call.arguments).sides));
  });

  test("lists the models", async () => {
    assert.deepEqual((await all(client.models.list())).map(({ id }) => id), ["chat", "embed", "rank"]);
    assert.equal((await client.models.retrieve("embed")).id, "embed");
  });

  test("a wrong value is a BadRequestError that names it, and a model that isn't there a NotFoundError", async () => {
    const wrong = client.chat.completions.create({ model: "chat", messages: MESSAGES, n: 0 });
    await assert.rejects(wrong, (error) => error instanceof OpenAI.BadRequestError && error.param === "n" && error.code === "invalid_value");
    for (const missing of [() => client.models.retrieve("other"), () => client.embeddings.create({ model: "other", input: "a" })])
      await assert.rejects(missing, (error) => error instanceof OpenAI.NotFoundError && error.code === "model_not_found");
  });

  test("a wrong key is an AuthenticationError", async (t) => {
    const keyed = await serve(["chat"], ["--api-keys", "sk-right"]);
    t.after(() => keyed.stop());
    const models = (apiKey) => new OpenAI({ baseURL: `${keyed.url}/v1`, apiKey, maxRetries: 0 }).models.list();
    await assert.rejects(models("sk-wrong"), (error) => error instanceof OpenAI.AuthenticationError && error.code === "invalid_api_key");
    assert.equal((await models("sk-right")).data[0].id, "chat");
  });

  test("a full queue is a RateLimitError that says when to come again, and the client comes", async (t) => {
    const small = await serve(["chat"], ["--batch-size", "1", "--queue-limit", "1"]);
    t.after(() => small.stop());
    const options = { baseURL: `${small.url}/v1`, apiKey: "none" };
    const ask = (maxRetries) => new OpenAI({ ...options, maxRetries }).completions.create({ model: "chat", prompt: "a", max_tokens: 1 });
    const long = new AbortController();
    for (let running = 0; running < 2; running += 1) await post(small, "/v1/completions", { ...ENDLESS, seed: running }, { signal: long.signal });
    await assert.rejects(ask(0), (error) => error instanceof OpenAI.RateLimitError && Number(error.headers.get("retry-after")) >= 1);
    const retried = ask(5);
    long.abort();
    assert.equal((await retried).choices.length, 1);
  });
});
