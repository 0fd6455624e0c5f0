// The worker's entry: passes calls to the host and its answers back.
import { toErrorMessage } from "./errors.js";
import { Host } from "./host.js";
import type { Context } from "./load.js";
import type { FromWorker, Handlers, MethodName, Methods, ToWorker } from "./protocol.js";

// The library types `self` as a window, whose `postMessage` is another one.
const scope = globalThis as unknown as {
  postMessage(message: FromWorker, transfer?: Transferable[]): void;
  addEventListener<K extends keyof WorkerEvents>(type: K, listener: (event: WorkerEvents[K]) => void): void;
};
interface WorkerEvents {
  message: MessageEvent<ToWorker>;
  error: ErrorEvent;
  unhandledrejection: PromiseRejectionEvent;
}

const host = new Host((wasm) => scope.postMessage({ wasm }));
const running = new Map<number, AbortController>();

async function answer<M extends MethodName>(id: number, method: M, params: Methods[M]["params"]): Promise<void> {
  if (method === "unload") running.forEach((controller) => controller.abort());
  const controller = new AbortController();
  running.set(id, controller);
  try {
    // The compiler can't see that the handler and the parameters are of the same method.
    const owner = method in host.sessions ? host.sessions : host;
    const handler = (owner as Partial<Handlers<Methods>>)[method] as unknown as (
      params: Methods[M]["params"],
      context: Context<Methods[M]["event"]>,
    ) => Promise<Methods[M]["result"]>;
    const context = {
      signal: controller.signal,
      emit: (event: Methods[M]["event"]) => scope.postMessage({ id, event }),
    };
    const result = await handler.call(owner, params, context);
    scope.postMessage({ id, result }, buffersOf(result));
  } catch (error) {
    // After a trap the instance's memory can't be trusted: nothing may be called in it again.
    if (error instanceof WebAssembly.RuntimeError) return fail(error);
    scope.postMessage({ id, error: toErrorMessage(error) });
  } finally {
    running.delete(id);
  }
}

/** The buffers of a result, which are the receiver's from now on. */
function buffersOf(result: unknown): ArrayBuffer[] {
  if (ArrayBuffer.isView(result)) return [result.buffer as ArrayBuffer];
  return Object.values(Object(result) as object)
    .flat()
    .filter((part) => ArrayBuffer.isView(part))
    .map(({ buffer }) => buffer as ArrayBuffer);
}

function fail(error: unknown): void {
  scope.postMessage({ fatal: toErrorMessage(error, "worker-crashed") });
}

scope.addEventListener("message", ({ data }) => {
  if ("wasm" in data) host.wasm = data.wasm;
  else if ("abort" in data) running.get(data.abort)?.abort();
  else void answer(data.id, data.method, data.params);
});
// A trap inside a future surfaces here: its promise never settles.
scope.addEventListener("error", (event) => {
  event.preventDefault();
  fail(event.error ?? event.message);
});
scope.addEventListener("unhandledrejection", ({ reason }) => fail(reason));
