// Starting the worker, wherever its script lies, and saying why it didn't start.
import { type Link, crash } from "./connection.js";
import { type ErrorMessage, WgslmError, messageOf } from "./errors.js";
import { besideScript, fromElsewhere } from "./worker-script.js";

const ADVICE =
  "check that the package's worker.js lies beside the script that starts it or is named by the option workerUrl, that scripts are " +
  "sent as text/javascript, and that a Content-Security-Policy allows it (worker-src, with blob: for a worker of another origin)";

/** Starts a worker: from `workerUrl` where that is given, otherwise from the script beside this one. */
export function startWorker(workerUrl: URL | undefined): Link {
  return start(workerUrl, (address) => {
    const worker = isElsewhere(address)
      ? fromElsewhere(address, "wgslm")
      : workerUrl
        ? new Worker(workerUrl, { type: "module", name: "wgslm" })
        : // Bundlers look for exactly this expression.
          new Worker(new URL("./worker.js", import.meta.url), { type: "module", name: "wgslm" });
    return { port: worker, end: () => worker.terminate(), watch: failures(worker, worker, address) };
  });
}

/** Joins the worker of this name that tabs share, or starts it, from the same script. */
export function joinSharedWorker(workerUrl: URL | undefined, name: string): Link {
  return start(workerUrl, (address) => {
    if (isElsewhere(address)) {
      throw new Error("tabs can share workers of their own origin only; give the option workerUrl a script of this one that imports it");
    }
    const worker = workerUrl
      ? new SharedWorker(workerUrl, { type: "module", name })
      : // As above.
        new SharedWorker(new URL("./worker.js", import.meta.url), { type: "module", name });
    return { port: worker.port, end: () => worker.port.close(), watch: failures(worker, worker.port, address) };
  });
}

function start(workerUrl: URL | undefined, begin: (address: URL) => Link): Link {
  let address = workerUrl;
  try {
    // For bundlers that have no value here, the address must be given.
    address ??= besideScript(import.meta.url, "worker.js");
    return begin(address);
  } catch (error) {
    const name = address?.href ?? "worker.js";
    throw new WgslmError("worker-load", `${name} could not be started as a worker (${messageOf(error)}); ${ADVICE}`);
  }
}

function isElsewhere(address: URL): boolean {
  return /^https?:$/.test(address.protocol) && address.origin !== globalThis.origin;
}

/** Reports how a worker fails: it, or what comes through its port. */
function failures(worker: AbstractWorker, port: EventTarget, address: URL): NonNullable<Link["watch"]> {
  return (fail) => {
    port.addEventListener("messageerror", () => fail(crash("a message from the worker could not be read")));
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      // What could not be loaded has no message.
      if (event.message) fail(crash(`the worker ended: ${event.message}`));
      else void whyNotLoaded(address).then(fail);
    });
  };
}

/** Finds out why the script of a worker could not be loaded, about which the browser says nothing. */
async function whyNotLoaded(address: URL): Promise<ErrorMessage> {
  try {
    const response = await fetch(address, { method: "HEAD" });
    const status = response.ok ? "" : ` (HTTP ${response.status})`;
    return { code: "worker-load", message: `${address.href} could not be loaded as a worker${status}; ${ADVICE}` };
  } catch (error) {
    const message = `could not fetch ${address.href} (${messageOf(error)}); check the connection and load the model again`;
    return { code: "network", message };
  }
}
