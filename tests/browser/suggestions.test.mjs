// Suggestions for typed text without a browser or a model: an engine that is played says what the test wants.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { built } from "./played-worker.mjs";

const load = (file) => import(built(file));
const { Autocomplete } = await load("autocomplete.js");
const { Anchor } = await load("autocomplete/anchor.js");
const { PromptMaker } = await load("autocomplete/prompt.js");
const { lengthWithoutOverlap } = await load("autocomplete/overlap.js");
const { firstWord } = await load("ghost-text/suggester.js");

/** An autocomplete, and the calls of its engine, which `say` and `end` answer. */
function played(options = {}, contextLength = 4096) {
  const calls = [];
  const complete = (request, take) => {
    const call = { request, cancelled: false };
    call.result = new Promise((resolve, reject) => {
      call.end = (finishReason = "stop") => resolve({ finishReason, promptTokens: 10, cachedTokens: 8, tokens: call.said ?? 0 });
      call.fail = reject;
    });
    call.say = (text, logprob) => {
      call.said = (call.said ?? 0) + 1;
      take({ text, ...(logprob !== undefined && { logprob }) });
    };
    call.cancel = () => ((call.cancelled = true), call.end("cancelled"));
    calls.push(call);
    return call;
  };
  return { autocomplete: new Autocomplete(complete, contextLength, options), calls };
}

const failure = (promise) => promise.then(() => "no failure", (error) => (typeof error.code === "string" ? error.code : error.name));
/** Lets everything happen that is about to. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 5));

describe("suggestions", () => {
  test("come in pieces and as a whole, and what repeats the text behind the cursor is left out", async () => {
    const { autocomplete, calls } = played();
    const suggestion = autocomplete.suggest({ prefix: "const a = f(", suffix: ");\nreturn a;" });
    const pieces = [];
    const reading = (async () => {
      for await (const piece of suggestion) pieces.push(piece);
    })();
    for (const text of ["x", ", y", ")", ";"]) {
      calls[0].say(text);
      await settle();
    }
    calls[0].end();
    await reading;
    assert.deepEqual(pieces, ["x", ", y"]);
    assert.equal(await suggestion, "x, y");
    const { text, reused, finishReason } = await suggestion.result;
    assert.deepEqual([text, reused, finishReason], ["x, y", false, "stop"]);
  });

  test("a text is followed only where it repeats words, not letters", () => {
    for (const [text, suffix, left] of [
      ["foo)", ")", "foo"],
      ["foo", "", "foo"],
      ["the tree", "end", "the tree"],
      ["brown dog", " dog jumps", "brown"],
      ["o)", "o)", ""],
      ["a b a", " b a c", "a"],
      ["x\n", "\ny", "x"],
      ["ends with e", "e", "ends with "],
    ]) {
      assert.equal(text.slice(0, lengthWithoutOverlap(text, suffix)), left, `${text}|${suffix}`);
    }
  });

  test("an overlap that may still grow is held back, and never taken back", () => {
    const [text, suffix] = ["f(a, g(b), c) + d", "), c) + e"];
    let before = 0;
    for (let end = 1; end <= text.length; end += 1) {
      const length = lengthWithoutOverlap(text.slice(0, end), suffix);
      assert.ok(length >= before, `${end}`);
      before = length;
    }
    assert.equal(before, text.length);
  });

  test("what is typed along a suggestion, under way or ended, and deleted again needs no GPU", async () => {
    const { autocomplete, calls } = played();
    const first = autocomplete.suggest({ prefix: "The qui" });
    calls[0].say("ck brown");
    await first.next();
    const second = autocomplete.suggest({ prefix: "The quic" });
    assert.equal((await second.next()).value, "k brown");
    assert.equal(await failure(first.result), "AbortError");
    assert.equal(calls[0].cancelled, false);
    calls[0].say(" fox");
    calls[0].end();
    assert.equal(await second, "k brown fox");
    for (const [prefix, expected] of [["The quick br", "own fox"], ["The qui", "ck brown fox"], ["The quick brown fo", "x"]]) {
      const suggestion = autocomplete.suggest({ prefix });
      assert.equal(await suggestion, expected);
      assert.equal((await suggestion.result).reused, true);
    }
    assert.equal(calls.length, 1);
    const { requests, withoutGpu, aborted, rowsRead, rowsReused, generatedTokens } = autocomplete.counters;
    assert.deepEqual({ requests, withoutGpu, aborted, rowsRead, rowsReused, generatedTokens }, { requests: 5, withoutGpu: 4, aborted: 1, rowsRead: 2, rowsReused: 8, generatedTokens: 2 });
  });

  test("typing on after all of a suggestion, elsewhere or otherwise asks the GPU", async () => {
    const { autocomplete, calls } = played();
    const ask = async (request, answer) => {
      const suggestion = autocomplete.suggest(request);
      await settle();
      if (answer !== undefined) (calls.at(-1).say(answer), calls.at(-1).end());
      return suggestion;
    };
    assert.equal(await ask({ prefix: "one t" }, "wo"), "wo");
    await ask({ prefix: "one two" }, " three");
    await ask({ prefix: "one th" }, "ree");
    await ask({ prefix: "one t", suffix: " four" }, "wo three");
    assert.equal(calls.length, 4);
  });

  test("what is typed faster than a suggestion comes waits for it, and asks anew where it turns out otherwise", async () => {
    const { autocomplete, calls } = played();
    void autocomplete.suggest({ prefix: "ab" }).result.catch(() => undefined);
    const along = autocomplete.suggest({ prefix: "abcd" });
    calls[0].say("c");
    await settle();
    calls[0].say("def");
    calls[0].end();
    assert.equal(await along, "ef");
    void autocomplete.suggest({ prefix: "xy" }).result.catch(() => undefined);
    const other = autocomplete.suggest({ prefix: "xyz!" });
    calls[1].say("z?");
    await settle();
    assert.deepEqual([calls.length, calls[1].cancelled], [3, true]);
    calls[2].say("?");
    calls[2].end();
    assert.equal(await other, "?");
  });

  test("only the newest request is alive, and an abort, a break and a close end it", async () => {
    const { autocomplete, calls } = played();
    const old = autocomplete.suggest({ prefix: "one" });
    const controller = new AbortController();
    const aborted = autocomplete.suggest({ prefix: "two", signal: controller.signal });
    assert.equal(await failure(old.result), "AbortError");
    assert.equal(calls[0].cancelled, true);
    const reason = Object.assign(new Error("enough"), { code: "enough" });
    controller.abort(reason);
    assert.equal(await failure(aborted.result), "enough");
    await settle();
    assert.equal(calls[1].cancelled, true);
    const left = autocomplete.suggest({ prefix: "three" });
    calls[2].say("!");
    for await (const piece of left) {
      assert.equal(piece, "!");
      break;
    }
    assert.deepEqual([(await left.result).text, (await left.result).finishReason], ["!", "cancelled"]);
    await settle();
    assert.equal(calls[2].cancelled, true);
    const last = autocomplete.suggest({ prefix: "four" });
    autocomplete.close();
    assert.equal(await failure(last.result), "AbortError");
    assert.equal(calls[3].cancelled, true);
    assert.equal(await failure(autocomplete.suggest({ prefix: "five" }).result), "unloaded");
  });

  test("an editor that aborts with every key still types along", async () => {
    const { autocomplete, calls } = played();
    let controller = new AbortController();
    void autocomplete.suggest({ prefix: "The qui", signal: controller.signal }).result.catch(() => undefined);
    calls[0].say("ck");
    controller.abort();
    controller = new AbortController();
    const next = autocomplete.suggest({ prefix: "The quic", signal: controller.signal });
    await settle();
    calls[0].end();
    assert.equal(await next, "k");
    assert.deepEqual([calls.length, calls[0].cancelled], [1, false]);
  });

  test("requests wait for a pause in typing and for enough text, but never for what is known", async () => {
    const { autocomplete, calls } = played({ debounceMs: 20, minChars: 3 });
    assert.equal(await autocomplete.suggest({ prefix: " ab " }), "");
    for (const prefix of ["abc", "abcd"]) void autocomplete.suggest({ prefix }).result.catch(() => undefined);
    const waiting = autocomplete.suggest({ prefix: "abcde" });
    assert.equal(calls.length, 0);
    await new Promise((resolve) => setTimeout(resolve, 40));
    assert.deepEqual(calls.map(({ request }) => request.before + request.typed), ["abcde"]);
    calls[0].say("fgh");
    calls[0].end();
    assert.equal(await waiting, "fgh");
    const known = autocomplete.suggest({ prefix: "abcdef" });
    assert.deepEqual(await Promise.race([known.next(), settle()]), { done: false, value: "gh" });
  });

  test("a suggestion ends at the line's end where it should", async () => {
    const { autocomplete, calls } = played({ stopAtLine: true });
    const suggestion = autocomplete.suggest({ prefix: "if (a) " });
    calls[0].say("{\n  b");
    assert.equal(await suggestion, "{");
    assert.equal(calls[0].cancelled, true);
  });

  test("a suggestion is shown once the mean probability of its tokens is high enough, and ends where it no longer is", async () => {
    const { autocomplete, calls } = played({ acceptance: 0.5 });
    const [low, high] = [Math.log(0.2), Math.log(0.9)];
    const suggestion = autocomplete.suggest({ prefix: "one" });
    assert.equal(calls[0].request.options.logprobs, 0);
    calls[0].say(" a", low);
    const next = suggestion.next();
    assert.equal(await Promise.race([next, settle()]), undefined);
    calls[0].say(" b", high);
    assert.equal(await Promise.race([next, settle()]), undefined);
    calls[0].say(" c", high);
    assert.equal((await next).value, " a b c");
    calls[0].say(" d", low);
    assert.equal(await suggestion, " a b c");
    const none = autocomplete.suggest({ prefix: "two" });
    calls[1].say(" e", low);
    calls[1].end();
    assert.equal(await none, "");
    assert.equal(autocomplete.counters.belowAcceptance, 1);
  });

  test("a slow device computes no token ahead, which the next request would wait for", async () => {
    const { autocomplete, calls } = played();
    const inFlight = [];
    for (const [index, ms] of [30, 0, 0].entries()) {
      const suggestion = autocomplete.suggest({ prefix: `text ${index}` });
      calls[index].say("a");
      await new Promise((resolve) => setTimeout(resolve, ms));
      calls[index].say("b");
      calls[index].end();
      await suggestion;
      inFlight.push(calls[index].request.options.tokensInFlight);
    }
    assert.deepEqual(inFlight, [undefined, 1, undefined]);
  });

  test("a failure reaches whoever waits, and the next request asks anew", async () => {
    const { autocomplete, calls } = played();
    const failing = autocomplete.suggest({ prefix: "one" });
    calls[0].fail(Object.assign(new Error("gone"), { code: "device-lost" }));
    assert.equal(await failure(failing.result), "device-lost");
    const next = autocomplete.suggest({ prefix: "one" });
    calls[1].say("!");
    calls[1].end();
    assert.equal(await next, "!");
  });

  test("options and requests that can't be are refused", async () => {
    for (const options of [{ acceptance: 2 }, { fim: "on" }, { context: { left: 1 } }, { maxTokens: 5000 }, { debounce: 1 }]) {
      assert.throws(() => played(options), { code: "invalid-option" }, JSON.stringify(options));
    }
    const { autocomplete } = played();
    for (const request of [{ prefix: 1 }, {}, { prefix: "a", after: "b" }]) {
      assert.match(await failure(autocomplete.suggest(request).result), /^invalid-/);
    }
  });

  test("accepting is counted", () => {
    const { autocomplete } = played();
    autocomplete.accepted("two words");
    autocomplete.accepted("");
    assert.deepEqual([autocomplete.counters.accepted, autocomplete.counters.acceptedCharacters], [1, 9]);
  });

  test("the next word comes with the space before it", () => {
    const words = (text) => (text === "" ? [] : [firstWord(text), ...words(text.slice(firstWord(text).length))]);
    assert.deepEqual(words("brown fox_1, x.\n  été "), ["brown", " fox_1", ",", " x", ".", "\n  été", " "]);
  });
});

/** A text of words. */
const words = (count) => Array.from({ length: count }, (_, index) => `word${index}`).join(" ");

describe("the anchor of a typed text", () => {
  test("what was before stays the same while somebody types and deletes", () => {
    const anchor = new Anchor({ before: 100, after: 20 });
    const [text, suffix] = [words(60), " and so on"];
    const { before, typed } = anchor.place(text, suffix);
    assert.equal(before + typed, text);
    assert.ok(typed.startsWith(" word") && typed.length >= 32, typed);
    for (const next of [`${text} a`, `${text} ab cd\nef`, text.slice(0, -20)]) {
      assert.deepEqual(anchor.place(next, suffix), { before, typed: next.slice(before.length), after: suffix });
    }
  });

  test("it moves where something else changes, and a long text is cut in big steps", () => {
    const anchor = new Anchor({ before: 100, after: 20 });
    const text = words(400);
    const first = anchor.place(text, "x");
    assert.ok(text.endsWith(first.before + first.typed) && first.before.length + first.typed.length <= 750);
    assert.notEqual(anchor.place(`!${text}`, "x").before, first.before);
    assert.equal(anchor.place(text, "y".repeat(500)).after.length, 120);
    let [starts, typed] = [new Set(), text];
    for (let count = 0; count < 600; count += 1) {
      typed += count % 6 === 0 ? " " : "a";
      const { before, typed: rest } = anchor.place(typed, "x");
      starts.add(typed.length - before.length - rest.length);
    }
    assert.ok(starts.size <= 2, `${[...starts]}`);
  });

  test("a text without words is anchored at its start", () => {
    const { before, typed } = new Anchor({ before: 100, after: 20 }).place("字".repeat(50), "");
    assert.deepEqual([before, typed.length], ["", 50]);
  });
});

describe("prompts for completing", () => {
  /** A tokenizer whose tokens are words with the space before them, by their own numbers from 100 on. */
  function tokenizer(special) {
    const known = [];
    const tokenize = (text) =>
      Uint32Array.from(text.match(/ ?\w+|\s|[^\w\s]/gu) ?? [], (word) => {
        if (!known.includes(word)) known.push(word);
        return 100 + known.indexOf(word);
      });
    let calls = 0;
    return {
      completionTokens: () => special,
      tokenize: (text) => ((calls += text.length > 0 ? 1 : 0), tokenize(text)),
      encodeContinuation: tokenize,
      continuationText: (token) => known[token - 100],
      read: (tokens) => Array.from(tokens, (token) => known[token - 100] ?? `<${token}>`).join(""),
      get calls() {
        return calls;
      },
    };
  }
  const context = { before: 40, after: 5 };
  const base = { fim: "auto", context, most: 1000 };
  const fillInMiddle = { prefix: 1, suffix: 2, middle: 3, suffixFirst: false };
  const text = { before: "def f(a):", typed: "\n  retur", after: "\nprint(f(1))" };

  test("what was typed stands behind the middle's token, and the last word's beginning is healed", () => {
    const played = tokenizer({ begin: 0, fillInMiddle });
    const made = new PromptMaker(played).make({ ...base, ...text });
    assert.equal(played.read(made.tokens), "<0><1>def f(a):<2>\nprint(f(<3>\n ");
    assert.deepEqual(made.healed.text, " retur");
  });

  test("the suffix comes first where the family or the caller says so, and Codestral has no token for the middle", () => {
    for (const [special, fim, expected] of [
      [{ ...fillInMiddle, suffixFirst: true }, "auto", "<2>\nprint(f(<1>def f(a):<3>\n "],
      [{ ...fillInMiddle, suffixFirst: true }, "prefix-first", "<1>def f(a):<2>\nprint(f(<3>\n "],
      [fillInMiddle, "suffix-first", "<2>\nprint(f(<1>def f(a):<3>\n "],
      [{ prefix: 1, suffix: 2, suffixFirst: true }, "auto", "<2>\nprint(f(<1>def f(a):\n "],
      [fillInMiddle, "off", "def f(a):\n "],
      [undefined, "auto", "def f(a):\n "],
    ]) {
      const played = tokenizer({ fillInMiddle: special });
      const { tokens } = new PromptMaker(played).make({ ...base, ...text, fim });
      assert.equal(played.read(tokens), expected, `${JSON.stringify(special)} ${fim}`);
    }
  });

  test("a model without such tokens, and a text with nothing behind the cursor, goes on from what is before", () => {
    const played = tokenizer({ begin: 0, fillInMiddle });
    const { tokens } = new PromptMaker(played).make({ ...base, ...text, after: " \n" });
    assert.equal(played.read(tokens), "<0>def f(a):\n ");
  });

  test("line breaks and parts of characters aren't healed", () => {
    const played = tokenizer({ begin: 0 });
    const maker = new PromptMaker(played);
    assert.equal(maker.make({ ...base, before: "", typed: "a\n", after: "" }).healed, undefined);
    const cut = { ...played, continuationText: () => "\ufffd" };
    assert.equal(new PromptMaker(cut).make({ ...base, before: "", typed: "a b", after: "" }).healed, undefined);
    // A prompt has to have a token.
    assert.equal(new PromptMaker(tokenizer({})).make({ ...base, before: "", typed: "a", after: "" }).healed, undefined);
  });

  test("what was there before is made into tokens once, and cut in big steps", () => {
    const played = tokenizer({ begin: 0, fillInMiddle });
    const maker = new PromptMaker(played);
    for (const typed of [" a", " ab", " abc"]) maker.make({ ...base, ...text, typed });
    assert.equal(played.calls, 1);
    const starts = new Set();
    for (let count = 50; count < 60; count += 1) {
      const { tokens } = maker.make({ ...base, before: words(count), typed: " x y", after: "" });
      assert.ok(tokens.length > 30 && tokens.length <= 42, `${tokens.length}`);
      starts.add(played.read(tokens).match(/word\d+/)[0]);
    }
    assert.equal(starts.size, 2);
    assert.equal(maker.make({ ...base, before: "", typed: words(3000), after: "" }).tokens.length, 1000);
  });
});
