// Firefox with WebGPU on Mesa's software adapter, as Debian has it: a browser that takes an address, and whose page reports by itself.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { site } from "./browser.mjs";

const PREFERENCES = {
  "dom.webgpu.enabled": true,
  "dom.webgpu.workers.enabled": true,
  "dom.webgpu.service-workers.enabled": true,
  // Software adapters are on the list of what isn't used.
  "gfx.webgpu.ignore-blocklist": true,
  "app.update.enabled": false,
  "browser.aboutwelcome.enabled": false,
  "browser.shell.checkDefaultBrowser": false,
  "datareporting.policy.dataSubmissionEnabled": false,
  "network.captive-portal-service.enabled": false,
  "toolkit.telemetry.reportingpolicy.firstRun": false,
};

/**
 * What a function gives that runs on the site's first page in Firefox, with its argument. The whole site is there, behind a server that the page reports to;
 * an error that nobody catches is reported too.
 */
export async function runInFirefox(body, argument, { timeout = 120_000 } = {}) {
  let report;
  const reported = new Promise((resolve) => (report = resolve));
  const script = `<script type="module">
    const report = (answer) => fetch("/reports", { method: "POST", body: JSON.stringify(answer) });
    addEventListener("error", ({ message }) => report({ error: message }));
    addEventListener("unhandledrejection", ({ reason }) => report({ error: \`\${reason}\` }));
    Promise.resolve((${body})(${JSON.stringify(argument)})).then(
      (result) => report({ result }),
      (error) => report({ error: \`\${error.code ?? error.name}: \${error.message}\` }),
    );
  </script>`;
  const server = createServer(async (request, response) => {
    if (request.url === "/reports") {
      const pieces = await request.toArray();
      response.end();
      return report(JSON.parse(Buffer.concat(pieces).toString()));
    }
    const isPage = request.headers["sec-fetch-dest"] === "document";
    const { range } = request.headers;
    const found = await fetch(site(request.url), { headers: range ? { range } : {} });
    const headers = ["content-type", "content-range", "etag", "last-modified", "accept-ranges"].filter((name) => found.headers.has(name));
    response.writeHead(found.status, Object.fromEntries(headers.map((name) => [name, found.headers.get(name)])));
    response.end(Buffer.concat([Buffer.from(await found.arrayBuffer()), Buffer.from(isPage ? script : "")]));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");

  const profile = await mkdtemp(join(tmpdir(), "wgslm-firefox-"));
  const preferences = Object.entries(PREFERENCES).map(([name, value]) => `user_pref("${name}", ${value});\n`);
  await writeFile(join(profile, "user.js"), preferences);
  const address = `http://127.0.0.1:${server.address().port}/`;
  const program = process.env.WGSLM_FIREFOX ?? "/usr/bin/firefox-esr";
  const browser = spawn(program, ["--headless", "--no-remote", "--profile", profile, address], { stdio: ["ignore", "ignore", "pipe"], detached: true });
  let said = "";
  browser.stderr.on("data", (data) => (said += data));
  const ended = once(browser, "exit").then(([code]) => ({ error: `Firefox ended with ${code}: ${said}` }), ({ message }) => ({ error: message }));
  let timer;
  const late = new Promise((resolve) => (timer = setTimeout(() => resolve({ error: `no report within ${timeout} ms: ${said}` }), timeout)));
  try {
    const { result, error } = await Promise.race([reported, ended, late]);
    if (error) throw new Error(`in Firefox: ${error}`);
    return result;
  } finally {
    clearTimeout(timer);
    // With all its processes, and without the seconds that an orderly end takes.
    process.kill(-browser.pid, "SIGKILL");
    await ended;
    server.closeAllConnections();
    server.close();
    await rm(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}
