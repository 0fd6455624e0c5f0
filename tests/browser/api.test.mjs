// What the package does before anything reaches a worker, without a browser.
import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { PlayedWorker, built, failureOf, playBrowser } from "./played-worker.mjs";

const { Engine, WgslmError } = await import(built("index.js"));
const { generate } = await import(built("bench.js"));
const failure = (promise) => failureOf(promise, WgslmError);

describe("outside of a browser", () => {
  test("Node.js without WebGPU is told where the package runs", async () => {
    const support = await Engine.support();
    assert.deepEqual([support.available, support.code], [false, "no-webgpu"]);
    const { code, message, typed } = await failure(Engine.load("https://page.example/model.gguf"));
    assert.deepEqual([code, typed, message], ["no-webgpu", true, support.reason]);
    assert.match(message, /no WebGPU here.*option gpu/);
  });
});

describe("the API", () => {
  let engine;
  beforeEach(async () => {
    playBrowser();
    engine = await Engine.load(new Blob([]));
    PlayedWorker.started = [];
  });

  /** Fails unless each call is refused with the code and message, before a worker is asked anything. */
  async function refuses(code, calls) {
    for (const [name, call, message] of calls) {
      const asked = PlayedWorker.started.length;
      const found = await failure(call());
      assert.deepEqual([found.code, found.typed], [code, true], `${name}: ${found.message}`);
      assert.match(found.message, message, name);
      assert.equal(PlayedWorker.started.length, asked, `${name}: a worker was started`);
    }
  }

  test("unknown options are refused by name, with the one that was meant", async () => {
    const load = (options) => Engine.load(new Blob([]), options);
    await refuses("invalid-option", [
      ["snake case", () => engine.generate("a", { max_tokens: 3 }).result, /^unknown option max_tokens; did you mean maxTokens\?$/],
      ["another's name", () => engine.generate("a", { max_new_tokens: 3 }).result, /did you mean maxTokens\?/],
      ["lower case", () => engine.generate("a", { topp: 0.5 }).result, /did you mean topP\?/],
      ["nothing alike", () => engine.generate("a", { creativity: 1 }).result, /there are maxTokens, temperature, .*signal$/],
      ["an object's own", () => engine.generate("a", { toString: 1 }).result, /unknown option toString/],
      ["measuring", () => engine.generate("a", { ignoreStop: true }).result, /unknown option ignoreStop/],
      ["load", () => load({ onprogress: () => undefined }), /did you mean onProgress\?/],
      ["price", () => load({ price: { per_hour: 3 } }), /did you mean perHour\?/],
      ["gpu", () => load({ gpu: { base_line: true } }), /did you mean baseline\?/],
      ["embed", () => engine.embed("a", { abortSignal: AbortSignal.abort() }), /unknown option abortSignal/],
      ["tokenize", () => engine.tokenize("a", { specials: true }), /did you mean special\?/],
    ]);
    const support = await Engine.support({ max_binding: 5 });
    assert.deepEqual([support.code, support.reason], ["invalid-option", "unknown option max_binding; did you mean maxBinding?"]);
  });

  test("options of another kind are refused with what they should be", async () => {
    const generateWith = (options) => () => engine.generate("a", options).result;
    const loadWith = (options) => () => Engine.load(new Blob([]), options);
    await refuses("invalid-option", [
      ["null options", generateWith(null), /^the options are null; give an object, or leave them out$/],
      ["null options of load", loadWith(null), /^the options are null/],
      ["a number as options", generateWith(5), /^the options are 5/],
      ["a text to stop at", generateWith({ stop: "a" }), /^stop is a string; it should be an array of strings$/],
      ["a function", generateWith({ maxTokens: () => 5 }), /^maxTokens is a function; it should be a whole number/],
      ["a negative number", generateWith({ topK: -1 }), /^topK is -1; it should be a whole number, 0 or above$/],
      ["a fraction", generateWith({ maxTokens: 1.5 }), /^maxTokens is 1\.5/],
      ["a text", generateWith({ temperature: "hot" }), /^temperature is a string; it should be a number$/],
      ["a time before now", generateWith({ deadlineMs: -1 }), /^deadlineMs is -1; it should be a time in ms, from 0 to 2147483647$/],
      ["no time", generateWith({ queueDeadlineMs: NaN }), /^queueDeadlineMs is NaN/],
      ["a flag as text", generateWith({ coalesce: "no" }), /^coalesce is a string; it should be true or false$/],
      ["no signal", generateWith({ signal: {} }), /^signal is an object; it should be an AbortSignal$/],
      ["no function", loadWith({ onProgress: true }), /^onProgress is true; it should be a function$/],
      ["a null policy", loadWith({ quantize: null }), /^quantize is null/],
      ["a price without its time", loadWith({ price: 3 }), /^price is 3; it should be an object$/],
      ["a time without an end", loadWith({ batchingWindowMs: Infinity }), /^batchingWindowMs is Infinity/],
      ["null gpu", loadWith({ gpu: null }), /^gpu is null; it should be an object$/],
      ["no address", loadWith({ workerUrl: 5 }), /^workerUrl is 5; it should be a URL$/],
      ["no use of the cache", loadWith({ cache: true }), /^cache is true; it should be "auto", "required" or false$/],
      ["no digests", loadWith({ integrity: { "a.gguf": 5 } }), /^integrity is an object; it should be a SHA-256/],
      ["another digest", loadWith({ integrity: "sha384-abc" }), /^integrity is no SHA-256; give "sha256-"/],
      ["no headers", loadWith({ headers: "Authorization: key" }), /^headers is a string; it should be headers/],
      ["a header that can't be", loadWith({ headers: { "a b": "c" } }), /^headers can't be sent/],
      ["no fetch", loadWith({ fetch: "fetch" }), /^fetch is a string; it should be a function$/],
    ]);
  });

  test("arguments of another kind are refused, an address that is none among them", async () => {
    const used = new Response("GGUF");
    await used.arrayBuffer();
    await refuses("invalid-argument", [
      ["a bad URL", () => Engine.load("http://["), /"http:\/\/\[" is no address/],
      ["no source", () => Engine.load(), /^a model source is/],
      ["a Response that was read", () => Engine.load(used), /has been read/],
      ["an array as prompt", () => engine.generate([1, 2]).result, /^the prompt is an array; it should be a string, a Uint32Array/],
      ["no prompt", () => engine.generate().result, /^the prompt is undefined/],
      ["a message without text", () => engine.generate([{ role: "user", content: null }]).result, /messages/],
      ["a message alone", () => engine.applyTemplate({ role: "user", content: "a" }), /an array of messages/],
      ["an array of tokens", () => engine.detokenize([1]), /Uint32Array\.from/],
      ["tokens as text", () => engine.logits("a"), /^the list of tokens is a string/],
      ["a number as text", () => engine.tokenize(5), /^the text is 5/],
    ]);
  });

  test("what no worker can take is refused with a code", async () => {
    for (const source of [new Blob([]), new ReadableStream()]) {
      if (source instanceof ReadableStream) source.getReader();
      const quantize = { rules: [{ pattern: () => "*" }] };
      const { code, typed } = await failure(Engine.load(source, { quantize }));
      assert.deepEqual([code, typed], ["invalid-argument", true]);
    }
  });

  test("an option that is undefined counts as absent", async () => {
    await engine.generate("a", { maxTokens: undefined, signal: undefined }).result;
    await Engine.load(new Blob([]), { onProgress: undefined, gpu: undefined, workerUrl: undefined });
  });

  test("a failed generation fails its loop too, and an abort keeps its reason", async () => {
    const loop = async (generation) => {
      for await (const _ of generation);
    };
    assert.equal((await failure(loop(engine.generate("a", { max_tokens: 3 })))).code, "invalid-option");
    const reason = new Error("enough");
    const signal = AbortSignal.abort(reason);
    await assert.rejects(loop(engine.generate("a", { signal })), reason);
    await assert.rejects(Engine.load(new Blob([]), { signal }), reason);
  });

  test("a signal ends the wait for every call, of which the worker hears", async () => {
    const session = engine.session();
    const messages = [{ role: "user", content: "a" }];
    const tokens = Uint32Array.of(1);
    const calls = {
      plan: (options) => Engine.plan(new Blob([]), options),
      load: (options) => Engine.load(new Blob([]), options),
      support: (options) => Engine.support(options),
      generate: (options) => engine.generate("a", options).result,
      answer: (options) => engine.answer(messages, options).result,
      "chat.completions.create": (options) => engine.chat.completions.create({ messages }, options),
      "completions.create": (options) => engine.completions.create({ prompt: "a" }, options),
      "embeddings.create": (options) => engine.embeddings.create({ input: "a" }, options),
      beamSearch: (options) => engine.beamSearch("a", options),
      score: (options) => engine.score("a", options),
      embed: (options) => engine.embed("a", options),
      rerank: (options) => engine.rerank("a", ["b"], options),
      tokenize: (options) => engine.tokenize("a", options),
      detokenize: (options) => engine.detokenize(tokens, options),
      countTokens: (options) => engine.countTokens("a", options),
      applyTemplate: (options) => engine.applyTemplate(messages, options),
      logits: (options) => engine.logits(tokens, options),
      metrics: (options) => engine.metrics(options),
      memory: (options) => engine.memory(options),
      restore: (options) => engine.restore(new Blob([]), options),
      "session.append": (options) => session.append("a", options),
      "session.set": (options) => session.set("a", options),
      "session.truncate": (options) => session.truncate(0, options),
      "session.generate": (options) => session.generate(options).result,
      "session.prefill": (options) => session.prefill(options),
      "session.tokens": (options) => session.tokens(options),
      "session.length": (options) => session.length(options),
      "session.held": (options) => session.held(options),
      "session.snapshot": (options) => session.snapshot(options),
    };
    const everySession = Object.getOwnPropertyNames(Object.getPrototypeOf(session));
    const others = ["constructor", "fork", "save", "dispose"];
    assert.deepEqual(everySession.filter((name) => !others.includes(name) && !(`session.${name}` in calls)), []);
    PlayedWorker.isSilent = true;
    try {
      for (const [name, call] of Object.entries(calls)) {
        const controller = new AbortController();
        const reason = new Error(name);
        const called = call({ signal: controller.signal });
        // Until the call is with the worker.
        await new Promise((resolve) => setTimeout(resolve));
        controller.abort(reason);
        await assert.rejects(called, reason);
      }
    } finally {
      PlayedWorker.isSilent = false;
    }
  });

  test("Symbol.asyncDispose ends an answer, and unloads an engine", async () => {
    const generation = engine.generate("a");
    await generation[Symbol.asyncDispose]();
    assert.deepEqual(await generation.next(), { done: true, value: undefined });
    await engine[Symbol.asyncDispose]();
    assert.equal((await failure(engine.tokenize("a"))).code, "unloaded");
  });

  test("knobs for measuring are in wgslm/bench alone", async () => {
    assert.deepEqual(
      ["decodeBytes", "copyBandwidth"].filter((name) => name in engine),
      [],
    );
    engine = await Engine.load(new Blob([]));
    await generate(engine, "a", { maxTokens: 2, ignoreStop: true }).result;
    const { params } = PlayedWorker.started.at(-1).messages.at(-1);
    assert.deepEqual(params, { prompt: "a", answers: 1, options: { maxTokens: 2 }, measuring: { ignoreStop: true } });
    const found = await failure(generate(engine, "a", { ignore_stop: true }).result);
    assert.match(found.message, /did you mean ignoreStop\?/);
  });
});

describe("sources", () => {
  beforeEach(() => {
    playBrowser();
    PlayedWorker.started = [];
  });

  const parameters = () => PlayedWorker.started.at(-1).messages.find(({ method }) => method === "load").params;
  const posted = () => parameters().source;

  test("a Uint8Array is copied, as far as it reaches", async () => {
    const whole = new TextEncoder().encode("xGGUFx");
    await Engine.load(whole.subarray(1, 5));
    assert.equal(await posted().text(), "GGUF");
    assert.equal(whole.byteLength, 6, "the buffer was handed over");
  });

  test("a Response gives its body, or the error that it is", async () => {
    await Engine.load(new Response("GGUF"));
    assert.ok(posted() instanceof ReadableStream);
    const { code, message } = await failure(Engine.load(new Response("", { status: 404 })));
    assert.equal(code, "http");
    assert.match(message, /404/);
  });

  test("a relative address is taken from the page", async () => {
    await Engine.load("model.gguf");
    assert.equal(posted(), "https://page.example/folder/model.gguf");
  });

  test("a repository of Hugging Face has an address, also by another server", async () => {
    const [hub, resolve] = ["https://huggingface.co/owner/name/resolve", "/owner/name/resolve"];
    for (const [source, address] of [
      ["hf:owner/name/a.gguf", `${hub}/main/a.gguf`],
      ["hf:owner/name/folder/a b.gguf", `${hub}/main/folder/a%20b.gguf`],
      ["hf:owner/name@v1/a.gguf", `${hub}/v1/a.gguf`],
      ["hf:owner/name", `${hub}/main/`],
      [{ hf: "owner/name", file: "a.gguf", revision: "refs/pr/1" }, `${hub}/refs%2Fpr%2F1/a.gguf`],
      [{ hf: "owner/name", endpoint: "https://mirror.example/hub/" }, `https://mirror.example/hub${resolve}/main/`],
      [{ hf: "owner/name", file: "a.gguf", endpoint: "/hub" }, `https://page.example/hub${resolve}/main/a.gguf`],
    ]) {
      await Engine.load(source);
      assert.equal(posted(), address);
    }
    for (const source of ["hf:owner", "hf:", { hf: "owner" }, { hf: "owner/name", endpoint: "http://[" }]) {
      assert.equal((await failure(Engine.load(source))).code, "invalid-argument");
    }
  });

  test("digests and headers reach the worker in one form, and a function as a port", async () => {
    const digest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    for (const [integrity, expected] of [
      [digest.toUpperCase(), { "": digest }],
      ["sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", { "": digest }],
      [{ "a.gguf": digest }, { "a.gguf": digest }],
    ]) {
      await Engine.load("model.gguf", { integrity, headers: { Authorization: "key" }, fetch: () => undefined });
      const { fetch, ...access } = parameters().access;
      assert.deepEqual(access, { cache: "auto", integrity: expected, headers: [["authorization", "key"]] });
      assert.ok(fetch instanceof MessagePort);
      fetch.close();
    }
  });
});
