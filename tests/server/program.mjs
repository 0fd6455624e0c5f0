// The server under test, with models of the golden data.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { withMetadata } from "../browser/gguf-metadata.mjs";
import { path, start } from "../program.mjs";

/** An answer that goes on as long as the context holds: without the token that ends it. */
export const ENDLESS = { prompt: "a", max_tokens: 100_000, stream: true, logit_bias: { 257: -100 } };

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
export const serve = (names = Object.keys(MODELS), flags = [], port = 0) =>
  start(Object.fromEntries(names.map((name) => [name, MODELS[name]])), { flags, port });

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
