// Requests and responses in OpenAI's shape, without a browser: what the worker is asked, and what becomes of its answers.
import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { PlayedWorker, built, failureOf, playBrowser } from "./played-worker.mjs";

const { Engine, WgslmError } = await import(built("index.js"));
const failure = (promise) => failureOf(promise, WgslmError);

const MESSAGES = [{ role: "user", content: "Hello" }];
const SUMMARY = {
  finishReason: "stop",
  promptTokens: 9,
  cachedTokens: 4,
  tokens: 5,
  draftedTokens: 3,
  acceptedTokens: 2,
  timings: { ttftMs: 1, prefillTokensPerSecond: 2, decodeTokensPerSecond: 3 },
  timeline: {},
};

/** Plays a worker that answers `method` with these events and this result. */
function playing(method, events, result) {
  PlayedWorker.prototype.answer = function (data) {
    if (data.method !== method) return plain.call(this, data);
    for (const event of events) this.say({ id: data.id, event });
    this.say({ id: data.id, result });
  };
}
const plain = PlayedWorker.prototype.answer;

/** The parameters of the last call of a method. */
const asked = (method) =>
  PlayedWorker.started
    .flatMap(({ messages }) => messages)
    .findLast((message) => message.method === method).params;

describe("the shape of OpenAI's API", () => {
  let engine;
  beforeEach(async () => {
    playBrowser();
    PlayedWorker.prototype.answer = plain;
    PlayedWorker.answers.load = { name: "played", architecture: "llama", width: 4 };
    engine = await Engine.load(new Blob([]));
  });

  const end = (message, finishReason = "stop") => ({ message, finishReason, unfinishedCall: false, summary: SUMMARY });

  test("fields become the engine's options", async () => {
    playing("chat", [], [end({ role: "assistant", content: "" })]);
    const ask = async (fields) => {
      await engine.chat.completions.create({ messages: MESSAGES, ...fields });
      return asked("chat");
    };
    const { options, answers, conversation, grammar } = await ask({
      model: "any",
      temperature: 0.5,
      top_p: 0.9,
      top_k: 40,
      min_p: 0.1,
      seed: -1,
      stop: "END",
      n: 3,
      max_tokens: 5,
      max_completion_tokens: 7,
      frequency_penalty: 0.25,
      presence_penalty: null,
      logit_bias: { 5: -100, 6: 2 },
      logprobs: true,
      top_logprobs: 2,
      user: "accepted",
    });
    assert.deepEqual(options, {
      temperature: 0.5,
      seed: 2 ** 53 - 1,
      topP: 0.9,
      topK: 40,
      minP: 0.1,
      maxTokens: 7,
      logprobs: 2,
      stop: ["END"],
      frequencyPenalty: 0.25,
      penaltyLastN: 2048,
      logitBias: [
        [5, -Infinity],
        [6, 2],
      ],
    });
    assert.deepEqual([answers, conversation, grammar], [3, { messages: MESSAGES }, undefined]);

    const first = await ask({});
    assert.deepEqual([first.options.temperature, first.answers], [1, 1]);
    assert.notEqual(first.options.seed, (await ask({})).options.seed, "two requests have the same seed");

    const schema = { type: "object" };
    const formats = [
      [{ type: "text" }, undefined],
      [{ type: "json_object" }, { type: "json-object" }],
      [{ type: "json_schema", json_schema: { name: "a", schema } }, { type: "json-schema", schema: JSON.stringify(schema) }],
    ];
    for (const [response_format, expected] of formats) {
      const params = await ask({ response_format });
      assert.deepEqual(params.grammar, expected);
      assert.equal(params.conversation.enable_thinking, expected && false, "reasoning can't follow the schema");
    }
    const developer = { role: "developer", content: "Be brief." };
    assert.deepEqual((await ask({ messages: [developer, ...MESSAGES] })).conversation.messages, [{ ...developer, role: "system" }, ...MESSAGES]);
    const tools = [{ type: "function", function: { name: "a" } }];
    const own = { tools, tool_choice: "required", parallel_tool_calls: false, reasoning_effort: "low", documents: [{}] };
    assert.deepEqual((await ask({ ...own, chat_template_kwargs: { date: "today" } })).conversation, {
      messages: MESSAGES,
      ...own,
      chat_template_kwargs: { date: "today" },
    });
  });

  test("fields of another kind are refused with what they should be, before a worker is asked", async () => {
    const create = (fields) => () => engine.chat.completions.create({ messages: MESSAGES, ...fields });
    const before = PlayedWorker.started.flatMap(({ messages }) => messages).length;
    for (const [call, message] of [
      [() => engine.chat.completions.create(), /^the request is undefined; give an object$/],
      [create({ messages: "Hello" }), /^messages is a string; it should be an array$/],
      [create({ messages: undefined }), /conversation is/],
      [create({ messages: [{ role: "user" }] }), /messages/],
      [create({ temperature: "hot" }), /^temperature is a string; it should be a number$/],
      [create({ n: 0 }), /^n is 0; it should be a whole number from 1 to 128$/],
      [create({ stop: [1] }), /^stop is an array; it should be a string or an array of strings$/],
      [create({ stream: "yes" }), /^stream is a string; it should be true or false$/],
      [create({ logit_bias: { word: 1 } }), /^logit_bias is an object; it should be an object with numbers by the ids/],
      [create({ top_logprobs: 2 }), /^top_logprobs needs logprobs: true$/],
      [create({ tool_choice: "maybe" }), /^tool_choice is a string; it should be "auto"/],
      [create({ response_format: { type: "xml" } }), /^response_format\.type is "xml"; it should be "text"/],
      [create({ response_format: { type: "json_schema" } }), /^response_format\.json_schema\.schema is undefined/],
      [create({ grammar: { regexp: "a" } }), /^unknown grammar regexp/],
      [() => engine.completions.create({ prompt: 5 }), /^prompt is 5; it should be a string, an array of tokens/],
      [() => engine.completions.create({ prompt: [] }), /^prompt is an array/],
      [() => engine.completions.create({ prompt: "a", echo: true }), /^echo is not supported; leave it out$/],
      [() => engine.embeddings.create({ input: [["a"]] }), /^input is an array/],
      [() => engine.embeddings.create({ input: "a", dimensions: 9 }), /^dimensions is 9; it should be from 1 to 4/],
      [() => engine.embeddings.create({ input: "a", encoding_format: "hex" }), /^encoding_format is a string/],
    ]) {
      const found = await failure(call());
      assert.ok(["invalid-option", "invalid-argument"].includes(found.code) && found.typed, found.message);
      assert.match(found.message, message);
    }
    assert.equal(PlayedWorker.started.flatMap(({ messages }) => messages).length, before);
  });

  test("tool calls and reasoning are streamed in OpenAI's pieces", async () => {
    const call = { index: 0, id: "call_1", type: "function", function: { name: "roll", arguments: "" } };
    const piece = (text) => ({ tool_calls: [{ index: 0, function: { arguments: text } }] });
    const deltas = [{ reasoning_content: "hm" }, { tool_calls: [call] }, piece('{"a"'), piece(":1}"), {}];
    const message = {
      role: "assistant",
      reasoning_content: "hm",
      tool_calls: [{ id: "call_1", type: "function", function: { name: "roll", arguments: '{"a":1}' } }],
    };
    const events = deltas.map((delta) => ({ index: 0, deltas: [delta], logprobs: [] }));
    playing("chat", events, [end(message, "tool_calls")]);
    const stream = await engine.chat.completions.create({ messages: MESSAGES, stream: true });
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    assert.deepEqual(
      chunks.map(({ choices: [{ delta, finish_reason }] }) => [delta, finish_reason]),
      [[{ role: "assistant", content: "" }, null], ...deltas.slice(0, -1).map((delta) => [delta, null]), [{}, "tool_calls"]],
    );
    assert.ok(chunks.every((chunk) => !("usage" in chunk)), "nobody asked for the usage");
    const { choices, usage, object, model, id, created } = await stream.result;
    assert.deepEqual(choices, [
      { index: 0, message: { ...message, content: null, refusal: null }, logprobs: null, finish_reason: "tool_calls" },
    ]);
    assert.deepEqual(usage, {
      prompt_tokens: 9,
      completion_tokens: 5,
      total_tokens: 14,
      prompt_tokens_details: { cached_tokens: 4 },
      completion_tokens_details: { accepted_prediction_tokens: 2, rejected_prediction_tokens: 1 },
    });
    assert.deepEqual([object, model], ["chat.completion", "played"]);
    assert.match(id, /^chatcmpl-[0-9a-f]{24}$/);
    assert.ok(Math.abs(created - Date.now() / 1000) < 60);
  });

  test("embeddings come as numbers or base64, and shorter where asked", async () => {
    playing("embed", [], { embeddings: [Float32Array.of(0.5, 0.5, 0.5, 0.5), Float32Array.of(1, 0, 0, 0)], tokens: 7 });
    const whole = await engine.embeddings.create({ input: ["a", "b"], model: "mine" });
    assert.deepEqual(whole, {
      object: "list",
      data: [
        { object: "embedding", index: 0, embedding: [0.5, 0.5, 0.5, 0.5] },
        { object: "embedding", index: 1, embedding: [1, 0, 0, 0] },
      ],
      model: "mine",
      usage: { prompt_tokens: 7, total_tokens: 7 },
    });
    const short = await engine.embeddings.create({ input: "a", dimensions: 2 });
    assert.ok(Math.abs(Math.hypot(...short.data[0].embedding) - 1) < 1e-6);
    const { data } = await engine.embeddings.create({ input: [[1, 2], [3]], encoding_format: "base64" });
    assert.deepEqual([...new Float32Array(Uint8Array.from(Buffer.from(data[1].embedding, "base64")).buffer)], [1, 0, 0, 0]);
    assert.deepEqual(asked("embed").texts, [Uint32Array.of(1, 2), Uint32Array.of(3)]);
  });

  test("an answer can be awaited for its text, and a chat for its message", async () => {
    playing("generate", [{ index: 0, tokens: [{ token: 1, text: "a" }, { token: 2, text: "b" }] }], [SUMMARY]);
    assert.equal(await engine.generate("x"), "ab");
    assert.deepEqual(await engine.generateSeveral("x", 1), ["ab"]);
    const message = { role: "assistant", content: "hi" };
    playing("chat", [], [end(message)]);
    assert.deepEqual(await engine.answer(MESSAGES), message);
    assert.equal((await failure(engine.generate("x", { grammar: 5 }))).code, "invalid-option");
  });

  test("grammars are checked before a worker is asked", async () => {
    const circular = {};
    circular.self = circular;
    for (const [grammar, message] of [
      ["json", /^grammar is a string; it should be one of/],
      [{}, /^grammar is empty/],
      [{ json: true, regex: "a" }, /^grammar has json and regex/],
      [{ json: false }, /^grammar\.json is false/],
      [{ jsonSchema: "{}" }, /^grammar\.jsonSchema is a string/],
      [{ jsonSchema: circular }, /^grammar\.jsonSchema is no JSON/],
      [{ choice: "a" }, /^grammar\.choice is a string/],
      [{ lark: 5 }, /^grammar\.lark is 5/],
      [{ regex: "a", whitespace: "compact" }, /^grammar\.whitespace/],
      [{ json: true, whitespace: "much" }, /^grammar\.whitespace/],
    ]) {
      const found = await failure(engine.generate("a", { grammar }).result);
      assert.equal(found.code, "invalid-option");
      assert.match(found.message, message);
    }
  });

  test("`lost` tells of the next loss of the GPU, and why an engine can't be used any more", async () => {
    PlayedWorker.prototype.answer = function (data) {
      if (data.method !== "watch") plain.call(this, data);
    };
    const { lost } = engine;
    assert.equal(engine.lost, lost);
    await engine.unload();
    assert.equal((await lost).code, "unloaded");
    assert.equal((await engine.lost).code, "unloaded");
    const progress = [];
    const other = await Engine.load(new Blob([]), { onProgress: (step) => progress.push(step) });
    const worker = PlayedWorker.started.at(-1);
    const { id } = worker.messages.at(-1);
    const first = other.lost;
    worker.say({ id, event: { lost: { code: "device-lost", message: "gone" } } });
    const reason = await first;
    assert.deepEqual([reason.code, reason instanceof WgslmError], ["device-lost", true]);
    assert.equal(other.lost, first, "until it is back");
    worker.say({ id, event: { progress: { phase: "loading", loadedBytes: 1, cachedBytes: 0, recovering: true } } });
    worker.say({ id, event: { recovered: true } });
    assert.deepEqual(progress, [{ phase: "loading", loadedBytes: 1, cachedBytes: 0, recovering: true }]);
    const second = other.lost;
    assert.notEqual(second, first);
    worker.say({ fatal: { code: "wasm-trap", message: "stopped" } });
    assert.equal((await second).code, "wasm-trap");
  });
});
