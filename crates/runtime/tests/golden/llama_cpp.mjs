// Vocabularies that llama.cpp loads, for the generators beside this file:
//
//     npm install node-llama-cpp@3

import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getLlama } from "node-llama-cpp";

const number = (size, write) => (value) => {
  const buffer = Buffer.alloc(size);
  buffer[write](value);
  return buffer;
};
const u32 = number(4, "writeUInt32LE");
const u64 = (value) => number(8, "writeBigUInt64LE")(BigInt(value));
const string = (text) => Buffer.concat([u64(Buffer.byteLength(text)), Buffer.from(text)]);
const array = (type, write) => (values) => [u32(9), u32(type), u64(values.length), ...values.map(write)];

const text = (value) => [u32(8), string(value)];
const integer = (value) => [u32(4), u32(value)];
const flag = (value) => [u32(7), Buffer.from([value ? 1 : 0])];
const TOKENIZER = {
  model: text, pre: text,
  tokens: array(8, string), token_type: array(5, u32), scores: array(6, number(4, "writeFloatLE")), merges: array(8, string),
  precompiled_charsmap: array(0, (byte) => Buffer.from([byte])),
};
const entry = (key, value) => (TOKENIZER[key] ?? (typeof value === "boolean" ? flag : integer))(value);

const folder = mkdtempSync(join(tmpdir(), "vocabulary-"));
const llama = await getLlama({ gpu: false, build: "never", logLevel: "error" });

/** The model of a vocabulary, which `tokenizer` describes in keys of `tokenizer.ggml`. */
export async function load(tokenizer) {
  const metadata = {
    "general.architecture": text("llama"),
    "llama.context_length": integer(64), "llama.embedding_length": integer(64), "llama.block_count": integer(1),
    "llama.feed_forward_length": integer(64), "llama.attention.head_count": integer(1), "llama.rope.dimension_count": integer(64),
    "llama.attention.layer_norm_rms_epsilon": [u32(6), number(4, "writeFloatLE")(1e-5)],
  };
  for (const [key, value] of Object.entries(tokenizer)) metadata[`tokenizer.ggml.${key}`] = entry(key, value);
  const entries = Object.entries(metadata);
  const path = join(folder, "vocabulary.gguf");
  writeFileSync(
    path,
    Buffer.concat([Buffer.from("GGUF"), u32(3), u64(0), u64(entries.length), ...entries.flatMap(([key, value]) => [string(key), ...value])]),
  );
  return llama.loadModel({ modelPath: path, vocabOnly: true });
}
