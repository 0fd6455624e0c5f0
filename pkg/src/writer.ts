// The entry of the worker that writes downloads to OPFS, so that the disk holds up nobody else.
import type { Port } from "./calls.js";
import { serveWriting } from "./cache/write-service.js";

serveWriting(globalThis as unknown as Port);
