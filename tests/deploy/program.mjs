// The program that the manifests run: `WGSLM_PROGRAM`, or the one that `cargo build -p wgslm-cli` makes.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { path } from "./files.mjs";

/** The program's path. */
export const PROGRAM = process.env.WGSLM_PROGRAM ?? path("target/debug/wgslm");
/** A model of 2 layers. */
const MODEL = "crates/runtime/tests/golden/arch/tiny-llama-q8_0.gguf";

/** What the program prints; fails where its exit code isn't 0. */
export async function run(parameters, variables = {}) {
  const { stdout } = await promisify(execFile)(PROGRAM, parameters, { env: { ...process.env, ...variables } });
  return stdout;
}

/** The program's commands, and the variables that its help names. */
export async function help() {
  const text = await run(["--help"]);
  const names = (section) => [...text.split(`${section}:\n`)[1].split("\n\n")[0].matchAll(/^ {2}(\S+)/gm)].map(([, name]) => name);
  return { commands: names("Commands"), variables: names("Environment") };
}

/** A command's flags and variables. */
export async function options(command) {
  const text = await run([command, "--help"]);
  const all = (pattern) => [...text.matchAll(pattern)].map(([, name]) => name);
  return { flags: all(/^ *(?:-\w, )?(--[\w-]+)/gm), variables: all(/\[env: (\w+)/g) };
}

/** A server with the tiny model under the name `chat`, once it is ready. */
export async function serve(variables) {
  const child = spawn(PROGRAM, ["serve", "--port", "0", "--model", `chat=${path(MODEL)}`], {
    env: { ...process.env, HOST: "127.0.0.1", ...variables },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "exit").then(([code]) => Promise.reject(new Error(`${PROGRAM} ended with ${code}`)));
  const [line] = await Promise.race([once(createInterface(child.stdout), "line"), ended]);
  ended.catch(() => {});
  const url = line.replace("listening on ", "");
  while ((await fetch(`${url}/ready`)).status !== 200) await new Promise((resolve) => setTimeout(resolve, 50));
  const stop = async () => {
    child.kill("SIGTERM");
    return (await once(child, "exit"))[0];
  };
  return { url, port: new URL(url).port, stop };
}
