// Chromium with WebGPU on its software adapter, and the site under test.
import { chromium } from "playwright-core";

const FLAGS = [
  "--no-sandbox",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-quic",
  "--no-first-run",
];
const WEBGPU = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"];

/** Whether whole products are to be run, as `cargo xtask test --all` asks. */
export const ALL = process.env.WGSLM_TEST_ALL === "1";

/** Starts Chromium, without any adapter if asked; `WGSLM_CHROMIUM` names another one than Debian's. */
export function launch({ webgpu = true } = {}) {
  const executablePath = process.env.WGSLM_CHROMIUM ?? "/usr/bin/chromium";
  return chromium.launch({ executablePath, headless: true, args: webgpu ? [...FLAGS, ...WEBGPU] : FLAGS });
}

/** The address of a path of the site that `cargo xtask test` serves. */
export function site(path = "/") {
  const base = process.env.WGSLM_SITE_URL;
  if (!base) throw new Error("WGSLM_SITE_URL is not set; run the browser tests through `cargo xtask test`");
  return new URL(path, base).href;
}

/** A new page on the site, by itself; an error that nobody catches in it fails the test. */
export async function openPage(browser, path, { setUp } = {}) {
  const context = await browser.newContext();
  const page = await context.newPage();
  page.setDefaultTimeout(120_000);
  page.on("pageerror", (error) => {
    throw new Error(`uncaught in the page: ${error.message}`);
  });
  await setUp?.(page);
  await page.goto(site(path));
  return page;
}

/** An empty page of the site with the package, from its address, as the global `wgslm`, to try its API in. */
export async function openPackage(browser, { setUp, from = site("/wgslm/index.js") } = {}) {
  const page = await openPage(browser, "/empty.html", {
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
