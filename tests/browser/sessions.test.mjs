// Sessions in the browser: the same tokens as fresh requests, whatever was done to them.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { openPackage, served } from "./browser.mjs";

/** A model without windows, one with them, and one with states. */
const MODELS = ["/golden/models/llama-f32.gguf", "/golden/models/gemma3.gguf", "/golden/models/lfm2.gguf"];
const LIMIT = { timeout: 240_000 };

describe("sessions", () => {
  let page;

  before(async () => {
    page = await openPackage();
    await page.evaluate(() => {
      window.prompt = Uint32Array.from({ length: 40 }, (_, place) => (7 * place + 3) % 60);
      window.tokensOf = async (generation) => {
        const tokens = [];
        for await (const { token } of generation) tokens.push(token);
        return tokens;
      };
      /** What a fresh request with these tokens gives, without anything cached. */
      window.fresh = async (tokens, options) => {
        window.uncached ??= new Map();
        if (!window.uncached.has(window.address))
          window.uncached.set(window.address, await window.wgslm.Engine.load(window.address, { prefixCache: false }));
        return window.tokensOf(window.uncached.get(window.address).generate(tokens, options));
      };
    });
  });

  /** A test on an engine of each of the models. */
  function check(name, body, models = MODELS) {
    for (const model of models)
      test(`${name} (${model.split("/").pop()})`, LIMIT, async (t) => {
        if (!(await served(t, model))) return;
        await page.evaluate(async (address) => {
          window.address = address;
          window.engines ??= new Map();
          if (!window.engines.has(address)) window.engines.set(address, await window.wgslm.Engine.load(address));
          window.engine = window.engines.get(address);
        }, model);
        await body(t);
      });
  }

  check("append, generate, truncate and fork go on as fresh requests do", async () => {
    const { steps, held } = await page.evaluate(async () => {
      const options = { maxTokens: 8, temperature: 1, seed: 11 };
      const { engine, prompt, tokensOf, fresh } = window;
      const steps = [];
      const step = async (name, session) => {
        const before = await session.tokens();
        const found = await tokensOf(session.generate(options));
        const after = [...(await session.tokens())];
        steps.push({ name, found, expected: await fresh(before, options), after, whole: [...before, ...found] });
      };
      const session = engine.session();
      await session.append(prompt);
      await step("first", session);
      await session.append(prompt.slice(0, 5));
      await step("second", session);
      const other = session.fork();
      await session.truncate(30);
      await step("truncated", session);
      await step("forked", other);
      await other.set(prompt.slice(0, 20));
      await other.prefill();
      await step("set", other);
      return { steps, held: await other.held() };
    });
    assert.deepEqual(
      steps.map(({ name }) => name),
      ["first", "second", "truncated", "forked", "set"],
    );
    for (const { name, found, expected, after, whole } of steps) {
      assert.equal(found.length, 8, name);
      assert.deepEqual(found, expected, name);
      assert.deepEqual(after, whole, name);
    }
    assert.ok(held > 0, "nothing is held");
  });

  check("a session's next request reads only what is new", async () => {
    const results = await page.evaluate(async () => {
      const session = window.engine.session();
      await session.append(window.prompt);
      const first = await session.generate({ maxTokens: 4 }).result;
      await session.append(Uint32Array.of(1, 2));
      const second = await session.generate({ maxTokens: 1 }).result;
      return { first, second };
    });
    const { promptTokens, cachedTokens } = results.second;
    assert.equal(promptTokens, 40 + 4 + 2);
    assert.ok(promptTokens - cachedTokens <= 16, `${cachedTokens} of ${promptTokens} were cached`);
  });

  check("a snapshot restores on another engine, from any kind of source, and goes on alike", async () => {
    const { expected, found, tokens, bytes } = await page.evaluate(async () => {
      const { engine, prompt, tokensOf, wgslm, address } = window;
      const options = { maxTokens: 6, temperature: 1, seed: 4 };
      const session = engine.session();
      await session.append(prompt);
      await session.prefill();
      const blob = await session.snapshot();
      const buffer = await blob.arrayBuffer();
      const another = await wgslm.Engine.load(address);
      const sources = [blob, buffer, new Uint8Array(buffer), blob.stream()];
      const [found, tokens] = [[], []];
      for (const source of sources) {
        const restored = await another.restore(source);
        tokens.push([...(await restored.tokens())]);
        found.push(await tokensOf(restored.generate(options)));
        await restored.dispose();
      }
      await another.unload();
      return { expected: await tokensOf(session.generate(options)), found, tokens, bytes: blob.size, prompt };
    });
    assert.equal(expected.length, 6);
    for (const each of found) assert.deepEqual(each, expected);
    for (const each of tokens) assert.equal(each.length, 40);
    assert.ok(bytes > 200, `${bytes} bytes`);
  });

  check(
    "a session is saved, listed, replaced, restored and deleted",
    async () => {
      const name = "a chat: 1/2 \u{1F40C}";
      const seen = await page.evaluate(async (saved) => {
        const { engine, prompt, tokensOf, failure, wgslm } = window;
        const { savedSessions } = wgslm.Engine;
        const session = engine.session();
        await session.append(prompt);
        await session.prefill();
        const stop = new AbortController();
        const aborted = failure(session.save("aborted", { signal: stop.signal }));
        stop.abort();
        await session.save(saved);
        await session.append(Uint32Array.of(5));
        await session.save(saved);
        const list = await savedSessions.list();
        const restored = await engine.restoreSaved(saved);
        return {
          list: list.map(({ savedAt, bytes, ...more }) => ({ ...more, recent: Date.now() - savedAt < 60_000, some: bytes > 200 })),
          tokens: [...(await restored.tokens())],
          failures: [
            (await aborted).name,
            (await failure(session.save(""))).code,
            (await failure(session.save("x".repeat(300)))).code,
            (await failure(engine.restoreSaved("another"))).code,
          ],
          freed: [await savedSessions.delete(saved), await savedSessions.delete(saved)],
          left: await savedSessions.list(),
          expected: [...(await session.tokens())],
          answers: [await tokensOf(restored.generate({ maxTokens: 4 })), await tokensOf(session.generate({ maxTokens: 4 }))],
        };
      }, name);
      assert.deepEqual(seen.list, [{ name, recent: true, some: true }]);
      assert.deepEqual([seen.tokens.length, seen.tokens], [41, seen.expected]);
      assert.deepEqual(seen.answers[0], seen.answers[1]);
      assert.deepEqual(seen.failures, ["AbortError", "invalid-argument", "invalid-argument", "no-saved-session"]);
      assert.deepEqual([seen.freed[0] > 200, seen.freed[1], seen.left], [true, 0, []]);
    },
    [MODELS[0]],
  );

  check(
    "prefixes are read before the load resolves, and the first request finds them",
    async () => {
      const seen = await page.evaluate(async () => {
        const { prompt, failure, wgslm, address } = window;
        const engine = await wgslm.Engine.load(address, { prefixes: [prompt, prompt.slice(8)] });
        const requests = [prompt, prompt.slice(8)].map((prefix) => Uint32Array.of(...prefix, 3, 1, 4));
        const cached = [];
        for (const request of requests) cached.push((await engine.generate(request, { maxTokens: 1 }).result).cachedTokens);
        await engine.unload();
        const failures = [
          await failure(wgslm.Engine.load(address, { prefixes: [7] })),
          await failure(wgslm.Engine.load(address, { prefixes: [prompt], prefixCache: false })),
        ];
        return { cached, codes: failures.map(({ code }) => code) };
      });
      assert.ok(seen.cached.every((tokens) => tokens >= 32), `${seen.cached} tokens were cached`);
      assert.deepEqual(seen.codes, ["invalid-argument", "invalid-option"]);
    },
    [MODELS[0]],
  );

  check(
    "a snapshot of another model, with other settings, damaged, cut or no snapshot is refused",
    async (t) => {
      if (!(await served(t, MODELS[2]))) return;
      const codes = await page.evaluate(async (other) => {
        const { engine, prompt, failure, wgslm, address } = window;
        const session = engine.session();
        await session.append(prompt);
        await session.prefill();
        const bytes = new Uint8Array(await (await session.snapshot()).arrayBuffer());
        const damaged = bytes.slice();
        damaged[bytes.length >> 1] ^= 1;
        const otherModel = await wgslm.Engine.load(other);
        const otherSettings = await wgslm.Engine.load(address, { kvFormat: "q8" });
        const codes = [];
        for (const [engineHere, source] of [
          [otherModel, bytes],
          [otherSettings, bytes],
          [engine, damaged],
          [engine, bytes.subarray(0, bytes.length - 9)],
          [engine, new Blob(["GGUF, which is no snapshot at all, however long it is"])],
          [engine, new Blob([])],
        ])
          codes.push((await failure(engineHere.restore(source))).code);
        codes.push((await failure(engine.restore("snapshot"))).code);
        await session.save("of this model");
        codes.push((await failure(otherModel.restoreSaved("of this model"))).code);
        // What was refused has left nothing behind that would be in the way.
        const restored = await engine.restore(bytes);
        codes.push(await restored.length());
        await Promise.all([otherModel.unload(), otherSettings.unload()]);
        return codes;
      }, MODELS[2]);
      assert.deepEqual(codes, [
        "snapshot-mismatch",
        "snapshot-mismatch",
        "snapshot-damaged",
        "snapshot-damaged",
        "snapshot-damaged",
        "snapshot-damaged",
        "invalid-argument",
        "snapshot-mismatch",
        40,
      ]);
    },
    [MODELS[0]],
  );

  check(
    "an abort of a read, a snapshot or a restore rejects with its reason, and the session goes on",
    async () => {
      const { names, tokens } = await page.evaluate(async () => {
        const { engine, prompt, failure } = window;
        const session = engine.session();
        for (let times = 0; times < 20; times += 1) await session.append(prompt);
        const begun = (call) => {
          const controller = new AbortController();
          const failed = failure(call(controller.signal));
          controller.abort();
          return failed;
        };
        const stalled = new ReadableStream({});
        const failures = [
          await begun((signal) => session.prefill({ signal })),
          await begun((signal) => session.snapshot({ signal })),
          await begun((signal) => engine.restore(stalled, { signal })),
          await begun((signal) => session.generate({ signal, maxTokens: 3 }).result),
        ];
        await session.truncate(40);
        return { names: failures.map(({ name }) => name), tokens: await window.tokensOf(session.generate({ maxTokens: 3 })) };
      });
      assert.deepEqual(names, Array(4).fill("AbortError"));
      assert.equal(tokens.length, 3);
    },
    [MODELS[0]],
  );

  check(
    "a change cancels the generation before it, whose tokens up to there are the session's",
    async () => {
      const { reason, before, after } = await page.evaluate(async () => {
        const session = window.engine.session();
        await session.append(window.prompt);
        const answer = session.generate({ maxTokens: 500 });
        await answer.next();
        await session.append(Uint32Array.of(7));
        const { finishReason, tokens } = await answer.result;
        return { reason: finishReason, before: 40 + tokens, after: [...(await session.tokens())] };
      });
      assert.equal(reason, "cancelled");
      assert.equal(after.at(-1), 7);
      assert.ok(after.length <= before + 1 && after.length > 41, `${after.length} tokens, ${before} before`);
    },
    [MODELS[0]],
  );

  check(
    "many sessions run at once, and one that is disposed of is gone",
    async () => {
      const { together, alone, code, unloaded } = await page.evaluate(async () => {
        const { engine, prompt, tokensOf, fresh, failure, wgslm, address } = window;
        const options = { maxTokens: 6 };
        const sessions = [4, 12, 20, 28].map((length) => {
          const session = engine.session();
          void session.append(prompt.slice(0, length));
          return session;
        });
        const together = await Promise.all(sessions.map((session) => tokensOf(session.generate(options))));
        const alone = [];
        for (const length of [4, 12, 20, 28]) alone.push(await fresh(prompt.slice(0, length), options));
        await Promise.all(sessions.map((session) => session.dispose()));
        const { code } = await failure(sessions[0].tokens());
        const last = await wgslm.Engine.load(address);
        const session = last.session();
        await last.unload();
        const unloaded = await failure(session.append("a"));
        await session.dispose();
        return { together, alone, code, unloaded: unloaded.code };
      });
      assert.deepEqual(together, alone);
      assert.deepEqual([code, unloaded], ["unloaded", "unloaded"]);
    },
    [MODELS[0]],
  );
});
