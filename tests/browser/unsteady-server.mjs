// A server of the package and of files that it delivers as badly as a test asks for.
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { gzipSync } from "node:zlib";
import { built } from "./played-worker.mjs";

/** Bytes that look random and are the same every time. */
export function bytesOf(length, seed = 1) {
  const random = randomOf(seed);
  return Buffer.from(Array.from({ length }, () => random(256)));
}

/** Whole numbers below a bound, the same for the same seed. */
export function randomOf(seed) {
  let state = seed;
  return (bound) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
}

export const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

const TYPES = { js: "text/javascript", wasm: "application/wasm", html: "text/html" };

/**
 * Starts a server. A file has `body` and may have `etag`, `lastModified`, `headers`, `ranges: false`, `gzip: true`, `cors: true`, and `answer`, which is
 * called with the request, the response and its number, and returns true where it has answered by itself. `cutAt` ends the connection
 * once so many bytes of the file have been sent in all, `bytesPerMs` slows it down.
 */
export async function startServer(scripts = {}) {
  const files = new Map();
  const requests = [];
  const server = createServer((request, response) => {
    const path = new URL(request.url, "http://server").pathname;
    const file = files.get(path);
    if (file) void deliver(file, request, response, requests, path);
    else void serveScript(path, response, scripts);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  return {
    files,
    requests,
    url: (path) => `http://127.0.0.1:${port}${path}`,
    /** The same server as another origin. */
    elsewhere: (path) => `http://localhost:${port}${path}`,
    close: () => (server.closeAllConnections(), new Promise((resolve) => server.close(resolve))),
    /** The requests for a path since the last call. */
    taken(path) {
      const taken = requests.filter((request) => request.path === path);
      requests.splice(0);
      return taken;
    },
  };
}

async function deliver(file, request, response, requests, path) {
  file.asked = (file.asked ?? 0) + 1;
  const { range, "if-range": ifRange } = request.headers;
  requests.push({ path, range, ifRange, headers: request.headers });
  if (file.cors && request.method === "OPTIONS") return response.writeHead(403).end();
  if (await file.answer?.(request, response, file.asked)) return;
  const { body, etag, lastModified, ranges = true } = file;
  const headers = { "content-type": "application/octet-stream", ...file.headers };
  if (etag) headers.etag = etag;
  if (lastModified) headers["last-modified"] = lastModified;
  if (file.cors) {
    headers["access-control-allow-origin"] = "*";
    if (file.cors === "exposed") headers["access-control-expose-headers"] = "content-range, etag";
  }
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(range ?? "") ?? [];
  const isCurrent = ifRange === undefined || ifRange === etag || ifRange === lastModified;
  if (file.gzip) return send(file, response, 200, { ...headers, "content-encoding": "gzip" }, gzipSync(body), 0);
  if (!ranges || from === undefined || !isCurrent) return send(file, response, 200, { ...headers, "content-length": body.length }, body, 0);
  if (Number(from) >= body.length) return response.writeHead(416).end();
  const end = Math.min(to ? Number(to) + 1 : body.length, body.length);
  const part = body.subarray(Number(from), end);
  const ranged = { ...headers, "content-range": `bytes ${from}-${end - 1}/${body.length}`, "content-length": part.length };
  return send(file, response, 206, ranged, part);
}

/** Sends a body in pieces, and cuts it off where that is asked for. */
async function send(file, response, status, headers, body) {
  response.writeHead(status, headers);
  const PIECE = 4096;
  for (let start = 0; start < body.length; start += PIECE) {
    if (response.destroyed) return;
    let piece = body.subarray(start, start + PIECE);
    file.sent ??= 0;
    const isCut = file.cutAt !== undefined && file.sent + piece.length > file.cutAt;
    if (isCut) piece = piece.subarray(0, file.cutAt - file.sent);
    file.sent += piece.length;
    if (file.bytesPerMs) await new Promise((resolve) => setTimeout(resolve, piece.length / file.bytesPerMs));
    await new Promise((resolve) => response.write(piece, resolve));
    if (isCut) {
      if (!file.staysCut) file.cutAt = undefined;
      await new Promise((resolve) => setTimeout(resolve, 2));
      return response.destroy();
    }
  }
  response.end();
}

async function serveScript(path, response, scripts) {
  const type = TYPES[path.split(".").pop()] ?? "application/octet-stream";
  try {
    const body = scripts[path] ?? (await readFile(built(path.replace("/wgslm/", ""))));
    response.writeHead(200, { "content-type": type }).end(body);
  } catch {
    response.writeHead(404, { "access-control-allow-origin": "*" }).end("not found");
  }
}
