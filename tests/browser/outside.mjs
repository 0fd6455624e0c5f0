// Runs the package outside of browsers: node outside.mjs SPECIFICATION, or deno run --allow-all --unstable-webgpu outside.mjs SPECIFICATION, a JSON object with
// `models`, the sources that are loaded, and `tokens`. Prints, as JSON, the logits of the tokens by model, how an answer ends that is given up, and, where `failures` are wanted,
// how loads do that are given up or can't succeed.
const { models, tokens, failures = false } = JSON.parse(globalThis.process.argv[2]);
const { Engine } = await import("../../pkg/dist/index.js");

/** The option that has the engine find a GPU: Deno has its own in `navigator`, for Node.js it is an npm package's. */
async function webGpu() {
  if (globalThis.navigator?.gpu) return {};
  const { create, globals } = await import("webgpu");
  Object.assign(globalThis, globals);
  return { gpu: create([]) };
}

const options = { ...(await webGpu()), activations: "float" };
const outcomeOf = (promise) =>
  promise.then(
    () => "done",
    ({ name, code, message }) => (name === "AbortError" ? name : `${code}: ${message}`),
  );
const logits = {};
let aborted;
for (const model of models) {
  const engine = await Engine.load(model, options);
  logits[model] = [...(await engine.logits(new Uint32Array(tokens)))];
  const controller = new AbortController();
  const answer = engine.generate(new Uint32Array(tokens), { maxTokens: 200, signal: controller.signal });
  await answer.next();
  controller.abort();
  aborted = await outcomeOf(answer.result);
  await engine.unload();
}
const controller = new AbortController();
const given = failures && Engine.load(models[0], { ...options, signal: controller.signal, onProgress: () => controller.abort() });
const missing = failures && Engine.load("no/such/model.gguf", options);
console.log(JSON.stringify({ logits, aborted, ...(failures && { load: await outcomeOf(given), missing: await outcomeOf(missing) }) }));
