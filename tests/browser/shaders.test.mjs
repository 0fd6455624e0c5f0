// Every expanded shader variant through the browser's own WGSL compiler, which is not the one that built the tables.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { ALL, openPackage, served, site } from "./browser.mjs";

const LIST = "/shaders.json";

/**
 * The shaders to build pipelines of, which takes half a second to some seconds each in software: all of them under WGSLM_TEST_ALL=1,
 * otherwise as few as show each kernel, each format of weights and each other option once. The text of all is checked in either case.
 */
function toBuild(shaders) {
  const shown = new Set();
  return shaders.filter(({ name }) => {
    const fresh = name.split(/-(?!interleave)/).filter((word) => !shown.has(word));
    for (const word of fresh) shown.add(word);
    return ALL || fresh.length > 0;
  });
}

describe("shaders", { timeout: ALL ? 7_200_000 : 600_000 }, () => {
  let page;
  before(async () => (page = await openPackage()));

  test("every variant that the adapter's features allow compiles, those without features on a default device", async (t) => {
    if (!(await served(t, LIST))) return;
    const list = await (await fetch(site(LIST))).json();
    assert.ok(list.length > 0, "the list of shaders is empty");
    const built = new Set(toBuild(list));
    const shaders = list.map((shader) => ({ ...shader, build: built.has(shader) }));
    const { failures, lacking } = await page.evaluate(compile, shaders);
    t.diagnostic(
      `${shaders.length} checked, ${built.size} of them built; the adapter lacks the features of ${lacking.length}`,
    );
    assert.deepEqual(failures, []);
    const plain = shaders.filter(({ features }) => features.length === 0);
    assert.ok(plain.length > 0, "no variant runs without features");
  });

  test("a wrong shader is found", async () => {
    const wrong = { name: "wrong", features: [], build: true, wgsl: "@compute @workgroup_size(1) fn main() { let x: u32 = 1.5; }" };
    const { failures } = await page.evaluate(compile, [wrong]);
    assert.equal(failures.length, 1);
    assert.match(failures[0], /^wrong: line 1/);
  });
});

/** In the page: compiles each shader and builds its pipeline where that's asked for; what failed, and what the adapter can't do. */
async function compile(shaders) {
  const adapter = await navigator.gpu.requestAdapter();
  const usable = ({ features }) => features.every((feature) => adapter.features.has(feature));
  const wanted = new Set(shaders.filter(usable).flatMap(({ features }) => features));
  const requiredLimits = {};
  for (const name in adapter.limits) requiredLimits[name] = adapter.limits[name];
  const full = await adapter.requestDevice({ requiredFeatures: [...wanted], requiredLimits });
  // A second adapter, because one gives a single device.
  const plain = await (await navigator.gpu.requestAdapter()).requestDevice();
  const failures = [];
  const compileOne = async ({ name, wgsl, features, build }) => {
    const device = features.length > 0 ? full : plain;
    try {
      const module = device.createShaderModule({ label: name, code: wgsl });
      const { messages } = await module.getCompilationInfo();
      const errors = messages.filter(({ type }) => type === "error");
      for (const { lineNum, message } of errors) failures.push(`${name}: line ${lineNum}: ${message}`);
      if (errors.length === 0 && build)
        await device.createComputePipelineAsync({ label: name, layout: "auto", compute: { module } });
    } catch (error) {
      failures.push(`${name}: ${error.message}`);
    }
  };
  // Several at a time, for the cores there are.
  const waiting = shaders.filter(usable);
  const worker = async () => {
    for (let shader = waiting.shift(); shader; shader = waiting.shift()) await compileOne(shader);
  };
  await Promise.all([worker(), worker(), worker(), worker()]);
  return { failures, lacking: shaders.filter((shader) => !usable(shader)).map(({ name }) => name) };
}
