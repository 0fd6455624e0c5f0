// Engines that tabs share.
import { sha256 } from "./cache/digest.js";
import { type Place, connectShared } from "./connect.js";
import type { Connection } from "./connection.js";
import { WgslmError } from "./errors.js";
import type { Methods } from "./protocol.js";
import { VERSION } from "./version.js";

/**
 * A connection to the shared worker that has this model with these options, or will have it; `undefined` where this browser has none. The
 * options are its name, so tabs that ask for something else get another worker.
 */
export async function joinShared(params: Methods["load"]["params"], { workerUrl, mainThread, webGpu }: Place): Promise<Connection | undefined> {
  if (mainThread || webGpu) throw cannotShare("an engine that runs on the thread of its caller");
  if (typeof params.source !== "string" || params.source.startsWith("blob:")) throw cannotShare("a model without an address");
  if (params.access.fetch) throw cannotShare("a model that is fetched by a function of the page");
  if (typeof SharedWorker === "undefined") return undefined;
  const key = JSON.stringify([VERSION, params], (_, value: unknown) => sorted(value));
  return connectShared(workerUrl, `wgslm:${await sha256(new TextEncoder().encode(key))}`);
}

/** An object with its members in the order of their names. */
function sorted(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)));
}

function cannotShare(what: string): WgslmError {
  return new WgslmError("invalid-option", `${what} can't be shared among tabs; leave out the option shared`);
}
