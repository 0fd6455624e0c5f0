// The program under test: `WGSLM_PROGRAM`, or the one that `cargo build -p wgslm-cli` makes.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** The absolute path of a file in the repository. */
export const path = (relative) => fileURLToPath(new URL(`../${relative}`, import.meta.url));

/** The program's path. */
export const PROGRAM = process.env.WGSLM_PROGRAM ?? path("target/debug/wgslm");

export const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Starts `wgslm serve` with models by their names, on any port unless one is given; a server, once it is ready. */
export async function start(models, { flags = [], variables = {}, port = 0 } = {}) {
  const named = Object.entries(models).flatMap(([name, file]) => ["--model", `${name}=${file}`]);
  const child = spawn(PROGRAM, ["serve", "--port", `${port}`, ...named, ...flags], {
    env: { ...process.env, HOST: "127.0.0.1", ...variables },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  const failed = ended.then(([code]) => Promise.reject(new Error(`${PROGRAM} ended with ${code}`)));
  const [line] = await Promise.race([once(createInterface(child.stdout), "line"), failed]);
  failed.catch(() => {});
  const url = line.replace("listening on ", "");
  while ((await fetch(`${url}/ready`)).status !== 200) await pause(50);
  const stop = async (signal = "SIGTERM") => {
    child.kill(signal);
    return (await ended)[0];
  };
  return { url, port: Number(new URL(url).port), pid: child.pid, stop };
}
