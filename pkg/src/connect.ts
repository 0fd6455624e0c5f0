// The workers of this page: what one has fetched and compiled serves the next.
import { Connection } from "./connection.js";
import { WgslmError } from "./errors.js";
import { absolute } from "./source.js";
import { startWorker } from "./start-worker.js";

/** The WebAssembly by the address that workers were asked from; `undefined` comes of one that failed. */
const compiled = new Map<string, Promise<WebAssembly.Module | undefined>>();

/** A worker that has told of its GPU and has nothing else to do, for whoever loads a model next. */
let spare: { key: string; connection: Connection } | undefined;

/** A connection to a worker without a model. */
export async function connect(workerUrl: string | URL | undefined): Promise<Connection> {
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

/** Keeps what {@link connect} gave for its next caller, in place of the one kept so far. */
export function keepSpare(workerUrl: string | URL | undefined, connection: Connection): void {
  void spare?.connection.close(new WgslmError("unloaded", "another worker has taken its place"));
  spare = { key: workerUrl === undefined ? "" : absolute(workerUrl).href, connection };
}
