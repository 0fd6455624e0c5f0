// WebGPU, without which there is nothing to do.
import { WgslmError } from "./errors.js";

/** A WebGPU as browsers have it in `navigator.gpu`, such as that of the npm package `webgpu` for Node.js. */
export interface WebGpu {
  /** Gives an adapter, or null where there is none. */
  requestAdapter(options?: object): Promise<object | null>;
}

export function isWebGpu(value: unknown): value is WebGpu {
  return typeof (Object(value) as Partial<WebGpu>).requestAdapter === "function";
}

/** Fails before a worker is started or a byte fetched where nothing could come of it. */
export function requireWebGpu(): void {
  if (globalThis.navigator && "gpu" in navigator) return;
  throw new WgslmError("no-webgpu", webGpuAdvice());
}

function webGpuAdvice(): string {
  if (typeof isSecureContext === "undefined") {
    return "there is no WebGPU here; in Node.js, give one as the option gpu, such as that of the npm package webgpu, and in a page's server-side rendering, load the model in the browser";
  }
  return isSecureContext
    ? "this browser has no WebGPU; use a current Chrome, Edge, Firefox or Safari, with hardware acceleration on"
    : "browsers offer WebGPU to secure pages only; open this page over https or on localhost";
}

/** True in pages and workers, whose scopes have one of these names. */
const IS_BROWSER = "Window" in globalThis || "WorkerGlobalScope" in globalThis;

/** The work that needs a WebGPU in the global scope, of which only one can be there. */
let exposing: Promise<unknown> = Promise.resolve();

/**
 * Opens a device by `open`, which looks for WebGPU where pages and workers have it. Outside of browsers, and where another one is `given`, it is there
 * as long as that takes.
 */
export function withWebGpu<T>(given: WebGpu | undefined, open: () => Promise<T>): Promise<T> {
  if (!given && IS_BROWSER) return open();
  const opened = exposing.then(async () => {
    const hide = [
      define(globalThis, "navigator", globalThis.navigator ?? {}),
      define(globalThis.navigator, "gpu", given ?? globalThis.navigator.gpu),
      ...(IS_BROWSER ? [] : [define(globalThis, "WorkerGlobalScope", class {})]),
    ];
    try {
      return await open();
    } finally {
      hide.reverse().forEach((undo) => undo());
    }
  });
  exposing = opened.catch(() => undefined);
  return opened;
}

/** Gives an object a property; the function that is returned puts back what was there. */
function define(object: object, name: string, value: unknown): () => void {
  const before = Object.getOwnPropertyDescriptor(object, name);
  Object.defineProperty(object, name, { value, configurable: true, writable: true });
  return () => {
    if (before) Object.defineProperty(object, name, before);
    else delete (object as Record<string, unknown>)[name];
  };
}
