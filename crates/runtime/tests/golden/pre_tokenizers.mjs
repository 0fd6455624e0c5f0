// Writes pre_tokenizers.json: how llama.cpp splits texts into words under each name of `tokenizer.ggml.pre`.
//
//     npm install node-llama-cpp@3 && node pre_tokenizers.mjs > pre_tokenizers.json
//
// The words show as tokens: in the vocabulary made here every part of every text is a token, and any two neighbours merge.

import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getLlama } from "node-llama-cpp";

// One name of each set of rules.
const NAMES = [
  "default", "gpt-2", "smollm", "llama-bpe", "dbrx", "qwen2", "qwen35", "ufakzeka", "bailingmoe", "seed-coder", "exaone-moe",
  "minicpm5", "laguna", "tekken", "gpt-4o", "deepseek-llm", "deepseek-coder", "deepseek-v3", "falcon", "bloom", "viking",
];

const TEXTS = [
  "Hello, world! It's 2024.", "I'LL we've DON'T they'd 'S", "don't 'tis ''re", "  two  spaces ", "a\n\n\n b \r\n\tc", " \n \n x", "\t\ttabs  \n", "x   ",
  "12345 3.14 1,000", "a1b22c333d4444", "½ ² Ⅷ ٣٤٥٦", "CamelCaseXMLParser", "écoleÉcole ÀÉÎ", "ΑΒΓαβγ ПриВет", "e\u0301a\u0300 x\u0303",
  "हिन्दी में", "ภาษาไทย", "日本語のテキスト。", "中文,标点！？12", "한국어 텍스트", "שלום עולם", "مرحبا، 123",
  "🙂🏳️‍🌈 ok", "/usr//bin/a.b", "(a+b)*c==d//\n\n", "x=y;\r\nz:=w", "<|im_end|> <s>", "$5.00 €3 £2%", "_snake_case_", "«ça» “va”…",
  "\u00a0nbsp\u2003em\u200bzw", "\u0000\u0007\u0085x\u2028y", "ŉǅʰªº x", "foo\u3000bar　baz", "---***===", "!Abc #tag @me", "🙂'S é'll", "...\n...", "ＡＢＣ１２３！", "a  'm\n 'RE",
];

const BYTES = [...Array(256).keys()];
const printable = (byte) => (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
const others = BYTES.filter((byte) => !printable(byte));
const spell = (bytes) => [...bytes].map((byte) => String.fromCharCode(printable(byte) ? byte : 0x100 + others.indexOf(byte)));
const unspell = (text) => [...text].map((c) => (c.charCodeAt(0) < 0x100 ? c.charCodeAt(0) : others[c.charCodeAt(0) - 0x100]));

const tokens = new Set(spell(BYTES));
const merges = new Set();
for (const text of TEXTS) {
  const letters = spell(Buffer.from(text));
  for (let start = 0; start < letters.length; start++) {
    for (let end = start + 2; end <= letters.length; end++) {
      const part = letters.slice(start, end);
      tokens.add(part.join(""));
      for (let at = 1; at < part.length; at++) merges.add(part.slice(0, at).join("") + " " + part.slice(at).join(""));
    }
  }
}
const vocabulary = [...tokens];

const number = (size, write) => (value) => {
  const buffer = Buffer.alloc(size);
  buffer[write](value);
  return buffer;
};
const u32 = number(4, "writeUInt32LE");
const u64 = (value) => number(8, "writeBigUInt64LE")(BigInt(value));
const string = (text) => Buffer.concat([u64(Buffer.byteLength(text)), Buffer.from(text)]);
const array = (type, values, write) => [u32(9), u32(type), u64(values.length), ...values.map(write)];
const gguf = (metadata) =>
  Buffer.concat([
    Buffer.from("GGUF"), u32(3), u64(0), u64(Object.keys(metadata).length),
    ...Object.entries(metadata).flatMap(([key, value]) => [string(key), ...value]),
  ]);
const text = (value) => [u32(8), string(value)];
const integer = (value) => [u32(4), u32(value)];

const llama = await getLlama({ gpu: false, build: "never", logLevel: "error" });
const path = join(mkdtempSync(join(tmpdir(), "vocabulary-")), "vocabulary.gguf");
const golden = {};
for (const name of NAMES) {
  writeFileSync(
    path,
    gguf({
      "general.architecture": text("llama"),
      "llama.context_length": integer(64), "llama.embedding_length": integer(64), "llama.block_count": integer(1),
      "llama.feed_forward_length": integer(64), "llama.attention.head_count": integer(1), "llama.rope.dimension_count": integer(64),
      "llama.attention.layer_norm_rms_epsilon": [u32(6), number(4, "writeFloatLE")(1e-5)],
      "tokenizer.ggml.model": text("gpt2"), "tokenizer.ggml.pre": text(name),
      "tokenizer.ggml.tokens": array(8, vocabulary, string),
      "tokenizer.ggml.token_type": array(5, vocabulary, () => u32(1)),
      "tokenizer.ggml.merges": array(8, [...merges], string),
    }),
  );
  const model = await llama.loadModel({ modelPath: path, vocabOnly: true });
  const words = (text) => [...model.tokenize(text, false)].map((token) => Buffer.from(unspell(vocabulary[token])).toString());
  golden[name] = TEXTS.map((text) => {
    const split = words(text);
    if (split.join("") !== text) throw new Error(`${name}: ${JSON.stringify(text)} became ${JSON.stringify(split)}`);
    return split.join("│");
  });
  await model.dispose();
}
console.log(JSON.stringify(golden, null, 1));
process.exit();
