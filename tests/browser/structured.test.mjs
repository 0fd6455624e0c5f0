// Answers that follow a grammar, whose WebAssembly comes when the first one does.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { openPackage, served } from "./browser.mjs";

const TINY = "/golden/arch/tiny-llama-q8_0.gguf";
const SMOLLM2 = "/models/smollm2-135m-instruct-q4_1.gguf";
const LIMIT = { timeout: 300_000 };

const object = (properties, more = {}) => ({
  type: "object",
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
  ...more,
});

/** Schemas with a check of what they allow. The answers of random weights are as long as a schema lets them be. */
const SCHEMAS = {
  "a flat object": [
    object({ name: { type: "string", maxLength: 5 }, age: { type: "integer", minimum: 0, maximum: 150 } }),
    ({ name, age }) => typeof name === "string" && name.length <= 5 && Number.isInteger(age) && 0 <= age && age <= 150,
  ],
  "an enumeration": [object({ size: { enum: ["small", "large"] } }), ({ size }) => ["small", "large"].includes(size)],
  "an array": [
    { type: "array", items: { type: "boolean" }, minItems: 2, maxItems: 3 },
    (items) => items.length >= 2 && items.length <= 3 && items.every((item) => typeof item === "boolean"),
  ],
  "a reference": [
    { ...object({ from: { $ref: "#/$defs/point" }, to: { $ref: "#/$defs/point" } }), $defs: { point: object({ x: { enum: [0, 1] } }) } },
    ({ from, to }) => [0, 1].includes(from.x) && [0, 1].includes(to.x),
  ],
  "alternatives": [
    { anyOf: [object({ yes: { const: true } }), object({ no: { const: false } })] },
    (value) => value.yes === true || value.no === false,
  ],
};

/** Grammars in other notations, with the expression that their answers match. */
const GRAMMARS = [
  [{ regex: "[a-c]{3}-[0-9]{2}" }, /^[a-c]{3}-[0-9]{2}$/],
  [{ choice: ["yes", "no", "perhaps"] }, /^(yes|no|perhaps)$/],
  [{ lark: 'start: "x" NUMBER "y"\nNUMBER: /[0-9]{1,4}/' }, /^x[0-9]{1,4}y$/],
  [{ gbnf: 'root ::= "(" [ab] [ab] ")"' }, /^\([ab][ab]\)$/],
];

describe("grammars", () => {
  let page;
  /** The addresses of what was fetched of the module of grammars. */
  const fetched = [];

  before(async () => {
    page = await openPackage();
    page.on("request", (request) => /wgslm_grammar_bg/.test(request.url()) && fetched.push(request.url()));
  });

  /** A test on the tiny model. */
  function check(name, body) {
    test(name, LIMIT, async (t) => {
      if (!(await served(t, TINY))) return;
      await page.evaluate(async (address) => (window.engine ??= await window.wgslm.Engine.load(address)) && undefined, TINY);
      await body(t);
    });
  }

  const generate = (options, prompt = [5, 9, 44]) =>
    page.evaluate(
      async ([prompt, options]) => {
        const { text, finishReason } = await window.engine.generate(Uint32Array.from(prompt), options).result;
        return { text, finishReason };
      },
      [prompt, options],
    );

  check("nothing of the module of grammars is fetched before a request has one", async () => {
    await generate({ maxTokens: 2 });
    await page.evaluate(() => window.engine.session().dispose());
    assert.deepEqual(fetched, []);
    await generate({ maxTokens: 8, grammar: { choice: ["a", "b"] } });
    await generate({ maxTokens: 8, grammar: { choice: ["c", "d"] } });
    assert.deepEqual(fetched.map((address) => new URL(address).pathname), ["/wgslm/wasm/wgslm_grammar_bg.wasm"]);
  });

  for (const [name, [jsonSchema, holds]] of Object.entries(SCHEMAS))
    check(`${name} in JSON is what its schema allows, whatever is drawn`, async () => {
      for (const seed of [0, 1, 2]) {
        const options = { maxTokens: 300, temperature: 1.5, seed, grammar: { jsonSchema, whitespace: "compact" } };
        const { text, finishReason } = await generate(options);
        assert.equal(finishReason, "stop", text);
        assert.ok(holds(JSON.parse(text)), text);
      }
    });

  for (const [grammar, expected] of GRAMMARS)
    check(`${Object.keys(grammar)[0]} bounds an answer`, async () => {
      const { text, finishReason } = await generate({ maxTokens: 60, temperature: 1, seed: 3, grammar });
      assert.match(text, expected);
      assert.equal(finishReason, "stop");
    });

  check("several answers, drafts and a session follow it as one answer does", async () => {
    const { several, drafted, session } = await page.evaluate(async () => {
      const { engine } = window;
      const options = { maxTokens: 80, temperature: 1, grammar: { jsonSchema: { enum: ["first", "second", "third"] } } };
      const prompt = Uint32Array.of(1, 2, 3);
      const session = engine.session();
      await session.append(prompt);
      return {
        several: await engine.generateSeveral(prompt, 5, options),
        drafted: await engine.generate(prompt, { ...options, speculation: "lookup" }),
        session: await session.generate(options),
      };
    });
    for (const text of [...several, drafted, session]) assert.ok(["first", "second", "third"].includes(JSON.parse(text)), text);
    assert.equal(several.length, 5);
    assert.deepEqual([drafted, session], [several[0], several[0]], "the same seed, another answer");
  });

  check("an answer cut off by its limit of tokens says so", async () => {
    const { text, finishReason } = await generate({ maxTokens: 3, grammar: { jsonSchema: { const: "a long constant" } } });
    assert.equal(finishReason, "length");
    assert.ok('"a long constant"'.startsWith(text), text);
  });

  check("an unusable grammar is refused with its own code, in bounded time, and the engine goes on", async () => {
    const { codes, ms } = await page.evaluate(async () => {
      const deep = { type: "object", properties: {} };
      for (let level = 0, inner = deep; level < 500; level += 1)
        inner = inner.properties.a = { type: "object", properties: {} };
      const grammars = [
        { regex: "(" },
        { lark: "start: missing" },
        { gbnf: "root ::= missing" },
        { jsonSchema: { type: "nonsense" } },
        { jsonSchema: { type: "string", minLength: 5, maxLength: 2 } },
        { jsonSchema: deep },
        { jsonSchema: { type: "object", dependentSchemas: { a: {} } } },
        { jsonSchema: { type: "string", pattern: "(?=a)b" } },
        { gbnf: "root ::= root" },
      ];
      const begun = performance.now();
      const codes = [];
      for (const grammar of grammars) codes.push((await window.failure(window.engine.generate("a", { grammar }).result)).code);
      return { codes, ms: performance.now() - begun };
    });
    assert.deepEqual(codes, [...Array(6).fill("invalid-grammar"), "unsupported-grammar", "unsupported-grammar", "grammar"]);
    assert.ok(ms < 60_000, `${ms} ms`);
    assert.equal((await generate({ maxTokens: 8, grammar: { choice: ["ok"] } })).text, "ok");
  });

  check("an abort while the answer follows a grammar is as any, and what follows isn't touched", async () => {
    const { failure, next } = await page.evaluate(async () => {
      const controller = new AbortController();
      const options = { grammar: { regex: "[a-z ]{400}" }, maxTokens: 500, signal: controller.signal };
      const answer = window.engine.generate("a", options);
      await answer.next();
      controller.abort();
      return {
        failure: await window.failure(answer.result),
        next: await window.engine.generate("a", { grammar: { choice: ["next"] }, maxTokens: 20 }),
      };
    });
    assert.equal(failure.name, "AbortError");
    assert.equal(next, "next");
  });

  check("what answers, grammars and sessions leave behind is freed", async () => {
    const bytes = await page.evaluate(async () => {
      const { engine } = window;
      const round = async () => {
        for (let time = 0; time < 12; time += 1) {
          const grammar = { jsonSchema: { enum: [time, "a".repeat(40)] } };
          const session = engine.session();
          await session.append(Uint32Array.from({ length: 200 }, (_, place) => (place * 7 + time) % 250));
          await session.generate({ maxTokens: 3, grammar });
          await engine.generateSeveral("a", 3, { maxTokens: 3, grammar });
          await engine.restore(await session.snapshot()).then((restored) => restored.dispose());
          await session.dispose();
        }
        return (await engine.memory()).wasmBytes;
      };
      const first = [await round(), await round()];
      return [...first, await round(), await round()];
    });
    assert.equal(bytes[3], bytes[1], `the memory of the WebAssembly grows: ${bytes}`);
  });

  test("SmolLM2 answers in JSON that its schema allows, all of whose tokens are the model's own", LIMIT, async (t) => {
    if (!(await served(t, SMOLLM2))) return;
    const schema = object({ name: { type: "string", maxLength: 12 }, legs: { enum: [2, 4, 8] } });
    const { text, finishReason } = await page.evaluate(
      async ([address, jsonSchema]) => {
        const engine = await window.wgslm.Engine.load(address);
        const messages = [{ role: "user", content: "Describe a spider in JSON." }];
        const { text, finishReason } = await engine.generate(messages, {
          maxTokens: 40,
          grammar: { jsonSchema, whitespace: "compact" },
        }).result;
        await engine.unload();
        return { text, finishReason };
      },
      [SMOLLM2, schema],
    );
    assert.equal(finishReason, "stop", text);
    const { name, legs } = JSON.parse(text);
    assert.ok(typeof name === "string" && name.length <= 12 && [2, 4, 8].includes(legs), text);
  });
});

describe("a module of grammars that can't be had", () => {
  /** How a request with a grammar fails where the module is answered so, and the request after it where it is there again. */
  async function failing(fulfil) {
    const page = await openPackage();
    await page.route("**/wgslm_grammar_bg.wasm", fulfil);
    return page;
  }

  for (const [what, fulfil, expected] of [
    ["missing", (route) => route.fulfill({ status: 404 }), "wasm-load"],
    ["out of reach", (route) => route.abort(), "network"],
    ["no WebAssembly", (route) => route.fulfill({ body: "<html>" }), "wasm-load"],
  ])
    test(`${what}, is a typed error, and what needs no grammar goes on`, LIMIT, async (t) => {
      if (!(await served(t, TINY))) return;
      const page = await failing(fulfil);
      const ask = () =>
        page.evaluate(async (address) => {
          window.engine ??= await window.wgslm.Engine.load(address);
          const ask = (options) => window.engine.generate(Uint32Array.of(1), { maxTokens: 5, ...options }).result;
          const failure = await window.failure(ask({ grammar: { choice: ["a"] } }));
          return { failure, plain: (await ask({})).tokens };
        }, TINY);
      const { failure, plain } = await ask();
      assert.deepEqual([failure.code, failure.typed], [expected, true], failure.message);
      assert.equal(plain, 5);
      await page.unroute("**/wgslm_grammar_bg.wasm");
      assert.equal((await ask()).failure.code, "no failure");
    });
});
