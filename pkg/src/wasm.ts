// The WebAssembly: the engine, fetched and compiled by one worker for all, and what only some models and requests need.
import { WgslmError, messageOf } from "./errors.js";
import init, { type TokenizerReader } from "./wasm/wgslm.js";
import { nodeModule } from "./node.js";
// The bindings alone, which are small: bundlers don't let every worker import later.
import initGrammars, { GrammarCompiler } from "./wasm/wgslm_grammar.js";
import initTokenizers, { JsonTokenizer } from "./wasm/wgslm_tokenizers.js";

/** The smallest module there is. */
const EMPTY_MODULE = Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00);

/** The memories of this worker's instances. */
const memories = new Set<WebAssembly.Memory>();

/** The bytes in the memories of this worker's instances. */
export function wasmBytes(): number {
  return [...memories].reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
}

/** Makes this worker's instance of the engine, of `compiled` where another worker has compiled it. */
export async function instantiate(compiled: WebAssembly.Module | undefined): Promise<WebAssembly.Module> {
  requirePermission();
  const module = compiled ?? (await compile(new URL("./wasm/wgslm_bg.wasm", import.meta.url)));
  await begin(init, module);
  return module;
}

/** Loads the module that reads a `tokenizer.json`, unless it is there, and returns its reader. */
export const tokenizers: () => Promise<TokenizerReader> = once(async () => {
  await begin(initTokenizers, await compile(new URL("./wasm/wgslm_tokenizers_bg.wasm", import.meta.url)));
  return JsonTokenizer;
});

/** Loads the module of grammars, unless it is there, and returns its compiler. */
export const grammars: () => Promise<typeof GrammarCompiler> = once(async () => {
  await begin(initGrammars, await compile(new URL("./wasm/wgslm_grammar_bg.wasm", import.meta.url)));
  return GrammarCompiler;
});

/** Has `load` run once; after a failure, the next call tries again. */
function once<T>(load: () => Promise<T>): () => Promise<T> {
  let loaded: Promise<T> | undefined;
  return () =>
    (loaded ??= load().catch((error: unknown) => {
      loaded = undefined;
      throw error;
    }));
}

/** Instantiates a module by its bindings, which do it once. */
async function begin(
  bindings: (options: { module_or_path: WebAssembly.Module }) => Promise<{ memory: WebAssembly.Memory }>,
  module: WebAssembly.Module,
): Promise<void> {
  try {
    memories.add((await bindings({ module_or_path: module })).memory);
  } catch (error) {
    throw unusable(error);
  }
}

async function compile(url: URL): Promise<WebAssembly.Module> {
  const fs = url.protocol === "file:" ? nodeModule("fs") : undefined;
  let response: Response;
  try {
    // Node.js doesn't fetch files.
    response = fs ? new Response(fs.readFileSync(url)) : await fetch(url);
  } catch (error) {
    const advice = "check the connection and try again";
    throw new WgslmError("network", `could not fetch ${url.href} (${messageOf(error)}); ${advice}`);
  }
  if (!response.ok) throw unusable(`the server answered HTTP ${response.status} for ${url.href}`);
  const isNamed = response.headers.get("content-type")?.startsWith("application/wasm") ?? false;
  try {
    return await (isNamed ? WebAssembly.compileStreaming(response) : WebAssembly.compile(await response.arrayBuffer()));
  } catch (error) {
    throw unusable(error);
  }
}

/** Fails before anything is fetched where a policy forbids WebAssembly, since browsers put that in different words. */
function requirePermission(): void {
  try {
    new WebAssembly.Module(EMPTY_MODULE);
  } catch (error) {
    throw new WgslmError(
      "wasm-load",
      `WebAssembly is forbidden here (${messageOf(error)}); add 'wasm-unsafe-eval' to script-src in the Content-Security-Policy`,
    );
  }
}

function unusable(reason: unknown): WgslmError {
  return new WgslmError(
    "wasm-load",
    `the WebAssembly could not be loaded (${messageOf(reason)}); check that the server has the package's wasm folder beside worker.js`,
  );
}
