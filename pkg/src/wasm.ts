// The WebAssembly: the engine's, fetched and compiled by one worker for all, and that of grammars, which few pages need.
import { WgslmError, messageOf } from "./errors.js";
import init from "./wasm/wgslm.js";

/** The smallest module there is. */
const EMPTY_MODULE = Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00);

/** A running instance. */
export interface Instance {
  memory: WebAssembly.Memory;
  module: WebAssembly.Module;
}

/** The module of grammars. */
export type GrammarModule = typeof import("./wasm/wgslm_grammar.js");

let grammars: Promise<GrammarModule> | undefined;

/** Makes this worker's instance, of `compiled` where another worker has compiled it. */
export async function instantiate(compiled: WebAssembly.Module | undefined): Promise<Instance> {
  requirePermission();
  const module = compiled ?? (await compile(new URL("./wasm/wgslm_bg.wasm", import.meta.url)));
  try {
    const { memory } = await init({ module_or_path: module });
    return { memory, module };
  } catch (error) {
    throw unusable(error);
  }
}

/** Loads the module of grammars, unless it is there. */
export function loadGrammars(): Promise<GrammarModule> {
  return (grammars ??= startGrammars().catch((error: unknown) => {
    // The next request tries again.
    grammars = undefined;
    throw error;
  }));
}

async function startGrammars(): Promise<GrammarModule> {
  // Side by side: the script and what it drives.
  const compiling = compile(new URL("./wasm/wgslm_grammar_bg.wasm", import.meta.url));
  compiling.catch(() => undefined);
  try {
    const module = await import("./wasm/wgslm_grammar.js");
    await module.default({ module_or_path: await compiling });
    return module;
  } catch (error) {
    throw error instanceof WgslmError ? error : unusable(error);
  }
}

async function compile(url: URL): Promise<WebAssembly.Module> {
  let response: Response;
  try {
    response = await fetch(url);
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
