// The commands in docs/deploying.md.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { path } from "../program.mjs";
import { OVERLAYS, text } from "./files.mjs";
import { help, options } from "./program.mjs";

const DOCUMENT = text("docs/deploying.md");
const BLOCKS = [...DOCUMENT.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block]) => block);
/** What a reader makes before. */
const MADE = ["models/model.gguf", "target/release/wgslm", "models/OTHER.gguf"];

test("a shell reads every block", () => {
  assert.ok(BLOCKS.length > 0);
  for (const block of BLOCKS) execFileSync("bash", ["-n"], { input: block });
});

test("every file that a command names is there", () => {
  const named = BLOCKS.flatMap((block) => [...block.matchAll(/(?<=[ "=])(?:examples|models|target)\/[\w./-]+/g)].map(([name]) => name));
  assert.ok(named.length > 5);
  assert.deepEqual(named.filter((name) => !MADE.includes(name) && !existsSync(path(name))), []);
});

test("every folder of manifests is described", () => {
  for (const overlay of OVERLAYS.keys()) assert.ok(DOCUMENT.includes(`| [${overlay}](../examples/kubernetes/${overlay}) |`), overlay);
});

test("every stage and argument of a build is in the Dockerfile", () => {
  const dockerfile = text("examples/container/Dockerfile");
  const stages = [...dockerfile.matchAll(/^FROM .* AS (\w+)$/gm)].map(([, stage]) => stage);
  const asked = [...DOCUMENT.matchAll(/--target (\w+)/g)].map(([, stage]) => stage);
  const parameters = [...DOCUMENT.matchAll(/--build-arg (\w+)=/g)].map(([, name]) => name);
  assert.ok(asked.length > 0 && asked.every((stage) => stages.includes(stage)));
  assert.ok(parameters.length > 0 && parameters.every((name) => dockerfile.includes(`\nARG ${name}=`)));
});

test("the program has every command and flag", async () => {
  const { commands } = await help();
  const lines = [...BLOCKS.join("\n").split("\n"), ...[...DOCUMENT.matchAll(/`(wgslm [^`]+)`/g)].map(([, line]) => line)];
  const calls = lines.map((line) => line.match(/(?:^|\s)wgslm(?:-server)? ([a-z]+)( .*)?$/)).filter((call) => call && commands.includes(call[1]));
  assert.ok(calls.length > 4);
  for (const [line, command, rest = ""] of calls) {
    const { flags } = await options(command);
    for (const [flag] of rest.matchAll(/--[\w-]+/g)) assert.ok(flags.includes(flag), line);
  }
});
