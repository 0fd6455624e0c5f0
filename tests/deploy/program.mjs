// The program that the manifests run: what it prints, and a server.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { PROGRAM, path, start } from "../program.mjs";

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
export const serve = (variables) => start({ chat: path(MODEL) }, { variables });
