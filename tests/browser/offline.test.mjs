// The site as it is deployed: below any path, small at first, and without a network from the second visit on.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { openPage, served } from "./browser.mjs";
import { ask, goTo, inState, mirror } from "./site.mjs";

const MODEL = "golden/arch/tiny-llama-q8_0.gguf";
/** What a first visit may fetch before the WebAssembly and a model. */
const MOST_BYTES = 250_000;

describe("deployed site", { timeout: 240_000 }, () => {
  test("below a path it opens with little, and with its model again once the server is gone", async (t) => {
    if (!(await served(t, `/${MODEL}`))) return;
    const server = await mirror("/some/where/");
    const first = await openPage(server.url);
    await inState(first, "empty");
    const { context, requests } = { context: first.context(), requests: server.requests };
    // The service worker fetches the rest of the site when the page has nothing to do.
    const needed = requests.filter(({ path, referer }) => !referer.endsWith("/sw.js") && !/(^sw\.js|\.wasm)$/.test(path));
    assert.ok(needed.length > 3, "scripts and styles are among them");
    const bytes = needed.reduce((sum, { body }) => sum + gzipSync(body).length, 0);
    assert.ok(bytes < MOST_BYTES, `the first visit fetches ${bytes} bytes: ${needed.map(({ path }) => path)}`);
    t.diagnostic(`the first visit fetches ${bytes} bytes, gzipped, before the WebAssembly`);

    await first.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
    await first.goto(`${server.url}?model=${MODEL}&autoload=1`);
    await inState(first, "ready");
    await first.close();
    await server.stop();

    const second = await openPage(`${server.url}?model=${MODEL}&autoload=1`, { context });
    await inState(second, "ready");
    await second.click("#options");
    await second.fill("#maxTokens", "3");
    await second.keyboard.press("Escape");
    assert.ok(await ask(second, "abc"));
    for (const path of ["write", "structured", "search", "metrics"]) await goTo(second, path);
    await goTo(second, "models");
    await second.waitForSelector("#kept li");
    assert.match(await second.textContent("#kept"), /tiny-llama-q8_0/);
    await second.getByLabel("Delete tiny-llama-q8_0").click();
    await second.waitForSelector("#kept", { state: "detached" });
    await second.goto(`${server.url}bench.html`);
    await inState(second, "ready");
    await context.close();
  });
});
