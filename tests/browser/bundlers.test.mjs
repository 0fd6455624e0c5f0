// The examples with bundlers, and the extension: each builds with the package as it is published, and answers as the unbundled package does.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { installPackage } from "../../examples/package.mjs";
import { openPackage, openPage, site } from "./browser.mjs";
import { launchProfile } from "./chromium.mjs";
import { serveFolders } from "./folder-server.mjs";
import { withMetadata } from "./gguf-metadata.mjs";

const LIMIT = { timeout: 240_000 };
const EXAMPLES = fileURLToPath(new URL("../../examples/", import.meta.url));
/** The folder that each bundler writes. */
const APPS = { esbuild: "dist", next: "out", rollup: "dist", vite: "dist", webpack: "dist" };
const MODULES = ["wgslm", "wgslm_grammar", "wgslm_tokenizers"];

/** Builds an example from nothing; the folder that it writes. */
async function buildExample(app, built) {
  const folder = join(EXAMPLES, app, built);
  await rm(folder, { recursive: true, force: true });
  const env = { ...process.env, NEXT_TELEMETRY_DISABLED: "1" };
  await promisify(execFile)("npm", ["run", "build"], { cwd: join(EXAMPLES, app), env });
  return folder;
}

/** The answer that an example's page shows to the question in its form. */
async function answered(page) {
  await page.click("button");
  await page.locator("output[data-done]").waitFor();
  return page.locator("output").textContent();
}

describe("the example with", LIMIT, () => {
  let server;
  let expected;

  before(async () => {
    await installPackage();
    const golden = await fetch(site("/golden/arch/tiny-llama-q8_0.gguf"));
    const template = "{% for message in messages %}{{ message.content }}{% endfor %}";
    const model = withMetadata(Buffer.from(await golden.arrayBuffer()), { "tokenizer.chat_template": template });
    // Next.js' pages stand at the root of their site.
    const { next, ...others } = Object.fromEntries(Object.entries(APPS).map(([app, built]) => [app, join(EXAMPLES, app, built)]));
    const folders = Object.fromEntries(Object.entries(others).map(([app, folder]) => [`/${app}/`, folder]));
    server = await serveFolders({ ...folders, "/": next }, { "/tiny.gguf": model });

    const page = await openPackage();
    expected = await page.evaluate(async (address) => {
      const engine = await window.wgslm.Engine.load(address);
      const question = [{ role: "user", content: "What is the capital of Japan?" }];
      const answer = await engine.generate(question, { maxTokens: 32 });
      await engine.unload();
      return answer;
    }, server.url("/tiny.gguf"));
    assert.ok(expected.length > 10);
    await page.context().close();
  });

  after(() => server?.close());

  for (const [app, built] of Object.entries(APPS)) {
    test(app, LIMIT, async () => {
      const folder = await buildExample(app, built);
      const files = await readdir(folder, { recursive: true });
      for (const module of MODULES) {
        const named = files.filter((file) => file.endsWith(".wasm") && (file.includes(`${module}_bg`) || !file.includes("_bg")));
        assert.ok(named.length > 0, `${module} is missing among ${files}`);
      }

      server.requests.splice(0);
      const page = await openPage(server.url(`${app === "next" ? "" : `/${app}`}/?model=/tiny.gguf`));
      assert.equal(await answered(page), expected);
      const fetched = server.requests.filter((path) => path.endsWith(".wasm"));
      assert.equal(fetched.length, 1, `fetched ${server.requests}`);
      await page.context().close();
    });
  }

  test("an extension, whose engine stays when its popup closes", LIMIT, async () => {
    const extension = await buildExample("extension", "dist");
    const profile = await mkdtemp(join(tmpdir(), "wgslm-extension-"));
    const context = await launchProfile(profile, { extension });
    try {
      const worker = context.serviceWorkers()[0] ?? (await context.waitForEvent("serviceworker"));
      const popup = new URL(`popup.html?model=${encodeURIComponent(server.url("/tiny.gguf"))}`, worker.url()).href;
      server.requests.splice(0);
      for (let visit = 0; visit < 2; visit++) {
        const page = await context.newPage();
        await page.goto(popup);
        assert.equal(await answered(page), expected);
        await page.close();
        assert.equal(server.requests.length, 1, `the model is loaded once: ${server.requests}`);
      }
    } finally {
      await context.close();
      await rm(profile, { recursive: true, force: true });
    }
  });
});
