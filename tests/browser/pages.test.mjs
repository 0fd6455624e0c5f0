// The site's other pages, driven as a visitor would, on one model that all of them share; and what axe-core says of each of their states.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { findings, inEveryLook } from "./accessibility.mjs";
import { bytesOf, openPage, served } from "./browser.mjs";
import { ask, choose, goTo, inState, set } from "./site.mjs";

const TINY = "/golden/arch/tiny-llama-q8_0.gguf";
const EMBEDDER = "/models/all-minilm-l6-v2/config.json";
const PAGES = ["chat", "write", "structured", "search", "models", "metrics"];

describe("pages", { timeout: 300_000 }, () => {
  let page;
  let tiny;
  const check = (what) => inEveryLook(page, async (look) => assert.deepEqual(await findings(page), [], `${what}: ${look}`));
  before(async () => {
    page = await openPage();
    await inState(page, "empty");
  });

  test("each page offers a model first, and axe finds nothing wrong with any of them", async () => {
    for (const path of PAGES) {
      await goTo(page, path);
      if (path !== "models") assert.equal(await page.isVisible("#load-default"), true, path);
      await check(`${path}, nothing loaded`);
      assert.match(await page.title(), / · wgslm$/);
    }
  });

  test("the menu of a phone leads to each page, and the colours can be changed", async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    await page.click(".bar button");
    await page.waitForSelector("dialog.drawer[open]");
    assert.deepEqual(await findings(page), []);
    const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const before = await background();
    await page.locator("dialog.drawer").getByLabel(/colours/).click();
    assert.notEqual(await background(), before);
    await page.locator("dialog.drawer").getByLabel(/colours/).click();
    assert.equal(await background(), before);
    await page.locator('dialog.drawer a[href="#/write"]').click();
    await page.waitForSelector("main > .write");
    assert.equal(await page.isVisible("dialog.drawer"), false);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true, "nothing is wider than the phone");
    await page.evaluate(() => localStorage.removeItem("wgslm.theme"));
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.reload();
    await inState(page, "empty");
  });

  test("chat: a broken file, the settings and a conversation have no findings either", async (t) => {
    tiny = await bytesOf(t, TINY);
    if (!tiny) return;
    await goTo(page, "chat");
    await choose(page, { "page.gguf": Buffer.from("<html>") });
    await page.waitForSelector("#error");
    await check("an error");
    await choose(page, { "tiny.gguf": tiny });
    await inState(page, "ready");
    await check("ready");
    await page.click("#options");
    await check("settings");
    await page.keyboard.press("Escape");
    await set(page, { maxTokens: 4 });
    assert.ok(await ask(page, "abc"));
    await check("a conversation");
  });

  test("metrics: the answer's times, phases and memory are shown", async (t) => {
    if (!tiny) return t.skip("no model");
    await goTo(page, "metrics");
    await page.waitForSelector(".tile");
    assert.match(await page.textContent(".tiles"), /First token\s*[\d.]+.*s.*median/s);
    assert.equal(await page.locator(".times").count(), 3);
    assert.match(await page.locator(".times svg").first().getAttribute("aria-label"), /^Time to first token of the last 1 answers, p50 .*p95 .*p99/);
    assert.match(await page.locator(".bars .stack").first().getAttribute("aria-label"), /^Waiting .*Prefill .*Decode .*Text /);
    assert.match(await page.textContent("#memory"), /At its peak [\d.]+\s[kM]B on the GPU/);
    assert.match(await page.textContent("#kernels-title + *"), /dispatches a token/);
    await check("metrics");
  });

  test("write: each key is a request, and text and length outlast a visit", async (t) => {
    if (!tiny) return t.skip("no model");
    await goTo(page, "write");
    await page.click("#editor");
    await page.keyboard.press("Control+A");
    await page.keyboard.type("The morning was co");
    assert.equal(await page.inputValue("#editor"), "The morning was co");
    await page.waitForFunction(() => Number(document.querySelector(".counters strong")?.textContent) > 0);
    assert.match(await page.textContent(".counters"), /Requests.*Tokens read.*Tokens written.*Accepted/s);
    await check("write");
    assert.equal(await page.evaluate(() => JSON.parse(localStorage.getItem("wgslm.draft"))), "The morning was co");
    await page.getByText("A few words").click();
    assert.equal(await page.evaluate(() => JSON.parse(localStorage.getItem("wgslm.suggestion"))), "word");
  });

  test("structured: an answer follows its rule, and a wrong rule is told", async (t) => {
    if (!tiny) return t.skip("no model");
    await goTo(page, "structured");
    await page.getByText("Choices", { exact: true }).click();
    await page.fill("#rule", "cat\ndog");
    await page.fill("#task", "abc");
    await page.click("#generate");
    await page.waitForSelector('#verdict[data-ending="stop"]');
    assert.match(await page.textContent("#result"), /^(cat|dog)$/);
    await check("structured");
    await page.getByText("Regular expression", { exact: true }).click();
    await page.fill("#rule", "[0-9]{4}");
    await page.click("#generate");
    await page.waitForFunction(() => /^\d{4}$/.test(document.getElementById("result")?.textContent));
    await page.getByText("JSON Schema", { exact: true }).first().click();
    await page.fill("#rule", '{"type": ');
    await page.click("#generate");
    await page.waitForSelector('#error[data-code="invalid-grammar"]');
    await check("structured, an error");
  });

  test("models: what is loaded, an address that isn't there, and unloading", async (t) => {
    if (!tiny) return t.skip("no model");
    await goTo(page, "models");
    assert.match(await page.textContent(".models .facts"), /Architecture.*llama, 2 layers/s);
    await check("models");
    await page.click("#unload");
    await inState(page, "empty");
    await page.fill("#address", "models/missing.gguf");
    await page.press("#address", "Enter");
    await page.waitForSelector("#error");
    await check("models, an error");
  });

  test("search: passages are found by what they mean", async (t) => {
    if (!(await served(t, EMBEDDER))) return;
    await goTo(page, "search");
    await page.fill("#library", "The shop refunds a purchase within thirty days.\n\nLightning heats the air, which expands as thunder.\n\nAn octopus has three hearts.");
    await page.click("#load-default");
    await page.waitForSelector("#question:not([disabled])");
    for (const [question, found] of [
      ["Can I get my money back?", /refunds/],
      ["animals with unusual organs", /octopus/],
    ]) {
      await page.fill("#question", question);
      await page.waitForFunction((text) => new RegExp(text).test(document.querySelector("#hits li")?.textContent), found.source);
    }
    await check("search");
    await page.context().close();
  });
});
