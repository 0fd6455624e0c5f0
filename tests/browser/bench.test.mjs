// The benchmark page: by itself for a server that takes the result, and by hand.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { findings, inEveryLook } from "./accessibility.mjs";
import { bytesOf, openPage, served } from "./browser.mjs";

const MODEL = "/golden/arch/tiny-llama-q8_0.gguf";
const SMALL = "pp=8&tg=4&repeat=2";
const LIMIT = { timeout: 120_000 };

describe("bench page", () => {

  /** Opens the page, waits until it ends in `state`, and gives what it posted to /result. */
  async function open(parameters, state) {
    const results = [];
    let arrived;
    const arrival = new Promise((resolve) => (arrived = resolve));
    const page = await openPage(`/bench.html?${parameters}`, {
      setUp: (opened) =>
        opened.route(
          ({ pathname }) => pathname === "/result",
          async (route) => {
            results.push({ method: route.request().method(), body: route.request().postDataJSON() });
            arrived();
            await route.fulfill({ status: 204 });
          },
        ),
    });
    await page.waitForSelector(`body[data-state="${state}"]`);
    if (parameters.includes("post=/")) await arrival;
    return { page, results };
  }

  function checkFigure(figure, samples) {
    assert.deepEqual(Object.keys(figure), ["median", "min", "max", "samples"]);
    const { median, min, max } = figure;
    assert.ok(0 < min && min <= median && median <= max && Number.isFinite(max), JSON.stringify(figure));
    assert.equal(figure.samples.length, samples);
  }

  test("it runs what its address asks for and posts the result", LIMIT, async (t) => {
    if (!(await served(t, MODEL))) return;
    const { page, results } = await open(`model=${MODEL}&${SMALL}&depth=0,40&post=/result`, "done");
    assert.equal(results.length, 1);
    assert.equal(results[0].method, "POST");
    const report = results[0].body;
    assert.equal(report.model.file, "tiny-llama-q8_0.gguf");
    assert.equal(report.device.software, true);
    assert.ok(Array.isArray(report.device.features));
    const settings = { prompt_tokens: 8, gen_tokens: 4, batch: 1, repeat: 2, tokens_in_flight: 4, context_length: 49 };
    assert.deepEqual(report.settings, settings);
    for (const key of ["load_ms", "first_request_ms", "dispatches_per_token", "copy_bytes_per_s"]) {
      assert.ok(report[key] > 0 && Number.isFinite(report[key]), `${key}: ${report[key]}`);
    }
    checkFigure(report.warm_request_ms, 2);
    checkFigure(report.ttft_ms, 2);
    assert.deepEqual(
      report.depths.map(({ depth }) => depth),
      [0, 40],
    );
    for (const depth of report.depths) {
      checkFigure(depth.prefill_tokens_per_s, 2);
      checkFigure(depth.decode_tokens_per_s, 2);
      assert.ok(depth.bytes_per_s > 0 && depth.bandwidth_share > 0, JSON.stringify(depth));
    }
    // Two layers of two KV heads, each 64 wide: keys and values in f32.
    assert.equal(report.depths[1].bytes_per_token - report.depths[0].bytes_per_token, 40 * 2 * 2 * 64 * 2 * 4);
    const { peak_bytes, weight_bytes, kv_cache_bytes, wasm_bytes } = report.memory;
    assert.ok(peak_bytes > weight_bytes + kv_cache_bytes && kv_cache_bytes > 0, JSON.stringify(report.memory));
    assert.ok(peak_bytes < 16 * 2 ** 20 && wasm_bytes > 0, JSON.stringify(report.memory));

    assert.equal(await page.locator("#rates tr").count(), 2);
    assert.equal(await page.locator("#plot circle").count(), 4);
    assert.match(await page.getAttribute("#plot svg", "aria-label"), /at depth 40/);
    assert.deepEqual(JSON.parse(await page.textContent("#json")), report);
    await page.click("#results summary");
    await inEveryLook(page, async (look) => assert.deepEqual(await findings(page), [], `done: ${look}`));
    await page.context().close();
  });

  test("an error is posted with its code", LIMIT, async () => {
    for (const [parameters, code, message] of [
      [`model=models/missing.gguf&${SMALL}`, "http", /404.*missing\.gguf/],
      [`model=${MODEL}&pp=0`, "invalid-argument", /pp=0 is not usable/],
      [`model=${MODEL}&depth=1,x`, "invalid-argument", /depth=1,x is not usable/],
      [`model=${MODEL}&${SMALL}&depth=5000`, "invalid-option", /from 1 to 2048/],
    ]) {
      const { page, results } = await open(`${parameters}&post=/result`, "failed");
      assert.equal(results.length, 1, parameters);
      assert.deepEqual(Object.keys(results[0].body), ["error", "code"], parameters);
      assert.equal(results[0].body.code, code);
      assert.match(results[0].body.error, message);
      assert.equal(await page.getAttribute("#error", "data-code"), code);
      await page.context().close();
    }
  });

  test("results go to the page's own site only", LIMIT, async () => {
    const { page, results } = await open(`model=${MODEL}&${SMALL}&post=https://elsewhere.invalid/result`, "failed");
    assert.deepEqual(results, []);
    assert.equal(await page.getAttribute("#error", "data-code"), "invalid-argument");
    assert.match(await page.textContent("#error"), /another site/);
    await page.context().close();
  });

  test("a visitor measures a file and stops a run", LIMIT, async (t) => {
    const tiny = await bytesOf(t, MODEL);
    if (!tiny) return;
    const page = await openPage("/bench.html");
    await page.waitForSelector('body[data-state="ready"]');
    assert.match(await page.textContent("#adapter"), /swiftshader/i);
    await inEveryLook(page, async (look) => assert.deepEqual(await findings(page), [], `ready: ${look}`));
    await page.setInputFiles("#file", { name: "tiny.gguf", buffer: tiny, mimeType: "application/octet-stream" });
    await page.getByLabel("Prompt tokens").fill("8");
    await page.getByLabel("Generated tokens").fill("1500");
    await page.getByLabel("Repeats").fill("1");
    await page.getByRole("button", { name: "Measure" }).click();
    await page.waitForFunction(() => document.getElementById("phase")?.textContent.startsWith("Decode"));
    await page.getByRole("button", { name: "Stop" }).click();
    await page.waitForSelector('body[data-state="failed"]');
    assert.equal(await page.isVisible("#error"), false);
    assert.equal(await page.textContent("#status"), "The benchmark was stopped");

    await page.getByLabel("Generated tokens").fill("3");
    await page.getByRole("button", { name: "Measure" }).click();
    await page.waitForSelector('body[data-state="done"]');
    assert.match(await page.textContent("#result-title"), /^tiny llama on /);
    assert.match(await page.textContent("#facts"), /Dispatches a token/);
    await page.context().close();
  });
});
