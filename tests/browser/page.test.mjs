// The demo page, driven as a visitor would.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { findings, inEveryLook } from "./accessibility.mjs";
import { bytesOf, openPage, served, site } from "./browser.mjs";
import { damagedFiles } from "./damaged.mjs";
import { gguf, huggingFace } from "./model-files.mjs";

const MODEL = "/models/smollm2-135m-instruct-q4_1.gguf";
const inState = (page, state) => page.waitForSelector(`body[data-state="${state}"]`);

/** Gives the page files by name, as a visitor chooses them. */
const choose = (page, files) =>
  page.setInputFiles(
    "#file",
    Object.entries(files).map(([name, buffer]) => ({ name, buffer, mimeType: "application/octet-stream" })),
  );

describe("page", { timeout: 600_000 }, () => {

  test("the default model loads with progress, answers, stops mid-answer, and does so again after a reload", async (t) => {
    if (!(await served(t, MODEL))) return;
    const page = await openPage();
    await inState(page, "empty");
    assert.match(await page.textContent("#adapter"), /swiftshader/i);

    await page.evaluate(() => {
      window.seen = [];
      const bar = document.getElementById("progress");
      new MutationObserver(() => window.seen.push(bar.position)).observe(bar, { attributes: true });
    });
    await page.click("#load-default");
    await inState(page, "ready");
    const seen = (await page.evaluate(() => window.seen)).filter((position) => position >= 0);
    assert.ok(seen.length > 3, `progress moved ${seen.length} times`);
    assert.deepEqual(
      seen,
      seen.toSorted((a, b) => a - b),
      "progress went back",
    );
    assert.equal(seen.at(-1), 1);
    assert.match(await page.textContent("#amount"), /98\.\d\sMB of 98\.\d\sMB · [\d.,]+\sMB\/s/);

    await page.fill("#prompt", "Count from one to one hundred.");
    await page.press("#prompt", "Enter");
    await page.waitForFunction(() => document.querySelector(".generated")?.textContent.length > 2);
    assert.equal(await page.getAttribute("body", "data-state"), "generating");
    await page.click("#stop");
    await inState(page, "ready");
    assert.equal(await page.getAttribute(".answer", "data-finish-reason"), "cancelled");
    assert.match(await page.textContent(".answer .figures"), /^\d+ tokens? · .*first token after .*stopped$/);

    await page.reload();
    await inState(page, "empty");
    await page.click("#load-default");
    await inState(page, "ready");
    await page.uncheck("#chat");
    await page.click("#options summary");
    await page.fill("#max-tokens", "3");
    await page.fill("#prompt", "The capital of France is");
    await page.click("#send");
    await inState(page, "ready");
    assert.match(await page.textContent(".generated"), /^ Paris/);
    assert.equal(await page.getAttribute(".answer", "data-finish-reason"), "length");
    assert.match(await page.textContent(".answer .figures"), /^3 tokens · [\d.]+ tokens\/s · first token after/);

    // Only the likeliest token is left to draw from.
    await page.click("#options summary");
    await page.fill("#temperature", "2");
    await page.fill("#top-k", "1");
    await page.fill("#prompt", "The capital of France is");
    await page.click("#send");
    await page.waitForSelector('.turn:nth-child(2) .answer[data-finish-reason="length"]');
    assert.match(await page.textContent(".turn:nth-child(2) .generated"), /^ Paris/);

    const wasmBytes = Number(await page.getAttribute("#memory", "data-wasm-bytes"));
    assert.ok(wasmBytes > 0 && wasmBytes < 64 * 2 ** 20, `the page reports ${wasmBytes} bytes of wasm memory`);
    await page.context().close();
  });

  test("a broken file is named as such, and the page takes a good one afterwards", async (t) => {
    const tiny = await bytesOf(t, "/golden/arch/tiny-llama-q8_0.gguf");
    if (!tiny) return;
    const page = await openPage();
    await inState(page, "empty");
    for (const { name, bytes, code, message } of damagedFiles(tiny)) {
      await choose(page, { [name]: bytes });
      await page.waitForSelector(`#error[data-code="${code}"]:not([hidden])`);
      assert.match(await page.textContent("#error"), message, name);
      await inState(page, "empty");
    }
    await choose(page, { "tiny.gguf": tiny });
    await inState(page, "ready");
    assert.equal(await page.isVisible("#error"), false);
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
    const tiny = await bytesOf(t, "/golden/arch/tiny-llama-q8_0.gguf");
    if (!tiny) return;
    let requested;
    const request = new Promise((resolve) => (requested = resolve));
    const page = await openPage("/?model=golden/arch/tiny-llama-q8_0.gguf&autoload=1", {
      // The first request never gets an answer.
      setUp: (opened) => opened.route("**/golden/arch/tiny-llama-q8_0.gguf", () => requested(), { times: 1 }),
    });
    await request;
    await page.click("#cancel");
    await inState(page, "empty");
    assert.equal(await page.isVisible("#error"), false);
    await page.click("#load-default");
    await inState(page, "ready");
    await page.context().close();
  });

  test("an instruct model answers a question without further ado, since chat is the way where there is a template", async (t) => {
    if (!(await served(t, MODEL))) return;
    const page = await openPage("/?autoload=1");
    await inState(page, "ready");
    await page.fill("#prompt", "What is the capital of Japan?");
    await page.press("#prompt", "Enter");
    await page.waitForSelector(".answer[data-finish-reason]");
    assert.match(await page.textContent(".generated"), /Tokyo/);
    assert.equal(await page.textContent("#model-name"), "SmolLM2 135M");
    await page.context().close();
  });

  test("axe finds nothing wrong, on a desktop and on a phone, in light and in dark", async () => {
    const page = await openPage();
    await inState(page, "empty");
    const check = (what) => inEveryLook(page, async (look) => assert.deepEqual(await findings(page), [], `${what}: ${look}`));
    await check("nothing loaded");
    await choose(page, { "page.gguf": Buffer.from("<html>") });
    await page.waitForSelector("#error:not([hidden])");
    await check("an error");
    await choose(page, huggingFace());
    await inState(page, "ready");
    await page.click("#options summary");
    await check("options");
    await page.fill("#max-tokens", "2");
    await page.fill("#prompt", "abc");
    await page.press("#prompt", "Enter");
    await page.waitForSelector(".answer[data-finish-reason]");
    await page.uncheck("#chat");
    await page.fill("#prompt", "abc");
    await page.press("#prompt", "Enter");
    await page.waitForSelector(".turn:nth-child(2) .answer[data-finish-reason]");
    await check("a conversation");
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
    await inState(page, "empty");
    await choose(page, huggingFace());
    await inState(page, "ready");
  });

  async function changeModel(files) {
    await page.click("#unload");
    await inState(page, "empty");
    await choose(page, files);
    await inState(page, "ready");
  }

  test("chat is ticked by itself where the model has a template, and can be unticked", async () => {
    assert.equal(await page.isChecked("#chat"), true);
    assert.equal(await page.getAttribute("#prompt", "placeholder"), "Ask something");
    await page.uncheck("#chat");
    await page.fill("#prompt", "abc");
    await page.press("#prompt", "Enter");
    await page.waitForSelector(".answer[data-finish-reason]");
    assert.equal(await page.isVisible(".question"), false);
    assert.equal(await page.isChecked("#chat"), false);

    const files = huggingFace();
    const { chat_template, ...config } = JSON.parse(files["tokenizer_config.json"]);
    assert.ok(chat_template, "the model has a template to lose");
    await changeModel({ ...files, "tokenizer_config.json": Buffer.from(JSON.stringify(config)) });
    assert.equal(await page.isChecked("#chat"), false);
    assert.equal(await page.isEnabled("#chat"), false);
    assert.equal(await page.getAttribute("#prompt", "placeholder"), "Begin a text");

    await changeModel(files);
    assert.equal(await page.isChecked("#chat"), true);
  });

  test("Enter sends, and Shift+Enter breaks the line", async () => {
    await page.click("#options summary");
    await page.fill("#max-tokens", "2");
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
    await page.waitForSelector(".answer[data-finish-reason]");
    assert.equal(await page.textContent(".question"), "ab\ncd");
    assert.equal(await page.inputValue("#prompt"), "");
  });

  test("Escape closes the options and leaves the focus on what opens them", async () => {
    const open = () => page.evaluate(() => document.getElementById("options").open);
    await page.click("#options summary");
    await page.focus("#top-k");
    assert.equal(await open(), true);
    await page.keyboard.press("Escape");
    assert.equal(await open(), false);
    assert.equal(await page.evaluate(() => document.activeElement.localName), "summary");

    await page.keyboard.press("Enter");
    assert.equal(await open(), true);
    await page.focus("#prompt");
    await page.keyboard.press("Escape");
    assert.equal(await open(), false);
    assert.equal(await page.evaluate(() => document.activeElement.id), "prompt");
  });

  test("a model is called by its file's name, not by what its metadata say", async () => {
    await changeModel({ "Smol 135M-00001-of-00001.gguf": gguf() });
    assert.equal(await page.textContent("#model-name"), "Smol 135M");
    assert.equal(await page.getByRole("heading", { level: 1 }).textContent(), "Smol 135M");

    const names = await page.evaluate(async (address) => {
      const { atAddress, inFiles } = await import(address);
      const inFolder = (path) =>
        Object.defineProperty(new File([], path.split("/").at(-1)), "webkitRelativePath", {
          value: path.includes("/") ? path : "",
        });
      const addresses = [
        "models/smollm2-135m-instruct-q4_1.gguf",
        "https://host.invalid/a%20b/tiny-00001-of-00003.gguf?download=true",
        "https://host.invalid/someone/Tiny-0.6B/resolve/main/",
        "folders/tiny%20one/",
        "models/100%.gguf",
        "https://",
      ];
      const files = [
        ["tiny.gguf"],
        ["notes.txt", "tiny-00001-of-00002.gguf", "tiny-00002-of-00002.gguf"],
        ["Tiny-0.6B/config.json", "Tiny-0.6B/model.safetensors"],
        ["config.json", "model.safetensors"],
      ];
      return {
        addresses: addresses.map((given) => atAddress(given).name),
        files: files.map((paths) => inFiles(paths.map(inFolder)).name),
        nothing: inFiles([]),
      };
    }, site("/chosen.js"));
    assert.deepEqual(names, {
      addresses: ["smollm2-135m-instruct-q4_1", "tiny", "Tiny-0.6B", "tiny one", "100%", "https:"],
      files: ["tiny", "tiny", "Tiny-0.6B", ""],
      nothing: undefined,
    });
  });
});

test("a browser without an adapter is told so", { timeout: 60_000 }, async () => {
  const page = await openPage("/", { webgpu: false });
  await inState(page, "unavailable");
  assert.equal(await page.getAttribute("#error", "data-code"), "no-adapter");
});
