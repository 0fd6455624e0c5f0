// An origin of a test's own, beside the one under test: its own files and headers, and behind them the site.
import { createServer } from "node:http";
import { Readable } from "node:stream";
import { site } from "./browser.mjs";

const TYPES = { html: "text/html", js: "text/javascript" };

/**
 * Starts the origin. `files` are texts by path; `headers` come with every answer; `requested` is called with every path. All else is the site's.
 */
export async function startOrigin({ files = {}, headers = {}, requested = () => undefined } = {}) {
  const server = createServer(async (request, response) => {
    const path = new URL(request.url, "http://origin").pathname;
    requested(path, request);
    if (path in files) {
      response.writeHead(200, { "content-type": TYPES[path.split(".").pop()] ?? "text/html", "cache-control": "no-store", ...headers });
      return response.end(files[path]);
    }
    const { host, connection, ...given } = request.headers;
    const answer = await fetch(site(request.url), { method: request.method, headers: { ...given, "accept-encoding": "identity" } });
    const { "transfer-encoding": _, connection: __, ...passed } = Object.fromEntries(answer.headers);
    response.writeHead(answer.status, { ...passed, ...headers });
    if (!answer.body || request.method === "HEAD") return response.end();
    const body = Readable.fromWeb(answer.body);
    body.on("error", () => response.destroy());
    response.on("close", () => body.destroy());
    body.pipe(response);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: (path = "/") => new URL(path, `http://127.0.0.1:${server.address().port}`).href,
    close: () => (server.closeAllConnections(), new Promise((resolve) => server.close(resolve))),
  };
}
