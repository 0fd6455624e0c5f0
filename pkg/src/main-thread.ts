// A host on the thread of its caller: for debugging, and where WebGPU is an object that no worker can be sent.
import { crash, type Link } from "./connection.js";
import { messageOf } from "./errors.js";
import { Host } from "./host.js";
import { Clients } from "./host/clients.js";
import type { WebGpu } from "./web-gpu.js";

/** The WebAssembly, which all hosts of a thread share. */
let compiled: WebAssembly.Module | undefined;

/** A host on this thread, which uses this WebGPU or, by default, the browser's. */
export function startHere(webGpu: WebGpu | undefined): Link {
  const { port1, port2 } = new MessageChannel();
  const host = new Host((wasm) => (compiled = wasm), webGpu);
  host.wasm = compiled;
  const clients = new Clients(host);
  clients.add(port1);
  const ended = new AbortController();
  return {
    port: port2,
    end() {
      ended.abort();
      port1.close();
      port2.close();
    },
    watch(fail) {
      // A trap inside a future surfaces here: its promise never settles.
      const trapped = ({ reason }: { reason?: unknown }): void => {
        if (reason instanceof WebAssembly.RuntimeError) fail(crash(`the engine stopped at a fault of its own (${messageOf(reason)})`));
      };
      globalThis.addEventListener?.("unhandledrejection", trapped, { signal: ended.signal });
    },
  };
}
