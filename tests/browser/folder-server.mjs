// A web server for folders, as a site would be served: everything by its name, from any origin, and nothing from a cache.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join } from "node:path";

const TYPES = {
  ".css": "text/css",
  ".html": "text/html",
  ".js": "text/javascript",
  ".json": "application/json",
  ".wasm": "application/wasm",
};

/** Serves folders by the path they begin with, and `files`, bytes by path; `requests` are the paths asked for. */
export async function serveFolders(folders, files = {}) {
  const requests = [];
  const server = createServer(async (request, response) => {
    const path = new URL(request.url, "http://server").pathname;
    requests.push(path);
    try {
      const body = files[path] ?? (await readFile(fileOf(folders, path)));
      response.writeHead(200, {
        "content-type": TYPES[extname(path) || ".html"] ?? "application/octet-stream",
        "content-length": body.length,
        "access-control-allow-origin": "*",
        "cache-control": "no-store",
      });
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = (path) => `http://127.0.0.1:${server.address().port}${path}`;
  return { requests, url, close: () => (server.closeAllConnections(), new Promise((closed) => server.close(closed))) };
}

function fileOf(folders, path) {
  const prefix = Object.keys(folders).find((start) => path.startsWith(start));
  if (prefix === undefined || path.includes("..")) throw new Error("not found");
  return join(folders[prefix], path.endsWith("/") ? `${path.slice(prefix.length)}index.html` : path.slice(prefix.length));
}
