// The server under load: the clients that behave don't notice those that don't. WGSLM_LOAD_SECONDS makes it longer.
import assert from "node:assert/strict";
import { test } from "node:test";
import { load, serveLoad } from "./load.mjs";
import { ENDLESS, answer, post, serve } from "./program.mjs";

const SECONDS = Number(process.env.WGSLM_LOAD_SECONDS ?? (process.env.WGSLM_TEST_ALL ? 60 : 5));

/** The p99 of /health asked for. A short run has a hundred samples, one of which may meet whatever else a shared machine does. */
const MOST_HEALTH_MS = SECONDS < 60 ? 100 : 20;

test("64 clients are answered beside slow and broken ones, /health at once and memory flat", async () => {
  const server = await serveLoad();
  const found = await load(server, SECONDS);
  console.log(JSON.stringify(found));
  assert.equal(found.failed, 0);
  assert.ok(found.answers > 64, `${found.answers} answers`);
  assert.ok(found.gone > 0, "clients went in the middle");
  assert.ok(found.health.p99 < MOST_HEALTH_MS, `/health took ${found.health.p99} ms`);
  assert.ok(found.memory.end < found.memory.sixth * 1.05, `memory grew from ${found.memory.sixth} to ${found.memory.end} MiB`);
  assert.equal(await server.stop(), 0);
});

test("a server that was killed under load is ready again on its port", async () => {
  const killed = await serve(["chat"]);
  const streams = Array.from({ length: 8 }, async () => (await post(killed, "/v1/completions", ENDLESS)).body.getReader());
  await Promise.all(streams.map(async (stream) => (await stream).read()));
  await killed.stop("SIGKILL");
  const again = await serve(["chat"], [], killed.port);
  assert.equal((await answer(again, "/v1/completions", { prompt: "a", max_tokens: 1 })).choices.length, 1);
  await again.stop();
});
