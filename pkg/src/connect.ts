// The ways to a host. Of workers that this page starts, what one has fetched and compiled serves the next.
import { Connection } from "./connection.js";
import { WgslmError } from "./errors.js";
import { absolute } from "./source.js";
import { joinSharedWorker, startWorker } from "./start-worker.js";
import type { WebGpu } from "./web-gpu.js";

/** The place of a host: a worker of the page's own, unless something else is asked for. */
export interface Place {
  workerUrl?: string | URL | undefined;
  mainThread?: boolean | undefined;
  /** A WebGPU in place of the browser's, which no worker can be sent. */
  webGpu?: WebGpu | undefined;
}

/** The WebAssembly by the address that workers were asked from; `undefined` comes of one that failed. */
const compiled = new Map<string, Promise<WebAssembly.Module | undefined>>();

/** A worker that has told of its GPU and has nothing else to do, for whoever loads a model next. */
let spare: { key: string; connection: Connection } | undefined;

/** A connection to a host without a model. */
export async function connect({ workerUrl, mainThread, webGpu }: Place): Promise<Connection> {
  if (mainThread || webGpu) {
    const { startHere } = await import("./main-thread.js");
    return new Connection(startHere(webGpu));
  }
  const url = workerUrl === undefined ? undefined : absolute(workerUrl);
  const key = url?.href ?? "";
  if (spare?.key === key) {
    const { connection } = spare;
    spare = undefined;
    if (!connection.closed) return connection;
  }
  // What another worker compiles right now is waited for, rather than fetched again.
  const shared = compiled.get(key);
  const wasm = shared && (await shared);
  const connection = new Connection(startWorker(url), wasm);
  if (!wasm) compiled.set(key, connection.wasm);
  return connection;
}

/** A connection to the host that tabs share under a name. */
export function connectShared(workerUrl: string | URL | undefined, name: string): Connection {
  const connection = new Connection(joinSharedWorker(workerUrl === undefined ? undefined : absolute(workerUrl), name));
  void connection.keepAlive();
  return connection;
}

/** Keeps what {@link connect} gave for its next caller, in place of the one kept so far. */
export function keepSpare({ workerUrl, mainThread, webGpu }: Place, connection: Connection): void {
  if (mainThread || webGpu) return void connection.close(new WgslmError("unloaded", "nobody waits for an answer"));
  void spare?.connection.close(new WgslmError("unloaded", "another worker has taken its place"));
  spare = { key: workerUrl === undefined ? "" : absolute(workerUrl).href, connection };
}
