// The server under load: the clients that behave don't notice those that don't. WGSLM_LOAD_SECONDS makes it longer.
import assert from "node:assert/strict";
import { test } from "node:test";
import { load, serveLoad } from "./load.mjs";
import { ENDLESS, answer, metric, post, serve } from "./program.mjs";

const SECONDS = Number(process.env.WGSLM_LOAD_SECONDS ?? (process.env.WGSLM_TEST_ALL ? 60 : 5));

test("64 clients are answered beside slow and broken ones, /health at once and memory flat", async () => {
  const server = await serveLoad();
  const found = await load(server, SECONDS);
  console.log(JSON.stringify(found));
  assert.equal(found.failed, 0);
  assert.ok(found.answers > 64, `${found.answers} answers`);
  assert.ok(found.gone > 0, "clients went in the middle");
  assert.ok(found.health.p99 < 20, `/health took ${found.health.p99} ms`);
  assert.ok(found.memory.end < found.memory.sixth * 1.05, `memory grew from ${found.memory.sixth} to ${found.memory.end} MiB`);
  assert.equal(await server.stop(), 0);
});

test("a server that was killed under load is ready again on its port", async () => {
  const killed = await serve(["chat"]);
  const streams = Array.from({ length: 16 }, async () => (await post(killed, "/v1/completions", ENDLESS)).body.getReader());
  await Promise.all(streams.map(async (stream) => (await stream).read()));
  await killed.stop("SIGKILL");
  const again = await serve(["chat"], [], killed.port);
  assert.equal((await answer(again, "/v1/completions", { prompt: "a", max_tokens: 1 })).choices.length, 1);
  await again.stop();
});

test("prompts that begin alike are read once, by whole blocks", async () => {
  const server = await serve(["chat"]);
  const prefix = "x".repeat(256);
  for (const end of ["a", "b", "c", "d"]) await answer(server, "/v1/completions", { prompt: prefix + end, max_tokens: 1 });
  assert.equal(await metric(server, "wgslm_prefix_hits_total"), 3);
  assert.equal(await metric(server, "wgslm_cached_tokens_total"), 3 * prefix.length);
  await server.stop();
});
