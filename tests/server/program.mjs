// The server under test: the program `WGSLM_PROGRAM`, or the one that `cargo build -p wgslm-cli` makes, with models of the golden data.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { withMetadata } from "../browser/gguf-metadata.mjs";

/** An answer that goes on as long as the context holds: without the token that ends it. */
export const ENDLESS = { prompt: "a", max_tokens: 100_000, stream: true, logit_bias: { 257: -100 } };

/** The absolute path of a file in the repository. */
export const path = (relative) => fileURLToPath(new URL(`../../${relative}`, import.meta.url));

const PROGRAM = process.env.WGSLM_PROGRAM ?? path("target/debug/wgslm");
const GOLDEN = "crates/runtime/tests/golden";

/** The models by their names; the one that chats is written, since no golden file has a chat template. */
export const MODELS = {
  chat: chatModel(path("target/server-tests")),
  embed: path(`${GOLDEN}/models/bert-mean.gguf`),
  rank: path(`${GOLDEN}/models/bert-rank.gguf`),
};

/** The tiny llama with a published template that knows tools, and tokens for filling in the middle. */
function chatModel(folder) {
  const values = {
    "tokenizer.chat_template": readFileSync(path(`${GOLDEN}/chat_templates/Qwen-Qwen3-0.6B.jinja`), "utf8"),
    "tokenizer.ggml.fim_pre_token_id": 260,
    "tokenizer.ggml.fim_suf_token_id": 261,
    "tokenizer.ggml.fim_mid_token_id": 262,
  };
  mkdirSync(folder, { recursive: true });
  // One for each process, as files of tests run at the same time.
  const file = `${folder}/chat-${process.pid}.gguf`;
  writeFileSync(file, withMetadata(readFileSync(path(`${GOLDEN}/arch/tiny-llama-q8_0.gguf`)), values));
  return file;
}

/** A server of the models of these names, once it is ready. */
export async function serve(names = Object.keys(MODELS), flags = [], port = 0) {
  const models = names.flatMap((name) => ["--model", `${name}=${MODELS[name]}`]);
  const child = spawn(PROGRAM, ["serve", "--port", `${port}`, ...models, ...flags], {
    env: { ...process.env, HOST: "127.0.0.1" },
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

/** The answer to a request with a JSON body. */
export const post = (server, route, body, init) =>
  fetch(server.url + route, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body), ...init });

/** The JSON of an answer that has to succeed. */
export async function answer(server, route, body) {
  const response = await post(server, route, body);
  const text = await response.text();
  if (!response.ok) throw new Error(`${route}: ${response.status} ${text}`);
  return JSON.parse(text);
}

/** The sum of a metric over its labels. */
export async function metric(server, name) {
  const text = await (await fetch(`${server.url}/metrics`)).text();
  const samples = text.split("\n").filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
  return samples.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
}

export const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
