// The unit of examples/systemd.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { PROGRAM } from "../program.mjs";
import { text } from "./files.mjs";
import { help, options } from "./program.mjs";

const UNIT = text("examples/systemd/wgslm.service");
/** The variables that it is given beside the unit. */
const FILE = Object.fromEntries([...text("examples/systemd/wgslm.env").matchAll(/^#?(\w+)=(.*)$/gm)].map(([, name, value]) => [name, value]));

/** Where there is no systemd. */
const skip = process.platform !== "linux" && "systemd is Linux's";

/** The value of a setting that is there once. */
const setting = (name) => UNIT.match(new RegExp(`^${name}=(.*)$`, "m"))[1];

/** Runs systemd-analyze on the unit, with the program where it was built. */
async function analyze(...parameters) {
  const folder = await mkdtemp(join(tmpdir(), "wgslm-unit-"));
  const unit = join(folder, "wgslm.service");
  try {
    await writeFile(unit, UNIT.replace("ExecStart=/usr/local/bin/wgslm", `ExecStart=${PROGRAM}`));
    return await promisify(execFile)("systemd-analyze", [...parameters, unit]);
  } finally {
    await rm(folder, { recursive: true });
  }
}

test("systemd finds no fault in the unit", { skip }, async () => {
  const { stdout, stderr } = await analyze("verify", "--man=no");
  assert.equal(stdout + stderr, "");
});

test("systemd counts the unit among the safe ones", { skip }, () => analyze("security", "--offline=true", "--threshold=20"));

test("the program has every flag and variable", async () => {
  const { flags, variables } = await options("serve");
  const [, command, ...parameters] = setting("ExecStart").split(" ");
  assert.equal(command, "serve");
  assert.deepEqual(parameters.filter((parameter) => parameter.startsWith("--") && !flags.includes(parameter)), []);
  const read = [...variables, ...(await help()).variables, ...setting("ExecStart").matchAll(/\${(\w+)}/g)].flat();
  assert.deepEqual(Object.keys(FILE).filter((name) => !read.includes(name)), []);
});

test("answers have time to end", () => assert.ok(Number(setting("TimeoutStopSec")) > Number(FILE.GRACE_PERIOD)));
