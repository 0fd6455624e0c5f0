// Starting the worker, wherever its script lies, and saying why it didn't start.
import { type ErrorMessage, WgslmError, messageOf } from "./errors.js";
import { besideScript, fromElsewhere } from "./worker-script.js";

const ADVICE =
  "check that the package's worker.js lies beside the script that starts it or is named by the option workerUrl, that scripts are " +
  "sent as text/javascript, and that a Content-Security-Policy allows it (worker-src, with blob: for a worker of another origin)";

/** A worker that starts, and the address of its script. */
export interface StartedWorker {
  worker: Worker;
  address: URL;
}

/** Starts a worker: from `workerUrl` where that is given, otherwise from the script beside this one. */
export function startWorker(workerUrl: URL | undefined): StartedWorker {
  let address = workerUrl;
  try {
    // For bundlers that have no value here, the address must be given.
    address ??= besideScript(import.meta.url, "worker.js");
    if (/^https?:$/.test(address.protocol) && address.origin !== globalThis.origin) {
      return { worker: fromElsewhere(address, "wgslm"), address };
    }
    const worker = workerUrl
      ? new Worker(workerUrl, { type: "module", name: "wgslm" })
      : // Bundlers look for exactly this expression.
        new Worker(new URL("./worker.js", import.meta.url), { type: "module", name: "wgslm" });
    return { worker, address };
  } catch (error) {
    const name = address?.href ?? "worker.js";
    throw new WgslmError("worker-load", `${name} could not be started as a worker (${messageOf(error)}); ${ADVICE}`);
  }
}

/** Finds out why the script of a worker could not be loaded, about which the browser says nothing. */
export async function whyNotLoaded(address: URL): Promise<ErrorMessage> {
  try {
    const response = await fetch(address, { method: "HEAD" });
    const status = response.ok ? "" : ` (HTTP ${response.status})`;
    return { code: "worker-load", message: `${address.href} could not be loaded as a worker${status}; ${ADVICE}` };
  } catch (error) {
    const message = `could not fetch ${address.href} (${messageOf(error)}); check the connection and load the model again`;
    return { code: "network", message };
  }
}

