// Writes tokenizers.json: the tokens that llama.cpp makes of texts with small vocabularies of each kind, and which tokens of some
// vocabularies end a generation.
//
//     npm install node-llama-cpp@3 && node tokenizers.mjs > tokenizers.json

import { load } from "./llama_cpp.mjs";

const [NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE] = [1, 2, 3, 4, 5, 6];

/** A vocabulary of `[text, type, score]`. */
const vocabulary = (tokens) => ({
  tokens: tokens.map(([text]) => text),
  token_type: tokens.map(([, type = NORMAL]) => type),
  scores: tokens.map(([, , score = 0]) => score),
});

const bytes = [...Array(256).keys()].map((byte) => [`<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`, BYTE]);

/** A map of characters as SentencePiece compiles it: a double array of Darts-clone, and what its values point to. */
function compile(replacements) {
  const root = { children: new Map() };
  let blob = "";
  for (const [from, to] of Object.entries(replacements)) {
    let node = root;
    for (const byte of Buffer.from(from)) {
      if (!node.children.has(byte)) node.children.set(byte, { children: new Map() });
      node = node.children.get(byte);
    }
    node.value = Buffer.byteLength(blob);
    blob += to + "\0";
  }
  const units = new Map([[0, 0]]);
  const place = (node, index) => {
    const labels = [...(node.value === undefined ? [] : [0]), ...node.children.keys()];
    let offset = 1;
    while (labels.some((label) => units.has(index ^ offset ^ label))) offset++;
    labels.forEach((label) => units.set(index ^ offset ^ label, label));
    units.set(index, units.get(index) | (offset << 10) | (node.value === undefined ? 0 : 1 << 8));
    if (node.value !== undefined) units.set(index ^ offset, node.value | (1 << 31));
    for (const [byte, child] of node.children) place(child, index ^ offset ^ byte);
  };
  place(root, 0);
  // Wherever a node is, all that a byte may lead to from it is inside.
  const words = new Int32Array((Math.max(...units.keys()) | 0xff) + 1);
  for (const [index, unit] of units) words[index] = unit;
  const size = Buffer.alloc(4);
  size.writeUInt32LE(words.byteLength);
  return [...Buffer.concat([size, Buffer.from(words.buffer), Buffer.from(blob)])];
}

const unigram = {
  model: "t5",
  ...vocabulary([
    ["<pad>", CONTROL], ["</s>", CONTROL], ["<unk>", UNKNOWN, -100], ["▁", NORMAL, -3], ["▁a", NORMAL, -2.5], ["a", NORMAL, -3.5], ["b", NORMAL, -3.75],
    ["ab", NORMAL, -5.5], ["▁ab", NORMAL, -6.5], ["abc", NORMAL, -7], ["c", NORMAL, -4], ["bc", NORMAL, -4.25], ["é", NORMAL, -5], ["f", NORMAL, -5],
    ["fi", NORMAL, -6], ["A", NORMAL, -6], ["<sep>", USER_DEFINED, -9], ["cab", UNUSED, -1], ["ガ", NORMAL, -8], ["▁▁", NORMAL, -4], [".", NORMAL, -5],
    ["...", NORMAL, -6], ["<", NORMAL, -9], ["/", NORMAL, -9], ["s", NORMAL, -9], [">", NORMAL, -9],
  ]),
};
const precompiled_charsmap = compile({
  "ﬁ": "fi", "Ａ": "A", "\u00a0": " ", "\u3000": " ", "\t": " ", "e\u0301": "é", "カ\u3099": "ガ", "ｶ": "カ", "ｶﾞ": "ガ", "\u200b": "", "…": "...", "㏂": "a.b.",
});
const UNIGRAM_TEXTS = [
  "", " ", "a", "ab abc  bc", "  a\tb\u00a0c ", "abcabcab", "cabbage", "xyz a日本b", "日", "e\u0301é e\u0300", "ﬁﬁ Ａb", "カ\u3099カ", "ｶﾞｶ", "a\u200bb \u200b c",
  "a…b....", "㏂", "a<sep>b <sep>c", "</s>a<pad>", "<unk>", "\n", "🙂a", "a\u0000b",
];

const gemma4 = {
  model: "gemma4",
  ...vocabulary([
    ["<pad>", CONTROL], ["<eos>", CONTROL], ["<bos>", CONTROL], ["<unk>", UNKNOWN], ...bytes, ["▁"], ["a"], ["b"], ["c"], ["ab"], ["▁a"], ["▁ab"], ["▁▁"], ["\n"],
    ["\n\n"], ["\n\n\n"], ["<b>", USER_DEFINED], ["</s>", USER_DEFINED], ["<turn|>", CONTROL], ["<|tool_response>", CONTROL], ["bc"],
  ]),
  merges: ["a b", "▁ a", "▁ ▁", "▁ ab", "\n \n", "b c"],
  bos_token_id: 2, eos_token_id: 1,
};
const GEMMA4_TEXTS = [
  "", "a", "ab abc", " ab", "  ab   a", "a\nb", "a\n\nb\n\n\n\n\nc", "\n\n\n", "é🙂", "a▁b", "<b>a</s>", "<turn|>a", "<0x0A>", "abcab\r\n",
];

const whitespace = {
  model: "whitespace", pre: "whitespace",
  ...vocabulary([["<s>", CONTROL], ["</s>", CONTROL], ["你"], ["好"], ["你好"], ["a"], ["b"], ["ab"], ["A"], ["<0xC3>", BYTE], ["<0xA9>", BYTE], ["σ"], ["ς"], ["i"]]),
  merges: ["你 好", "a b"], bos_token_id: 0, eos_token_id: 1,
};
const WHITESPACE_TEXTS = ["", " ", "你好", "你 好", " ab\ta  b\n", "Ab AB", "é", "ΣΣ Σ", "a\u3000b\u00a0ab", "<s>ab</s>"];

const TOKENIZERS = [
  ["Unigram", unigram, UNIGRAM_TEXTS],
  ["Unigram with a map of characters", { ...unigram, precompiled_charsmap }, UNIGRAM_TEXTS],
  ["Unigram with a space before", { ...unigram, precompiled_charsmap, add_space_prefix: true }, UNIGRAM_TEXTS],
  ["Unigram without extra spaces", { ...unigram, precompiled_charsmap, add_space_prefix: true, remove_extra_whitespaces: true }, UNIGRAM_TEXTS],
  ["Gemma 4", gemma4, GEMMA4_TEXTS],
  ["white space", whitespace, WHITESPACE_TEXTS],
  ["white space in lower case", { ...whitespace, "normalizer.lowercase": true }, WHITESPACE_TEXTS],
];

// What llama.cpp itself takes for an end: node-llama-cpp would add a few. The first token is the EOS of the metadata.
const ENDS = [
  ["a", "<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<|eom_id|>", "<|end|>", "<|end_of_text|>", "<end_of_utterance>", "<｜end▁of▁sentence｜>"],
  ["<end_of_turn>", "<eos>", "</s>", "<|start|>"],
  ["<eos>", "<turn|>", "<|tool_response>", "</s>", "<|tool_response|>"],
  ["<|return|>", "<|call|>", "<|end|>", "<|start|>", "<|channel|>", "<|message|>", "<|constrain|>"],
  ["<|flush|>", "<|calls|>", "<|end|>"],
  ["<|flush|>", "<|call|>", "<|end|>"],
  ["<|return|>", "<|calls|>", "<|end|>"],
  ["<|return|>", "<|flush|>", "<|end|>"],
  ["[EOS]", "[EOT]", "<EOT>", "_<EOT>", "▁<EOT>", "[e~["],
  ["a", "<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>", "<|fim_pad|>", "<|repo_name|>", "<|file_sep|>"],
  ["a", "<fim_prefix>", "<fim_suffix>", "<fim_middle>", "<fim_pad>", "<reponame>"],
];

const tokenizers = [];
for (const [name, tokenizer, texts] of TOKENIZERS) {
  const model = await load(tokenizer);
  const rows = texts.flatMap((text) => [true, false].map((special) => ({ text, special, ids: [...model.tokenize(text, special)] })));
  tokenizers.push({ name, tokenizer, rows });
  await model.dispose();
}
const ends = [];
for (const tokens of ENDS) {
  const model = await load({ model: "gpt2", pre: "gpt-2", tokens, token_type: tokens.map(() => NORMAL), merges: ["a b"], bos_token_id: 0, eos_token_id: 0 });
  ends.push({ tokens, ends: tokens.filter((_, token) => model._model.isEogToken(token)) });
  await model.dispose();
}
console.log(JSON.stringify({ tokenizers, ends }));
process.exit();
