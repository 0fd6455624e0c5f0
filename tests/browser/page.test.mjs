// The demo page, driven as a visitor would.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { bytesOf, launch, openPage, served } from "./browser.mjs";
import { damagedFiles } from "./damaged.mjs";

const MODEL = "/models/smollm2-135m-instruct-q4_1.gguf";
const inState = (page, state) => page.waitForSelector(`body[data-state="${state}"]`);

describe("page", { timeout: 300_000 }, () => {
  let browser;
  before(async () => (browser = await launch()));
  after(() => browser.close());

  test("the default model loads with progress, answers, stops mid-answer, and does so again after a reload", async (t) => {
    if (!(await served(t, MODEL))) return;
    const page = await openPage(browser);
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

    await page.check("#chat");
    await page.fill("#prompt", "Count from one to one hundred.");
    await page.press("#prompt", "Control+Enter");
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
    assert.equal(await page.isChecked("#chat"), false);
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
    const page = await openPage(browser);
    await inState(page, "empty");
    const give = (name, buffer) => page.setInputFiles("#file", { name, buffer, mimeType: "application/octet-stream" });
    for (const { name, bytes, code, message } of damagedFiles(tiny)) {
      await give(name, bytes);
      await page.waitForSelector(`#error[data-code="${code}"]:not([hidden])`);
      assert.match(await page.textContent("#error"), message, name);
      await inState(page, "empty");
    }
    await give("tiny.gguf", tiny);
    await inState(page, "ready");
    assert.equal(await page.isVisible("#error"), false);
    await page.click("#unload");
    await inState(page, "empty");
    await page.context().close();
  });

  test("a missing model is an error that names its address", async () => {
    const page = await openPage(browser, "/?model=models/missing.gguf&autoload=1");
    await page.waitForSelector('#error[data-code="http"]');
    assert.match(await page.textContent("#error"), /404.*missing\.gguf/s);
    await page.context().close();
  });

  test("a cancelled load leaves the page ready for another", async (t) => {
    const tiny = await bytesOf(t, "/golden/arch/tiny-llama-q8_0.gguf");
    if (!tiny) return;
    let requested;
    const request = new Promise((resolve) => (requested = resolve));
    const page = await openPage(browser, "/?model=golden/arch/tiny-llama-q8_0.gguf&autoload=1", {
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

  test("the example answers", async (t) => {
    if (!(await served(t, MODEL)) || !(await served(t, "/example/"))) return;
    const page = await openPage(browser, "/example/");
    await page.fill("input", "What is the capital of France?");
    await page.click("button");
    await page.waitForFunction(() => document.querySelector("output").textContent.includes("Paris"));
    await page.context().close();
  });

  test("a browser without WebGPU is told so", async () => {
    const page = await openPage(browser, "/", {
      setUp: (opened) => opened.addInitScript(() => delete Navigator.prototype.gpu),
    });
    await inState(page, "unavailable");
    assert.equal(await page.getAttribute("#error", "data-code"), "no-webgpu");
    assert.match(await page.textContent("#error"), /no WebGPU.*Chrome/s);
    assert.equal(await page.isVisible("#load-default"), false);
    await page.context().close();
  });
});

test("a browser without an adapter is told so", { timeout: 60_000 }, async () => {
  const browser = await launch({ webgpu: false });
  try {
    const page = await openPage(browser);
    await inState(page, "unavailable");
    assert.equal(await page.getAttribute("#error", "data-code"), "no-adapter");
  } finally {
    await browser.close();
  }
});
