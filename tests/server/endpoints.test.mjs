// The endpoints that OpenAI's clients don't know, by fetch.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { answer, post, serve } from "./program.mjs";

let server;
before(async () => (server = await serve()));
after(() => server.stop());

test("rerank orders documents by their scores", async () => {
  const { results } = await answer(server, "/v1/rerank", { model: "rank", query: "a fox", documents: ["a dog", "the quick fox", "b"], top_n: 2 });
  assert.equal(results.length, 2);
  assert.ok(results[0].relevance_score >= results[1].relevance_score);
});

test("infill answers, whole and in pieces", async () => {
  const request = { input_prefix: "fn a() {", input_suffix: "}", n_predict: 6, temperature: 0 };
  const { content } = await answer(server, "/infill", request);
  const stream = await (await post(server, "/infill", { ...request, stream: true })).text();
  const events = [...stream.matchAll(/^data: (\{.*\})$/gm)].map(([, data]) => JSON.parse(data));
  assert.ok(events.at(-1).stop);
  assert.equal(events.map((event) => event.content).join(""), content);
});

test("a model that can't fill in is asked in vain by a wrong request, not by a wrong server", async () => {
  assert.equal((await post(server, "/infill", { model: "embed", input_prefix: "a" })).status, 400);
});

test("tokens are a text again, and a conversation is its prompt", async () => {
  const { tokens } = await answer(server, "/tokenize", { content: "Hi" });
  assert.deepEqual(await answer(server, "/detokenize", { tokens }), { content: "Hi" });
  const { prompt } = await answer(server, "/apply-template", { messages: [{ role: "user", content: "Hi" }] });
  assert.match(prompt, /<\|im_start\|>user\nHi/);
});

test("a server tells of itself", async () => {
  for (const [route, field] of [["/props", "chat_template"], ["/health", "status"], ["/ready", "models"], ["/openapi.json", "paths"], ["/v1/models", "data"]]) {
    const response = await fetch(server.url + route);
    assert.equal(response.status, 200);
    assert.ok((await response.json())[field], route);
  }
});
