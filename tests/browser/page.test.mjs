// The chat page, driven as a visitor would.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { bytesOf, openPage, served } from "./browser.mjs";
import { damagedFiles } from "./damaged.mjs";
import { gguf, huggingFace } from "./model-files.mjs";
import { answered, ask, choose, goTo, inState, set } from "./site.mjs";

const MODEL = "/models/smollm2-135m-instruct-q4_1.gguf";
const TINY = "/golden/arch/tiny-llama-q8_0.gguf";
const lastAnswer = ".turn:last-child .answer";

describe("page", { timeout: 600_000 }, () => {

  test("the default model loads with progress, answers, stops mid-answer, and does so again after a reload", async (t) => {
    if (!(await served(t, MODEL))) return;
    const page = await openPage();
    await inState(page, "empty");
    assert.match(await page.textContent(".side .adapter"), /swiftshader/i);

    const watch = () =>
      page.evaluate(() => {
        window.seen = [];
        window.amounts = [];
        new MutationObserver(() => {
          const bar = document.getElementById("progress");
          if (bar && bar.position >= 0 && bar.position !== window.seen.at(-1)) window.seen.push(bar.position);
          const amount = document.getElementById("amount");
          if (amount) window.amounts.push(amount.textContent);
        }).observe(document.body, { attributes: true, childList: true, characterData: true, subtree: true });
      });
    await watch();
    await page.click("#load-default");
    await inState(page, "ready");
    const seen = await page.evaluate(() => window.seen);
    assert.ok(seen.length > 3, `progress moved ${seen.length} times`);
    assert.deepEqual(
      seen,
      seen.toSorted((a, b) => a - b),
      "progress went back",
    );
    assert.equal(seen.at(-1), 1);
    assert.match((await page.evaluate(() => window.amounts)).at(-1), /98\.\d\sMB of 98\.\d\sMB/);
    assert.match(await page.textContent(".side .model-card"), /SmolLM2 135M.*ready/);

    await page.fill("#prompt", "Count from one to one hundred.");
    await page.press("#prompt", "Enter");
    await page.waitForFunction(() => document.querySelector(".generated")?.textContent.length > 2);
    assert.equal(await page.getAttribute("body", "data-state"), "generating");
    await page.click("#stop");
    await answered(page);
    assert.equal(await page.getAttribute(lastAnswer, "data-finish-reason"), "cancelled");
    assert.match(await page.textContent(`${lastAnswer} .figures`), /^\d+ tokens? · .*first token after .*stopped$/);
    const stopped = await page.textContent(".generated");

    await page.reload();
    await inState(page, "empty");
    await watch();
    await page.click("#load-default");
    await inState(page, "ready");
    assert.ok(
      (await page.evaluate(() => window.amounts)).some((text) => text.endsWith("from this device")),
      "the model was kept",
    );
    await page.click(".side .chat-name");
    assert.equal(await page.textContent(".generated"), stopped, "the chat was kept");
    await page.click(".side #new-chat");

    await set(page, { maxTokens: 12 });
    assert.match(await ask(page, "What is the capital of Japan?"), /Tokyo/);
    const likeliest = await page.textContent(".generated");
    assert.match(await page.textContent(`${lastAnswer} .figures`), /^\d+ tokens · [\d.]+ tokens\/s · first token after/);

    // Only the likeliest token is left to draw from.
    await page.click(".side #new-chat");
    await set(page, { temperature: 2, topK: 1, maxTokens: 3 });
    const drawn = await ask(page, "What is the capital of Japan?");
    assert.equal(await page.getAttribute(lastAnswer, "data-finish-reason"), "length");
    assert.match(await page.textContent(`${lastAnswer} .figures`), /^3 tokens .*reached the most tokens$/);
    assert.ok(drawn && likeliest.startsWith(drawn), `${likeliest} begins with ${drawn}`);

    await goTo(page, "write");
    await page.click("#editor");
    await page.keyboard.press("Control+A");
    await page.keyboard.type("The capital of France is");
    await page.waitForSelector(".wgslm-ghost");
    await page.keyboard.press("Escape");
    assert.equal(await page.isVisible(".wgslm-ghost"), false, "Escape dismisses");
    assert.equal(await page.inputValue("#editor"), "The capital of France is");
    await page.keyboard.type(" ");
    await page.waitForSelector(".wgslm-ghost");
    await page.keyboard.press("Tab");
    assert.match(await page.inputValue("#editor"), /^The capital of France is\s+Paris/);
    assert.equal(await page.evaluate(() => document.activeElement.id), "editor");

    await goTo(page, "metrics");
    const wasmBytes = Number(await page.getAttribute("#memory", "data-wasm-bytes"));
    assert.ok(wasmBytes > 0 && wasmBytes < 64 * 2 ** 20, `the page reports ${wasmBytes} bytes of wasm memory`);
    await page.context().close();
  });

  test("a broken file is named as such, and the page takes a good one afterwards", async (t) => {
    const tiny = await bytesOf(t, TINY);
    if (!tiny) return;
    const page = await openPage();
    await inState(page, "empty");
    for (const { name, bytes, code, message } of damagedFiles(tiny)) {
      await choose(page, { [name]: bytes });
      await page.waitForSelector(`#error[data-code="${code}"]`);
      assert.match(await page.textContent("#error"), message, name);
      await inState(page, "empty");
    }
    await choose(page, { "tiny.gguf": tiny });
    await inState(page, "ready");
    assert.equal(await page.isVisible("#error"), false);
    await goTo(page, "models");
    await page.click("#unload");
    await inState(page, "empty");
    await page.context().close();
  });

  test("a missing model is an error that names its address", async () => {
    const page = await openPage("/?model=models/missing.gguf&autoload=1");
    await page.waitForSelector('#error[data-code="http"]');
    assert.match(await page.textContent("#error"), /404.*missing\.gguf/s);
    await page.context().close();
  });

  test("a cancelled load leaves the page ready for another", async (t) => {
    const tiny = await bytesOf(t, TINY);
    if (!tiny) return;
    let requested;
    const request = new Promise((resolve) => (requested = resolve));
    const page = await openPage("/?model=golden/arch/tiny-llama-q8_0.gguf&autoload=1", {
      // The first request never gets an answer.
      setUp: (opened) => opened.context().route(`**${TINY}`, () => requested(), { times: 1 }),
    });
    await request;
    await page.click("#cancel");
    await inState(page, "empty");
    assert.equal(await page.isVisible("#error"), false);
    await page.click("#load-default");
    await inState(page, "ready");
    await page.context().close();
  });

  test("the example answers", async (t) => {
    if (!(await served(t, MODEL)) || !(await served(t, "/example/"))) return;
    const page = await openPage("/example/");
    await page.fill("input", "What is the capital of Japan?");
    await page.click("button");
    await page.waitForFunction(() => document.querySelector("output").textContent.includes("Tokyo"));
    await page.context().close();
  });

  test("a browser without WebGPU is told so", async () => {
    const page = await openPage("/", {
      setUp: (opened) => opened.addInitScript(() => delete Navigator.prototype.gpu),
    });
    await inState(page, "unavailable");
    assert.equal(await page.getAttribute("#error", "data-code"), "no-webgpu");
    assert.match(await page.textContent("#error"), /no WebGPU.*Chrome/s);
    assert.equal(await page.isVisible("#load-default"), false);
    await page.context().close();
  });
});

describe("page with a small model, whose tokenizer has a chat template", { timeout: 300_000 }, () => {
  let page;
  before(async () => {
    page = await openPage();
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await inState(page, "empty");
    await choose(page, huggingFace());
    await inState(page, "ready");
    // The template draws the first message only, and the model knows letters only.
    await set(page, { system: "", maxTokens: 4 });
  });

  const newChat = async (system = "") => {
    await page.click(".side #new-chat");
    await set(page, { system });
  };

  async function changeModel(files) {
    await goTo(page, "models");
    await page.click("#unload");
    await inState(page, "empty");
    await goTo(page, "chat");
    await choose(page, files);
    await inState(page, "ready");
  }

  test("Enter sends, and Shift+Enter breaks the line", async () => {
    await page.click("#prompt");
    await page.keyboard.type("ab");
    await page.keyboard.press("Shift+Enter");
    await page.keyboard.type("cd");
    assert.equal(await page.inputValue("#prompt"), "ab\ncd");
    assert.equal(await page.locator(".turn").count(), 0);
    // An input method takes Enter for the word that it composes.
    for (const composing of [{ isComposing: true }, { keyCode: 229 }]) {
      await page.dispatchEvent("#prompt", "keydown", { key: "Enter", cancelable: true, ...composing });
    }
    assert.equal(await page.locator(".turn").count(), 0);
    await page.keyboard.press("Enter");
    await answered(page);
    assert.equal(await page.textContent(".question"), "ab\ncd");
    assert.equal(await page.inputValue("#prompt"), "");
  });

  test("the system prompt is sent, and is the chat's own", async () => {
    await newChat();
    const asQuestion = await ask(page, "abc");
    await newChat("abc");
    assert.equal(await ask(page, "T"), asQuestion);
    await newChat();
    assert.notEqual(await ask(page, "T"), asQuestion);
    await page.locator(".side .chat-name").nth(1).click();
    await page.click("#options");
    assert.equal(await page.inputValue("#system"), "abc");
    await page.keyboard.press("Escape");
    assert.equal(await page.evaluate(() => document.activeElement.id), "options", "the focus is back on what opened them");
  });

  test("a question can be edited, an answer be had again, and both be copied", async () => {
    await newChat();
    const first = await ask(page, "abc");
    const other = await ask(page, "def");
    assert.equal(other, first, "the template draws the first message only");
    const copied = () => page.evaluate(() => navigator.clipboard.readText());
    await page.locator(".turn").first().getByLabel("Copy the question").click();
    assert.equal(await copied(), "abc");
    await page.locator(".turn").first().getByLabel("Copy the answer").click();
    assert.equal(await copied(), first);

    await page.locator(".turn").first().getByLabel("Edit the question").click();
    assert.equal(await page.evaluate(() => document.activeElement.value), "abc");
    await page.keyboard.press("Escape");
    assert.equal(await page.locator(".turn").count(), 2, "Escape changes nothing");
    await page.locator(".turn").first().getByLabel("Edit the question").click();
    await page.keyboard.type("T");
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => document.querySelectorAll(".turn").length === 1);
    const edited = await answered(page);
    assert.equal(await page.textContent(".question"), "abcT");
    assert.notEqual(edited, first);

    // An answer that is had again is drawn: of several, not all are the likeliest one.
    await set(page, { temperature: 2, minP: 0 });
    const again = new Set();
    for (let attempt = 0; attempt < 6 && again.size < 2; attempt += 1) {
      await page.getByLabel("Answer again").click();
      // It may be whole before it is seen to be under way.
      await page.waitForSelector(`${lastAnswer}:not([data-finish-reason])`, { timeout: 2000 }).catch(() => undefined);
      again.add(await answered(page));
    }
    assert.ok(again.size > 1, [...again].join());
    await set(page, { temperature: 0, minP: 0.05 });
  });

  test("chats are listed, reopened and deleted, and outlast a reload", async () => {
    const chats = page.locator(".side .chats li");
    const count = await chats.count();
    await newChat();
    assert.equal(await page.locator(".turn").count(), 0);
    const answer = await ask(page, "mnop");
    assert.equal(await chats.count(), count + 1);
    assert.equal(await chats.first().locator(".chat-name").textContent(), "mnop");
    await chats.last().locator(".chat-name").click();
    assert.equal(await page.textContent(".question"), "ab\ncd");
    await chats.first().locator(".chat-name").click();
    assert.equal(await page.textContent(".generated"), answer);
    const kept = () => page.evaluate(() => JSON.parse(localStorage.getItem("wgslm.chats")).map(({ turns }) => turns[0].question));
    assert.equal((await kept())[0], "mnop");
    await page.getByLabel("Delete mnop").first().click();
    assert.equal(await chats.count(), count);
    assert.ok(!(await kept()).includes("mnop"));
  });

  test("a text goes on where the model has no chat template", async () => {
    assert.equal(await page.getAttribute("#prompt", "placeholder"), "Ask something");
    const files = huggingFace();
    const { chat_template, ...config } = JSON.parse(files["tokenizer_config.json"]);
    assert.ok(chat_template, "the model has a template to lose");
    await changeModel({ ...files, "tokenizer_config.json": Buffer.from(JSON.stringify(config)) });
    await page.click(".side #new-chat");
    assert.equal(await page.getAttribute("#prompt", "placeholder"), "Begin a text");
    assert.ok(await ask(page, "abc"));
    await changeModel(files);
    assert.equal(await page.getAttribute("#prompt", "placeholder"), "Ask something");
  });

  test("a model is called by its file's name, not by what its metadata say", async () => {
    await changeModel({ "Smol 135M-00001-of-00001.gguf": gguf() });
    assert.equal(await page.textContent(".side .model-title"), "Smol 135M");
    await goTo(page, "models");
    assert.equal(await page.textContent("#loaded-title"), "Smol 135M");
    await page.context().close();
  });
});

test("a browser without an adapter is told so", { timeout: 60_000 }, async () => {
  const page = await openPage("/", { webgpu: false });
  await inState(page, "unavailable");
  assert.equal(await page.getAttribute("#error", "data-code"), "no-adapter");
});
