// The browser's Prompt API on an engine, with a worker that is played: a model whose tokens are words and which repeats what it is asked.
import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { PlayedWorker, built, playBrowser } from "./played-worker.mjs";

const { Engine } = await import(built("index.js"));
const { LanguageModel, LanguageModelToolCall, LanguageModelToolSuccess, promptApi } = await import(built("prompt-api.js"));

const CONTEXT = 30;
const SUMMARY = { finishReason: "stop", promptTokens: 3, cachedTokens: 0, tokens: 2, timings: {} };
const MODEL = "https://models.example/tiny.gguf";
const SYSTEM = { role: "system", content: "be brief" };

const words = (content) => (content ?? "").split(" ").filter(Boolean).length;
/** A message costs a token, and so does the beginning of an answer. */
const count = ({ messages, add_generation_prompt = true }) =>
  messages.reduce((sum, { content }) => sum + 1 + words(content), add_generation_prompt ? 1 : 0);

/** The conversations that were answered, and those that sessions were set to. */
let asked;
let set;
/** Answers that don't end by themselves. */
let isSlow;

PlayedWorker.prototype.answer = function ({ id, method, params }) {
  if (!this.messages.some((message) => message.wasm)) this.say({ wasm: new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0)) });
  const results = {
    load: () => ({ name: "played", contextLength: CONTEXT }),
    support: () => ({ adapter: {} }),
    countTokens: () => count(params.prompt),
    tokenize: () => Uint32Array.from(params.text.split(" "), (_, index) => index),
    changeSession: () => (params.change.set && set.push(params.change.set.messages), null),
    generateInSession: () => {
      this.say({ id, event: { index: 0, tokens: [{ token: 1, text: " and on" }] } });
      return [SUMMARY];
    },
    chat: () => {
      const { conversation } = params;
      asked.push(params);
      const { role, content } = conversation.messages.at(-1);
      if (conversation.tools && role === "user") {
        const call = { id: "call-1", type: "function", function: { name: "weather", arguments: '{"city":"Oslo"}' } };
        return [{ message: { role: "assistant", content: null, tool_calls: [call] }, finishReason: "tool_calls", unfinishedCall: false, summary: SUMMARY }];
      }
      const message = { role: "assistant", content: `heard ${content}` };
      this.say({ id, event: { index: 0, deltas: [{ content: "heard " }, { content }], logprobs: [] } });
      return [{ message, finishReason: "stop", unfinishedCall: false, summary: SUMMARY }];
    },
    lost: () => undefined,
  };
  const result = (results[method] ?? (() => null))();
  if (result !== undefined && !(isSlow && method === "chat")) this.say({ id, result });
};

/** The name of the exception that a promise rejects with. */
const nameOf = (promise) => promise.then(() => "none", (error) => error.name);

describe("the Prompt API", () => {
  let api;

  beforeEach(() => {
    playBrowser();
    [asked, set, isSlow] = [[], [], false];
    api = promptApi(MODEL);
  });

  test("says what is there, and monitors a load that sessions share", async () => {
    assert.equal(await api.availability(), "downloadable");
    assert.equal(await api.availability({ expectedInputs: [{ type: "image" }] }), "unavailable");
    const seen = [];
    const monitor = (target) => target.addEventListener("downloadprogress", ({ loaded, total }) => seen.push([loaded, total]));
    const [one, other] = await Promise.all([api.create({ monitor }), api.create()]);
    assert.deepEqual([seen.at(0), seen.at(-1)], [[0, 1], [1, 1]]);
    assert.ok(one instanceof LanguageModel && other instanceof LanguageModel);
    assert.equal(await api.availability(), "available");
    assert.equal(PlayedWorker.started.flatMap(({ methods }) => methods).filter((method) => method === "load").length, 1);
    const engine = await Engine.load(MODEL);
    assert.equal(await promptApi(engine).availability(), "available");
    assert.deepEqual(await api.params(), { defaultTopK: 40, maxTopK: 1000, defaultTemperature: 0.7, maxTemperature: 2 });
  });

  test("keeps a conversation, whose tokens it counts", async () => {
    const session = await api.create({ initialPrompts: [SYSTEM], temperature: 0 });
    assert.deepEqual([session.contextUsage, session.contextWindow], [3, CONTEXT]);
    assert.equal(await session.measureContextUsage("hello you"), 4);
    assert.equal(await session.prompt("hello you"), "heard hello you");
    assert.equal(session.contextUsage, 3 + 3 + 4);
    await session.append([{ role: "user", content: [{ type: "text", value: "and" }, { type: "text", value: " you" }] }]);
    assert.equal(await session.prompt("there"), "heard there");
    assert.deepEqual(
      asked.at(-1).conversation.messages.map(({ content }) => content),
      ["be brief", "hello you", "heard hello you", "and you", "there"],
    );
    // What was computed for them is held.
    assert.equal(set.at(-1).length, 6);
  });

  test("streams the pieces", async () => {
    const session = await api.create();
    const pieces = [];
    for await (const piece of session.promptStreaming("hello")) pieces.push(piece);
    assert.deepEqual(pieces, ["heard ", "hello"]);
  });

  test("clones go their own way", async () => {
    const session = await api.create();
    await session.prompt("one");
    const clone = await session.clone();
    await clone.prompt("two");
    assert.equal(clone.contextUsage, 2 * session.contextUsage);
    await session.prompt("three");
    assert.ok(!JSON.stringify(asked.at(-1)).includes("two"));
  });

  test("drops the oldest prompts once the context is full, and never the initial ones", async () => {
    const session = await api.create({ initialPrompts: [SYSTEM] });
    let overflows = 0;
    session.oncontextoverflow = function (event) {
      assert.equal(this, event.target);
      overflows += 1;
    };
    for (const prompt of ["one a b c", "two a b c", "three a b c"]) await session.prompt(prompt);
    assert.equal(overflows, 1);
    assert.deepEqual(
      asked.at(-1).conversation.messages.map(({ content }) => content),
      ["be brief", "two a b c", "heard two a b c", "three a b c"],
    );
    const usage = session.contextUsage;
    const error = await session.prompt("word ".repeat(CONTEXT)).catch((thrown) => thrown);
    assert.deepEqual([error.name, error.quota, error.requested > CONTEXT], ["QuotaExceededError", CONTEXT, true]);
    assert.equal(session.contextUsage, usage);
    assert.equal(await nameOf(api.create({ initialPrompts: [{ role: "user", content: "word ".repeat(CONTEXT) }] })), "QuotaExceededError");
  });

  test("an abort takes the prompt back, also one that waits, and a destroyed session stays so", async () => {
    const session = await api.create();
    isSlow = true;
    const controllers = [new AbortController(), new AbortController()];
    const prompts = controllers.map(({ signal }) => nameOf(session.prompt("hello", { signal })));
    controllers[1].abort();
    assert.equal(await prompts[1], "AbortError");
    controllers[0].abort(new DOMException("enough", "TimeoutError"));
    assert.equal(await prompts[0], "TimeoutError");
    isSlow = false;
    assert.equal(await session.prompt("again"), "heard again");
    assert.equal(asked.at(-1).conversation.messages.length, 1);
    isSlow = true;
    const running = nameOf(session.prompt("hello"));
    const stream = session.promptStreaming("hello").getReader().read();
    session.destroy();
    assert.deepEqual([await running, await nameOf(stream), await nameOf(session.prompt("x"))], Array(3).fill("AbortError"));
    assert.equal(await nameOf(api.create({ signal: AbortSignal.abort() })), "AbortError");
  });

  test("constraints become grammars", async () => {
    const session = await api.create();
    const schema = { type: "object", properties: { rating: { type: "integer" } } };
    await session.prompt("rate", { responseConstraint: schema });
    assert.deepEqual(asked.at(-1).grammar, { type: "json-schema", schema: JSON.stringify(schema) });
    assert.equal(asked.at(-1).conversation.enable_thinking, false);
    for (const [expression, pattern] of [[/^[a-z]+@[a-z]+$/i, "(?i)[a-z]+@[a-z]+"], [/a\/b\$/, "a\\/b\\$"], [/\\$/, "\\\\"]]) {
      await session.prompt("match", { responseConstraint: expression });
      assert.deepEqual(asked.at(-1).grammar, { type: "regex", pattern });
    }
    assert.equal(await nameOf(session.prompt("x", { responseConstraint: "no" })), "TypeError");
    assert.equal(await nameOf(session.prompt("x", { omitResponseConstraintInput: true })), "TypeError");
  });

  test("an answer goes on from its prefix", async () => {
    const session = await api.create();
    const prefix = { role: "assistant", content: "It goes on", prefix: true };
    assert.equal(await session.prompt([{ role: "user", content: "tell" }, prefix]), " and on");
    assert.equal(set.at(-1).at(-1).content, "It goes on and on");
  });

  test("runs tools by itself, or leaves them to its caller", async () => {
    const tool = { name: "weather", description: "Tells the weather.", inputSchema: { type: "object" } };
    const session = await api.create({ tools: [{ ...tool, execute: async ({ city }) => `rain in ${city}` }] });
    assert.equal(await session.prompt("weather"), "heard rain in Oslo");
    const failing = await api.create({ tools: [{ ...tool, execute: () => Promise.reject(new Error("no network")) }] });
    assert.equal(await failing.prompt("weather"), 'heard {"error":"Error: no network"}');

    const open = await api.create({ tools: [tool], expectedInputs: [{ type: "tool-response" }], expectedOutputs: [{ type: "tool-call" }] });
    const [{ type, value: call }] = await open.prompt("weather");
    assert.deepEqual([type, call.name, call.arguments], ["tool-call", "weather", { city: "Oslo" }]);
    assert.ok(call instanceof LanguageModelToolCall);
    const value = new LanguageModelToolSuccess({ callId: call.callId, name: call.name, result: [{ type: "object", value: { sun: true } }] });
    assert.equal(await open.prompt([{ role: "user", content: [{ type: "tool-response", value }] }]), 'heard {"sun":true}');
    assert.deepEqual(asked.at(-1).conversation.messages.map(({ role }) => role), ["user", "assistant", "tool"]);
  });

  test("what is wrong has the browser's exceptions", async () => {
    const session = await api.create({ initialPrompts: [SYSTEM] });
    const user = { role: "user", content: "x" };
    const failures = {
      TypeError: [
        [SYSTEM],
        [{ role: "tool", content: "x" }],
        [{ role: "user" }],
        [{ role: "user", content: [{ type: "text", value: 1 }] }],
        [{ role: "user", content: [{ type: "tool-call", value: {} }] }],
      ],
      SyntaxError: [[{ ...user, prefix: true }], [{ role: "assistant", content: "x", prefix: true }, user]],
      NotSupportedError: [[{ role: "user", content: [{ type: "image", value: new Blob([]) }] }]],
    };
    for (const [name, prompts] of Object.entries(failures)) {
      for (const prompt of prompts) assert.equal(await nameOf(session.prompt(prompt)), name, JSON.stringify(prompt));
    }
    assert.equal(await nameOf(api.create({ temperature: -1 })), "RangeError");
    assert.equal(await nameOf(api.create({ samplingMode: "wild" })), "TypeError");
    assert.equal(await nameOf(api.create({ expectedInputs: [{ type: "audio" }] })), "NotSupportedError");
  });
});
