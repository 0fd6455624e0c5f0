// Chats in the browser: templates, tool calls, reasoning and OpenAI's shape, on tiny models with published templates.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { openPackage, served } from "./browser.mjs";
import { FAMILIES, STOP_TOKEN, loadTemplated } from "./templates.mjs";

const SMOLLM2 = "/models/smollm2-135m-instruct-q4_1.gguf";
const LIMIT = { timeout: 300_000 };

const TOOLS = [
  {
    type: "function",
    function: {
      name: "weather",
      description: "Tells the weather.",
      parameters: {
        type: "object",
        properties: { city: { type: "string", maxLength: 6 }, days: { type: "integer", minimum: 1, maximum: 9 } },
        required: ["city", "days"],
        additionalProperties: false,
      },
    },
  },
  {
    type: "function",
    function: {
      name: "roll",
      description: "Rolls dice.",
      parameters: { type: "object", properties: { sides: { enum: [6, 20] } }, required: ["sides"], additionalProperties: false },
    },
  },
];
const MESSAGES = [{ role: "user", content: "How is the weather in Oslo?" }];

describe("chats", () => {
  let page;

  before(async () => (page = await openPackage()));

  /** A test on a tiny model with a published template. */
  function check(name, template, body) {
    test(`${name} (${template})`, LIMIT, async (t) => {
      if (await loadTemplated(t, page, template)) await body(t);
    });
  }

  for (const template of FAMILIES) {
    check("a demanded call parses, whole and in pieces, and its result goes back", template, async () => {
      const { message, finishReason, pieces, again } = await page.evaluate(
        async ([messages, tools]) => {
          const conversation = { messages, tools, tool_choice: "required", parallel_tool_calls: false, enable_thinking: false };
          let [pieces, message, finishReason] = [];
          // A template may allow reasoning first, and random weights may never end it.
          for (let seed = 0; seed < 20 && finishReason !== "tool_calls"; seed += 1) {
            const answer = window.engine.answer(conversation, { maxTokens: 120, temperature: 1, seed });
            pieces = [];
            for await (const piece of answer) pieces.push(piece);
            ({ message, finishReason } = await answer.result);
          }
          const [call] = message.tool_calls;
          const result = { role: "tool", tool_call_id: call.id, name: call.function.name, content: "rain" };
          const again = await window.engine.applyTemplate({ messages: [...messages, message, result], tools });
          return { message, finishReason, pieces, again };
        },
        [MESSAGES, TOOLS],
      );
      assert.equal(finishReason, "tool_calls", JSON.stringify(message));
      assert.equal(message.tool_calls.length, 1);
      const [call] = message.tool_calls;
      checkCall(call);
      const streamed = pieces.flatMap(({ tool_calls }) => tool_calls ?? []);
      assert.equal(streamed[0].id, call.id);
      assert.equal(streamed[0].function.name, call.function.name);
      assert.equal(streamed.map((piece) => piece.function.arguments).join(""), call.function.arguments);
      assert.ok(streamed.length > 2, "the arguments came at once");
      assert.match(again, /rain/);
      assert.ok(again.includes(call.function.name), again);
    });
  }

  check("the tool that tool_choice names is the one that is called", "qwen3", async () => {
    const completion = await page.evaluate(
      async ([messages, tools]) => {
        const tool_choice = { type: "function", function: { name: "roll" } };
        for (let seed = 0; ; seed += 1) {
          const fields = { messages, tools, tool_choice, max_tokens: 120, seed, enable_thinking: false };
          const completion = await window.engine.chat.completions.create(fields);
          if (completion.choices[0].finish_reason === "tool_calls" || seed === 20) return completion;
        }
      },
      [MESSAGES, TOOLS],
    );
    const [{ message, finish_reason }] = completion.choices;
    assert.deepEqual([finish_reason, message.content], ["tool_calls", null]);
    for (const { function: called } of message.tool_calls) {
      assert.equal(called.name, "roll");
      assert.ok([6, 20].includes(JSON.parse(called.arguments).sides));
    }
  });

  check("a stream has OpenAI's pieces, which make the whole response", "qwen3", async () => {
    const { chunks, whole } = await page.evaluate(
      async ([messages, stop]) => {
        const stream = await window.engine.chat.completions.create({
          messages,
          stream: true,
          stream_options: { include_usage: true },
          max_completion_tokens: 12,
          n: 2,
          seed: 7,
          logit_bias: { [stop]: -100 },
          logprobs: true,
          top_logprobs: 3,
          enable_thinking: false,
          unknown_field: "is accepted",
        });
        const chunks = [];
        for await (const chunk of stream) chunks.push(chunk);
        return { chunks, whole: await stream.result };
      },
      [MESSAGES, STOP_TOKEN],
    );
    const last = chunks.at(-1);
    assert.deepEqual([last.choices, last.usage], [[], whole.usage]);
    assert.equal(whole.usage.completion_tokens, 24);
    assert.equal(whole.usage.total_tokens, whole.usage.prompt_tokens + 24);
    assert.ok(whole.timings.ttftMs > 0);
    assert.equal(new Set(chunks.map(({ id, object, created, model }) => JSON.stringify([id, object, created, model]))).size, 1);
    assert.deepEqual([last.id, last.object], [whole.id, "chat.completion.chunk"]);
    assert.notDeepEqual(whole.choices[0].message, whole.choices[1].message, "the second answer has another seed");
    for (const index of [0, 1]) {
      const own = chunks.flatMap(({ choices }) => choices).filter((choice) => choice.index === index);
      assert.deepEqual(own[0].delta, { role: "assistant", content: "" });
      assert.deepEqual(own.map((choice) => choice.finish_reason).filter(Boolean), ["length"]);
      const { message, logprobs, finish_reason } = whole.choices[index];
      const joined = (field) => own.map(({ delta }) => delta[field] ?? "").join("");
      assert.equal(joined("content"), message.content ?? "");
      assert.equal(joined("reasoning_content"), message.reasoning_content ?? "");
      assert.equal(finish_reason, "length");
      assert.equal(logprobs.content.length, 12);
      assert.deepEqual(own.flatMap((choice) => choice.logprobs?.content ?? []), logprobs.content);
      for (const { token, logprob, bytes, top_logprobs } of logprobs.content) {
        assert.ok(logprob <= 0 && top_logprobs.length === 3 && typeof token === "string", token);
        assert.ok(bytes === null || new TextDecoder().decode(Uint8Array.from(bytes)) === token);
      }
    }
  });

  check("a response in JSON follows its schema, in the content and not in the reasoning", "qwen3", async () => {
    const completion = await page.evaluate(
      (messages) =>
        window.engine.chat.completions.create({
          messages,
          max_tokens: 200,
          seed: 5,
          response_format: {
            type: "json_schema",
            json_schema: {
              name: "answer",
              strict: true,
              schema: {
                type: "object",
                properties: { rain: { type: "boolean" }, wind: { enum: ["weak", "strong"] } },
                required: ["rain", "wind"],
                additionalProperties: false,
              },
            },
          },
        }),
      MESSAGES,
    );
    const [{ message, finish_reason }] = completion.choices;
    assert.equal(finish_reason, "stop", JSON.stringify(message));
    const { rain, wind } = JSON.parse(message.content);
    assert.ok(typeof rain === "boolean" && ["weak", "strong"].includes(wind), message.content);
    assert.equal(message.reasoning_content, undefined);
  });

  check("messages may have parts, tools and documents; what can't be is refused with a code", "qwen3", async () => {
    const { parts, plain, tokens, counted, codes } = await page.evaluate(
      async ([messages, tools]) => {
        const { engine, failure } = window;
        const text = messages[0].content;
        const parts = [{ role: "user", content: [{ type: "text", text }] }];
        const image = [{ role: "user", content: [{ type: "image_url", image_url: { url: "data:," } }] }];
        const badCall = { id: "1", type: "function", function: { name: "weather", arguments: "{" } };
        const create = (fields) => failure(engine.chat.completions.create({ messages, max_tokens: 1, ...fields }));
        const failures = [
          await create({ messages: image }),
          await create({ tools, tool_choice: { type: "function", function: { name: "other" } } }),
          await create({ tool_choice: "required" }),
          await create({ tools: [{ type: "function", function: {} }] }),
          await create({ messages: [...messages, { role: "assistant", tool_calls: [badCall] }] }),
          await create({ tools, tool_choice: { name: 5 } }),
        ];
        const plain = await engine.applyTemplate(messages);
        return {
          parts: await engine.applyTemplate(parts),
          plain,
          tokens: await engine.countTokens({ messages, tools }),
          counted: await engine.countTokens(messages),
          codes: failures.map(({ code }) => code),
        };
      },
      [MESSAGES, TOOLS],
    );
    assert.equal(parts, plain);
    assert.match(plain, /<\|im_start\|>user\nHow is the weather/);
    assert.ok(tokens > counted && counted > 10, `${tokens} with tools, ${counted} without`);
    assert.deepEqual(codes, ["unsupported-content", "tool", "tool", "tool", "tool-arguments", "invalid-argument"]);
  });

  check("an abort, and leaving the loop, end the answer and free its slot", "qwen3", async () => {
    const { failure, left, running } = await page.evaluate(
      async (messages) => {
        const { engine } = window;
        const controller = new AbortController();
        const fields = { messages, max_tokens: 1000, temperature: 0 };
        const whole = window.failure(engine.chat.completions.create(fields, { signal: controller.signal }));
        const stream = await engine.chat.completions.create({ ...fields, stream: true });
        for await (const chunk of stream) if (chunk.choices[0].delta.content) break;
        controller.abort();
        const left = await stream.result;
        const cancelled = (await engine.metrics()).total.requests;
        return { failure: await whole, left: left.usage.completion_tokens, running: cancelled };
      },
      MESSAGES,
    );
    assert.equal(failure.name, "AbortError");
    assert.ok(left < 1000, `${left} tokens`);
    assert.ok(running.cancelled >= 1, JSON.stringify(running));
  });

  test("SmolLM2 answers, and says that its template can't have it call tools", LIMIT, async (t) => {
    if (!(await served(t, SMOLLM2))) return;
    const { code, message, answer, counted, completion } = await page.evaluate(
      async ([address, messages, tools]) => {
        const engine = await window.wgslm.Engine.load(address);
        const { code, message } = await window.failure(engine.answer({ messages, tools, tool_choice: "required" }).result);
        const answer = await engine.answer(messages, { maxTokens: 4 });
        const completion = await engine.chat.completions.create({ messages, max_tokens: 4, temperature: 0 });
        const counted = await engine.countTokens(messages);
        await engine.unload();
        return { code, message, answer, counted, completion };
      },
      [SMOLLM2, MESSAGES, TOOLS],
    );
    assert.equal(code, "tool");
    assert.match(message, /load a model that was made for tools/);
    assert.equal(answer.role, "assistant");
    assert.ok(answer.content.length > 0);
    assert.equal(completion.choices[0].message.content, answer.content);
    assert.equal(completion.usage.prompt_tokens, counted);
  });
});

/** Fails unless a call is one that its tool's schema allows. */
function checkCall({ id, type, function: { name, arguments: text } }) {
  assert.ok(id.length > 0);
  assert.equal(type, "function");
  const given = JSON.parse(text);
  if (name === "weather") {
    assert.ok(typeof given.city === "string" && [...given.city].length <= 6, text);
    assert.ok(Number.isInteger(given.days) && given.days >= 1 && given.days <= 9, text);
  } else {
    assert.equal(name, "roll");
    assert.ok([6, 20].includes(given.sides), text);
  }
}
