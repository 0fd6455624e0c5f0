// The official client of OpenAI's API for Python, and schemathesis on the server's OpenAPI document.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { path } from "../program.mjs";
import { serve } from "./program.mjs";

const PYTHON = `${process.env.WGSLM_PYTHON_ENVIRONMENT ?? path("target/python/tests/server")}/bin`;
const skip = !existsSync(PYTHON) && !process.env.WGSLM_NO_SKIP && "there is no Python environment: `cargo xtask setup` makes one";

/** Runs a program of Python's environment; fails with all that it prints where its exit code isn't 0. */
async function run(program, parameters, variables = {}) {
  const child = spawn(`${PYTHON}/${program}`, parameters, { env: { ...process.env, ...variables }, stdio: ["ignore", "pipe", "pipe"] });
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (printed += data));
  const [code] = await once(child, "close");
  assert.equal(code, 0, printed);
}

test("openai for Python drives every endpoint that it knows", { skip }, async () => {
  const server = await serve(undefined, ["--api-keys", "sk-right"]);
  const small = await serve(["chat"], ["--batch-size", "1", "--queue-limit", "1"]);
  try {
    await run("python", [path("tests/server/openai_client.py")], { WGSLM_URL: server.url, WGSLM_SMALL_URL: small.url });
  } finally {
    await Promise.all([server.stop(), small.stop()]);
  }
});

/** Its phase of coverage is bounded by time, and ends with an error of its own where a machine is slow. */
const PHASES = process.env.WGSLM_TEST_ALL ? "examples,coverage,fuzzing" : "examples,fuzzing";
const BOUNDS = ["--phases", PHASES, "--max-examples", process.env.WGSLM_TEST_ALL ? "200" : "12", "--seed", "15", "--generation-database", "none", "--request-timeout", "20", "--workers", "2"];

// A server of one model takes any name, so that what is generated reaches the model.
for (const name of ["chat", "embed", "rank"])
  test(`no request that the OpenAPI document allows makes a server of ${name} fail`, { skip }, async () => {
    const server = await serve([name], name === "chat" ? ["--max-context", "256"] : []);
    try {
      await run("schemathesis", ["run", `${server.url}/openapi.json`, "--checks", "not_a_server_error", "--no-color", ...BOUNDS]);
    } finally {
      await server.stop();
    }
  });
