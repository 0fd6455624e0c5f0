// What pages written for WebLLM call, with a worker that is played.
import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { PlayedWorker, built, failureOf, playBrowser } from "./played-worker.mjs";

const { WgslmError } = await import(built("index.js"));
const { CreateMLCEngine, CreateWebWorkerMLCEngine, MLCEngine } = await import(built("web-llm.js"));

const MESSAGES = [{ role: "user", content: "Hello" }];
const SUMMARY = {
  finishReason: "stop",
  promptTokens: 3,
  cachedTokens: 0,
  tokens: 2,
  draftedTokens: 0,
  acceptedTokens: 0,
  timings: { ttftMs: 1, prefillTokensPerSecond: 200, decodeTokensPerSecond: 30 },
};
const plain = PlayedWorker.prototype.answer;
const asked = (method) =>
  PlayedWorker.started.flatMap(({ messages }) => messages).findLast((message) => message.method === method).params;

describe("WebLLM's engine", () => {
  beforeEach(() => {
    playBrowser();
    PlayedWorker.prototype.answer = function (data) {
      if (data.method !== "chat") return plain.call(this, data);
      this.say({ id: data.id, event: { index: 0, deltas: [{ content: "Hi" }], logprobs: [] } });
      const message = { role: "assistant", content: "Hi" };
      if (!data.params.conversation.messages[0].content.includes("long"))
        this.say({ id: data.id, result: [{ message, finishReason: "stop", unfinishedCall: false, summary: SUMMARY }] });
    };
  });

  test("loads a model by its name or its address, and reports progress", async () => {
    const reports = [];
    const appConfig = { model_list: [{ model_id: "tiny", model: "https://models.example/tiny.gguf" }] };
    await CreateMLCEngine("tiny", { appConfig, initProgressCallback: (report) => reports.push(report) }, { context_window_size: 512 });
    assert.deepEqual([asked("load").source, asked("load").options], ["https://models.example/tiny.gguf", { contextLength: 512 }]);
    assert.equal(reports.at(-1).progress, 1);
    let ended = false;
    await CreateWebWorkerMLCEngine({ terminate: () => (ended = true) }, "https://models.example/other.gguf");
    assert.deepEqual([asked("load").source, ended], ["https://models.example/other.gguf", true]);
  });

  test("answers whole and in pieces, remembers the last answer, and takes a model's defaults", async () => {
    const engine = await CreateMLCEngine("https://models.example/tiny.gguf", {}, { temperature: 0.25 });
    const reply = await engine.chat.completions.create({ messages: MESSAGES });
    assert.equal(reply.choices[0].message.content, "Hi");
    assert.equal(asked("chat").options.temperature, 0.25);
    const chunks = await engine.chat.completions.create({ messages: MESSAGES, stream: true, stream_options: { include_usage: true } });
    let text = "";
    let usage;
    for await (const chunk of chunks) {
      text += chunk.choices[0]?.delta.content ?? "";
      usage = chunk.usage ?? usage;
    }
    assert.deepEqual([text, usage.total_tokens, await engine.getMessage()], ["Hi", 5, "Hi"]);
    assert.match(await engine.runtimeStatsText(), /^prefill: 200\.0000 tokens\/sec, decoding: 30\.0000 tokens\/sec$/);
    await engine.resetChat();
    assert.equal(await engine.getMessage(), "");
  });

  test("interruptGenerate ends what is under way", async () => {
    const engine = await CreateMLCEngine("https://models.example/tiny.gguf");
    const chunks = await engine.chat.completions.create({ messages: [{ role: "user", content: "a long one" }], stream: true });
    await chunks.next();
    const worker = PlayedWorker.started.at(-1);
    const { id } = worker.messages.at(-1);
    engine.interruptGenerate();
    assert.deepEqual(worker.messages.at(-1), { abort: id });
  });

  test("without a model it says what to do", async () => {
    const { code, message } = await failureOf(new MLCEngine().chat.completions.create({ messages: MESSAGES }), WgslmError);
    assert.deepEqual([code, message], ["unloaded", "no model is loaded; call reload before"]);
    const engine = await CreateMLCEngine("https://models.example/tiny.gguf");
    await engine.unload();
    assert.equal((await failureOf(engine.chat.completions.create({ messages: MESSAGES }), WgslmError)).code, "unloaded");
  });
});
