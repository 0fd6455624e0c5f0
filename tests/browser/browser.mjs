// The site under test, and the one way to open a page of it: in the browser that a test file has for itself.
import { after } from "node:test";
import { launch } from "./chromium.mjs";

/** Whether whole products are to be run, as `cargo xtask test --all` asks. */
export const ALL = process.env.WGSLM_TEST_ALL === "1";

/** The address of a path of the site that `cargo xtask test` serves. */
export function site(path = "/") {
  const base = process.env.WGSLM_SITE_URL;
  if (!base) throw new Error("WGSLM_SITE_URL is not set; run the browser tests through `cargo xtask test`");
  return new URL(path, base).href;
}

/** The browsers of this file, with WebGPU's adapter and without. */
const browsers = new Map();
after(async () => {
  for (const browser of browsers.values()) await (await browser).close();
});

/**
 * A new page on the site, by itself or in the context of others, before whose first script `setUp` is called; an error that nobody catches in it fails the
 * test. Without `webgpu`, the browser has no adapter.
 */
export async function openPage(path, { setUp, webgpu = true, context } = {}) {
  if (!browsers.has(webgpu)) browsers.set(webgpu, launch({ webgpu }));
  const page = await (context ?? (await (await browsers.get(webgpu)).newContext())).newPage();
  page.setDefaultTimeout(120_000);
  page.on("pageerror", (error) => {
    throw new Error(`uncaught in the page: ${error.message}`);
  });
  await setUp?.(page);
  await page.goto(site(path));
  return page;
}

/** An empty page of the site, or of another origin, with the package, from its address, as the global `wgslm`, to try its API in. */
export async function openPackage({ setUp, webgpu, context, origin = site(), from = new URL("/wgslm/index.js", origin).href } = {}) {
  const page = await openPage(new URL("/empty.html", origin), {
    webgpu,
    context,
    setUp: async (opened) => {
      const body = '<!doctype html><title>package</title><link rel="icon" href="data:,">';
      await opened.route("**/empty.html", (route) => route.fulfill({ contentType: "text/html", body }));
      await opened.addInitScript(defineFailure);
      await setUp?.(opened);
    },
  });
  await page.evaluate(async (address) => (window.wgslm = await import(address)) && undefined, from);
  return page;
}

/** In the page: `failure(promise)` tells how a promise fails, and whether by a WgslmError. */
function defineFailure() {
  window.failure = (promise) =>
    promise.then(
      () => ({ code: "no failure" }),
      (error) => ({
        name: error.name,
        code: error.code,
        typed: error instanceof window.wgslm.WgslmError,
        message: error.message,
      }),
    );
}

/** Whether the site has a path. Where it hasn't, the test is skipped, but fails under WGSLM_NO_SKIP=1. */
export async function served(t, path) {
  const response = await fetch(site(path));
  await response.body?.cancel();
  if (response.ok) return true;
  if (process.env.WGSLM_NO_SKIP === "1")
    throw new Error(`${path} is not served (HTTP ${response.status}), and WGSLM_NO_SKIP=1`);
  t.skip(`${path} is not served (HTTP ${response.status})`);
  return false;
}

/** The bytes of a file of the site, or undefined, as {@link served}. */
export async function bytesOf(t, path) {
  return (await served(t, path)) ? Buffer.from(await (await fetch(site(path))).arrayBuffer()) : undefined;
}
