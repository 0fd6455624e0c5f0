// Every snippet of the documents does what it says, as far as a tiny model can: those in JavaScript are type-checked and run in a page.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { before, describe, test } from "node:test";
import { transform } from "esbuild";
import { bytesOf, openPackage, served } from "./browser.mjs";
import { withMetadata } from "./gguf-metadata.mjs";
import { built } from "./played-worker.mjs";
import { allBlocks, bundled, typeErrors } from "./snippets.mjs";

const LIMIT = { timeout: 300_000 };
/** Languages that are checked otherwise, or that no snippet of a page is written in. */
const OTHERS = ["", "html", "http", "json", "jsx", "promql", "python", "rust", "sh", "text", "toml"];
const CHAT = "/snippets/chat.gguf";

/** The models that stand for those that documents name. */
const STAND_INS = {
  "hf:bartowski/SmolLM2-135M-Instruct-GGUF/SmolLM2-135M-Instruct-Q4_K_M.gguf": CHAT,
  "models/smollm2-135m-instruct-q4_1.gguf": CHAT,
  "smollm2-135m": CHAT,
  "hf:owner/name/model-q4_0.gguf": CHAT,
  "hf:CompendiumLabs/bge-small-en-v1.5-gguf/bge-small-en-v1.5-q8_0.gguf": "/golden/models/bert-mean.gguf",
  "hf:ggml-org/Qwen3-Reranker-0.6B-Q8_0-GGUF/qwen3-reranker-0.6b-q8_0.gguf": "/golden/models/bert-rank.gguf",
};

const blocks = await allBlocks();
/** The places that other tests run snippets in: `outside.test.mjs` and `workers.test.mjs`. */
const PLACES = ["node", "service-worker", "offer"];
const snippets = blocks.filter(({ language, place }) => (language === "js" || language === "ts") && place === "");

describe("snippets", () => {
  test("are in languages that a test knows", () => {
    const unknown = blocks.filter(({ language }) => !["js", "ts", ...OTHERS].includes(language));
    assert.deepEqual(unknown.map(({ name, language }) => `${name} ${language}`), []);
    assert.ok(snippets.length > 25, `${snippets.length} snippets`);
  });

  test("that don't run in a page run in places that have a test", () => {
    assert.deepEqual(blocks.map(({ place }) => place).filter((place) => place !== "").toSorted(), PLACES.toSorted());
  });

  test("in TypeScript fit the package's types", LIMIT, async () => {
    assert.equal(await typeErrors(snippets.filter(({ language }) => language === "ts")), "");
  });

  test("in JSX can be read", async () => {
    for (const { text } of blocks.filter(({ language }) => language === "jsx")) await transform(text, { loader: "jsx" });
  });

  test("in HTML name files that the package has", async () => {
    const manifest = JSON.parse(await readFile(new URL("../package.json", built("")), "utf8"));
    const maps = blocks.flatMap(({ text }) => [...text.matchAll(/<script type="importmap">(.*?)<\/script>/g)].map(([, map]) => JSON.parse(map)));
    assert.ok(maps.length > 1);
    for (const { imports } of maps) {
      const [, version, file] = /(?:wgslm@([\d.]+)\/dist|\.\.\/wgslm)\/(.*)$/.exec(imports.wgslm);
      if (version) assert.equal(version, manifest.version);
      await readFile(built(file));
    }
  });

  test("of the Content-Security-Policy let a model run", LIMIT, async () => {
    const [, policy] = /^Content-Security-Policy: (.*)$/.exec(blocks.find(({ language }) => language === "http").text);
    const headers = { "content-security-policy": policy };
    const body = "<!doctype html><title>policy</title>";
    const setUp = (opened) => opened.route("**/empty.html", (route) => route.fulfill({ contentType: "text/html", headers, body }));
    const page = await openPackage({ setUp });
    const refused = await page.evaluate(() => {
      const violation = new Promise((resolve) => document.addEventListener("securitypolicyviolation", resolve, { once: true }));
      fetch("https://elsewhere.example/").catch(() => undefined);
      return violation.then(({ effectiveDirective }) => effectiveDirective);
    });
    assert.equal(refused, "connect-src");
    assert.equal((await page.evaluate(() => window.wgslm.Engine.support())).available, true);
    await page.context().close();
  });

  describe("run in a page", LIMIT, () => {
    let page;
    before(async () => {
      const modules = await bundled(snippets);
      page = await openPackage({
        setUp: async (opened) => {
          await opened.context().route("**/snippets/*.js", (route) => {
            const [, index] = /(\d+)\.js$/.exec(route.request().url());
            return route.fulfill({ contentType: "text/javascript", body: modules[index] });
          });
        },
      });
    });

    test("on models that stand for the named ones", LIMIT, async (t) => {
      const golden = await bytesOf(t, "/golden/arch/tiny-llama-q8_0.gguf");
      const template = await bytesOf(t, "/golden/chat_templates/Qwen-Qwen3-0.6B.jinja");
      const others = Object.values(STAND_INS).filter((address) => address !== CHAT);
      if (!golden || !template || !(await Promise.all(others.map((path) => served(t, path)))).every(Boolean)) return;
      const body = withMetadata(golden, { "tokenizer.chat_template": template.toString() });
      await page.context().route(`**${CHAT}`, (route) => route.fulfill({ body }));
      await page.evaluate(standIn, [STAND_INS, CHAT]);
    });

    for (const [index, { name }] of snippets.entries()) {
      test(name, LIMIT, async (t) => {
        if (!(await page.evaluate(() => "engine" in window))) return t.skip("the models are not served");
        const { finished, error } = await page.evaluate(runSnippet, index);
        assert.equal(error, undefined);
        assert.equal(finished, index);
      });
    }
  });
});

/** In the page: has `Engine.load` give one engine for each model that stands for others, and sets the globals of snippets. */
async function standIn([standIns, chat]) {
  const { Engine } = window.wgslm;
  const load = Engine.load.bind(Engine);
  const loaded = new Map();
  const progress = [];
  const engineOf = async (address) => {
    const limit = address === chat ? { contextLength: 2048 } : {};
    const engine = await load(address, { ...limit, onProgress: (step) => progress.push(step) });
    engine.unload = async () => undefined;
    return engine;
  };
  Engine.load = async (source, options = {}) => {
    // The real one refuses what is wrong before it sees that it was aborted.
    const aborted = new DOMException("checked", "AbortError");
    await load(source, { ...options, signal: AbortSignal.abort(aborted) }).catch((error) => {
      if (error !== aborted) throw error;
    });
    options.signal?.throwIfAborted();
    source = options.models?.find(({ id }) => id === source)?.source ?? source;
    const named = source?.hf ? `hf:${source.hf}/${source.file}` : String(source).replace(new URL(".", location.href).href, "");
    const isAddress = typeof source === "string" || source instanceof URL || source.hf;
    const address = isAddress ? standIns[named] : chat;
    // What no model stands for isn't there.
    if (!address) return load(source, options);
    if (!loaded.has(address)) loaded.set(address, engineOf(address));
    const engine = await loaded.get(address);
    progress.forEach((step) => options.onProgress?.(step));
    return engine;
  };
  document.body.innerHTML = "<form><input name=question><input type=file><button>Stop</button></form><textarea></textarea><output></output>";
  document.querySelector("form").addEventListener("submit", (event) => event.preventDefault());
  const messages = [{ role: "user", content: "Hello" }];
  const engine = await Engine.load(Object.keys(standIns).find((name) => standIns[name] === chat));
  Object.assign(window, { engine, messages, prompt: messages, output: document.querySelector("output"), key: "key", autocomplete: engine.autocomplete() });
}

/** In the page: runs a snippet to its end; tells what it failed with. */
async function runSnippet(index) {
  try {
    await import(`/snippets/${index}.js`);
    return { finished: window.finished };
  } catch (error) {
    return { error: `${error.code ?? error.name}: ${error.message}` };
  }
}

describe("the table of errors", () => {
  test("has every code, and no other", async () => {
    const [table, own, engine] = await Promise.all(
      [new URL("../../docs/javascript/errors.md", import.meta.url), built("errors.d.ts"), built("wasm/wgslm.d.ts")].map((file) => readFile(file, "utf8")),
    );
    const union = (text, name) => [...new RegExp(`type ${name} =([^;]*);`).exec(text)[1].matchAll(/"([a-z-]+)"/g)].map(([, code]) => code);
    const withoutComments = own.replaceAll(/\/\*\*[^]*?\*\//g, "");
    const codes = [...union(withoutComments, "PackageErrorCode"), ...union(engine, "EngineErrorCode")];
    const listed = [...table.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, code]) => code);
    assert.deepEqual(listed.toSorted(), codes.toSorted());
  });
});
