// The worker's entry: a host for the page that started it or, as a shared worker, for all tabs that ask for the same model.
import type { Port } from "./calls.js";
import { Host } from "./host.js";
import { Clients } from "./host/clients.js";
import { SharedHost } from "./host/shared-host.js";
import type { FromWorker } from "./protocol.js";

// The library types `self` as a window, whose `postMessage` is another one.
const scope = globalThis as unknown as Port & {
  postMessage(message: FromWorker): void;
  addEventListener<K extends keyof WorkerEvents>(type: K, listener: (event: WorkerEvents[K]) => void): void;
  close(): void;
};
interface WorkerEvents {
  message: MessageEvent;
  connect: MessageEvent;
  error: ErrorEvent;
  unhandledrejection: PromiseRejectionEvent;
}

const isShared = "onconnect" in scope;
const clients = isShared
  ? // Compiled modules can't go from a shared worker to a page. After a fault, the next tab that asks gets another worker.
    new Clients(new SharedHost(() => undefined), () => scope.close())
  : new Clients(new Host((wasm) => scope.postMessage({ wasm })));
if (isShared) scope.addEventListener("connect", ({ ports }) => clients.add(ports[0]!));
else clients.add(scope);

// A trap inside a future surfaces here: its promise never settles.
scope.addEventListener("error", (event) => {
  event.preventDefault();
  clients.fail(event.error ?? event.message);
});
scope.addEventListener("unhandledrejection", ({ reason }) => clients.fail(reason));
