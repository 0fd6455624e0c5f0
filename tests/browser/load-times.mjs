// Runs load-times.html in Chromium: `node load-times.mjs SITE MODEL [PROFILE]`, with the address of a site that has the package at /wgslm/, the model's there,
// and a file to which the CPU profile of the loading worker goes, whose functions with the most time of their own are listed.
import { readFile, writeFile } from "node:fs/promises";
import { launch } from "./chromium.mjs";

const [site, model, profile] = process.argv.slice(2);
const browser = await launch();
const page = await browser.newPage();
const profiles = profile ? await profileWorkers(page) : undefined;
const ended = new Promise((resolve) => {
  for (const path of ["log", "result"]) {
    void page.route(`**/${path}`, async (route) => {
      console.log(route.request().postData());
      // The worker still lives.
      if (profiles) await listProfiles(await profiles());
      await route.fulfill({ body: "" });
      if (path === "result") resolve();
    });
  }
});
const html = await readFile(new URL("load-times.html", import.meta.url));
await page.route("**/load-times.html?*", (route) => route.fulfill({ contentType: "text/html", body: html }));
await page.goto(`${site}load-times.html?m=${encodeURIComponent(model)}&loads=1&options=${encodeURIComponent('{"contextLength":256}')}`);
await ended;
await browser.close();

/** Profiles every worker that the page starts; gives a function that ends that. */
async function profileWorkers(opened) {
  const session = await opened.context().newCDPSession(opened);
  const workers = [];
  const waiting = new Map();
  let number = 0;
  const call = (sessionId, method, params = {}) =>
    new Promise((resolve) => {
      waiting.set(++number, resolve);
      void session.send("Target.sendMessageToTarget", { sessionId, message: JSON.stringify({ id: number, method, params }) }).catch(resolve);
    });
  session.on("Target.receivedMessageFromTarget", ({ message }) => {
    const { id, result } = JSON.parse(message);
    waiting.get(id)?.(result);
  });
  session.on("Target.attachedToTarget", ({ sessionId, targetInfo }) => {
    workers.push({ sessionId, name: targetInfo.title });
    void call(sessionId, "Profiler.enable");
    void call(sessionId, "Profiler.setSamplingInterval", { interval: 500 });
    void call(sessionId, "Profiler.start");
    void call(sessionId, "Runtime.runIfWaitingForDebugger");
  });
  await session.send("Target.setAutoAttach", { autoAttach: true, waitForDebuggerOnStart: true, flatten: false });
  session.on("Target.detachedFromTarget", ({ sessionId }) => workers.splice(workers.findIndex((worker) => worker.sessionId === sessionId), 1));
  return async () => {
    const found = [];
    for (const { sessionId, name } of workers) {
      const stopped = await Promise.race([call(sessionId, "Profiler.stop"), new Promise((resolve) => setTimeout(resolve, 5000))]);
      if (stopped?.profile) found.push({ name, profile: stopped.profile });
    }
    return found;
  };
}

async function listProfiles(found) {
  for (const [index, { name, profile: taken }] of found.entries()) {
    await writeFile(`${profile}.${index}.cpuprofile`, JSON.stringify(taken));
    const own = new Map();
    const nodes = new Map(taken.nodes.map((node) => [node.id, node]));
    taken.samples.forEach((id, place) => {
      const { functionName, url } = nodes.get(id).callFrame;
      const key = `${functionName || "(anonymous)"} ${url.split("/").pop()}`;
      own.set(key, (own.get(key) ?? 0) + taken.timeDeltas[place] / 1000);
    });
    console.log(`\n${name}: ${((taken.endTime - taken.startTime) / 1000).toFixed(0)} ms`);
    const most = [...own].sort((a, b) => b[1] - a[1]).slice(0, 25);
    for (const [key, ms] of most) console.log(`${ms.toFixed(1).padStart(9)} ms  ${key}`);
  }
}
