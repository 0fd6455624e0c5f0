// Starting the worker that writes, from the worker that loads.
import { Caller } from "./calls.js";
import { serveWriting } from "./cache/write-service.js";
import { besideScript, fromElsewhere } from "./worker-script.js";

/** The side that calls the writer; where no worker starts, this thread writes. */
export async function startWriter(): Promise<Caller> {
  try {
    const caller = await callerOf(newWorker());
    if (caller) return caller;
  } catch {
    // Some browsers have no workers in workers, and a policy may forbid them.
  }
  const { port1, port2 } = new MessageChannel();
  serveWriting(port2);
  return new Caller(port1);
}

function newWorker(): Worker {
  const address = besideScript(import.meta.url, "writer.js");
  if (/^https?:$/.test(address.protocol) && address.origin !== globalThis.origin) return fromElsewhere(address, "wgslm-writer");
  // Bundlers look for exactly this expression.
  return new Worker(new URL("./writer.js", import.meta.url), { type: "module", name: "wgslm-writer" });
}

/** Resolves once the worker answers, to `undefined` where it can't be started. */
async function callerOf(worker: Worker): Promise<Caller | undefined> {
  const caller = new Caller(worker);
  worker.addEventListener("error", (event) => {
    event.preventDefault();
    caller.fail(new Error(event.message));
  });
  try {
    await caller.call("ready", {});
    return caller;
  } catch {
    worker.terminate();
    return undefined;
  }
}
