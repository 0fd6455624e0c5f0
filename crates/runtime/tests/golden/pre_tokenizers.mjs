// Writes pre_tokenizers.json: how llama.cpp splits texts into words under each name of `tokenizer.ggml.pre`.
//
//     npm install node-llama-cpp@3 && node pre_tokenizers.mjs > pre_tokenizers.json
//
// The words show as tokens: in the vocabulary made here every part of every text is a token, and any two neighbours merge.

import { load } from "./llama_cpp.mjs";

// One name of each set of rules, by how their vocabularies spell words.
const BYTE_LEVEL = [
  "default", "gpt-2", "smollm", "llama-bpe", "dbrx", "qwen2", "qwen35", "ufakzeka", "bailingmoe", "seed-coder", "exaone-moe",
  "minicpm5", "laguna", "tekken", "gpt-4o", "deepseek-llm", "deepseek-coder", "deepseek-v3", "falcon", "bloom", "viking",
  "jais-2", "chameleon", "granite-embed-multi-97m", "tiny_aya", "youtu", "spark2_5", "afmoe", "superbpe", "kimi-k2",
];
const CHARACTERS = ["whitespace"];
const MARKED_SPACES = ["gemma4", "sarvam-moe"];

const TEXTS = [
  "Hello, world! It's 2024.", "I'LL we've DON'T they'd 'S", "don't 'tis ''re", "  two  spaces ", "a\n\n\n b \r\n\tc", " \n \n x", "\t\ttabs  \n", "x   ",
  "12345 3.14 1,000", "a1b22c333d4444", "½ ² Ⅷ ٣٤٥٦", "CamelCaseXMLParser", "écoleÉcole ÀÉÎ", "ΑΒΓαβγ ПриВет", "e\u0301a\u0300 x\u0303",
  "हिन्दी में", "ภาษาไทย", "日本語のテキスト。", "中文,标点！？12", "한국어 텍스트", "שלום עולם", "مرحبا، 123",
  "🙂🏳️‍🌈 ok", "/usr//bin/a.b", "(a+b)*c==d//\n\n", "x=y;\r\nz:=w", "<|im_end|> <s>", "$5.00 €3 £2%", "_snake_case_", "«ça» “va”…",
  "\u00a0nbsp\u2003em\u200bzw", "\u0000\u0007\u0085x\u2028y", "ŉǅʰªº x", "foo\u3000bar　baz", "---***===", "!Abc #tag @me", "🙂'S é'll", "...\n...", "ＡＢＣ１２３！", "a  'm\n 'RE",
  "1234567 12345678  123456789x", "v12٣٤٥٦٧  7", "        eight     x", "x       ", "<sentinel:12>IMGIMGABIZIMGIMGJZ", "汉字word's한글ㄱㅎㄅㄆ漢", "ไทย12ລາວ ខ្មែរ",
  "𠀀abc豈x々", "、。〿︰！？", "\n\na\r\n\r\n \nb",
];

const BYTES = [...Array(256).keys()];
const printable = (byte) => (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
const others = BYTES.filter((byte) => !printable(byte));
const byteLevel = {
  alphabet: BYTES.map((byte) => spelled(byte)),
  spell: (text) => [...Buffer.from(text)].map(spelled),
  unspell: (text) =>
    Buffer.from([...text].map((c) => (c.charCodeAt(0) < 0x100 ? c.charCodeAt(0) : others[c.charCodeAt(0) - 0x100]))).toString(),
};
// A token ends at NUL, and llama.cpp aborts where it would merge spaces.
const withoutNul = TEXTS.filter((text) => !text.includes("\u0000"));
const characters = { texts: withoutNul.filter((text) => !text.includes(" ")), alphabet: [], spell: (text) => [...text], unspell: (text) => text };
const markedSpaces = {
  texts: withoutNul, alphabet: [], spell: (text) => [...text.replaceAll(" ", "▁")], unspell: (text) => text.replaceAll("▁", " "),
};

function spelled(byte) {
  return String.fromCharCode(printable(byte) ? byte : 0x100 + others.indexOf(byte));
}

function vocabulary(texts, spelling) {
  const tokens = new Set(spelling.alphabet);
  const merges = new Set();
  for (const text of texts) {
    const letters = spelling.spell(text);
    letters.forEach((letter) => tokens.add(letter));
    for (let start = 0; start < letters.length; start++) {
      for (let end = start + 2; end <= letters.length; end++) {
        const part = letters.slice(start, end);
        tokens.add(part.join(""));
        for (let at = 1; at < part.length; at++) merges.add(part.slice(0, at).join("") + " " + part.slice(at).join(""));
      }
    }
  }
  return { tokens: [...tokens], merges: [...merges] };
}

const golden = {};
for (const [names, spelling] of [[BYTE_LEVEL, byteLevel], [CHARACTERS, characters], [MARKED_SPACES, markedSpaces]]) {
  const texts = spelling.texts ?? TEXTS;
  const { tokens, merges } = vocabulary(texts, spelling);
  for (const name of names) {
    const model = await load({ model: "gpt2", pre: name, tokens, token_type: tokens.map(() => 1), merges });
    golden[name] = texts.map((text) => {
      const words = [...model.tokenize(text, false)].map((token) => spelling.unspell(tokens[token]));
      if (words.join("") !== text) throw new Error(`${name}: ${JSON.stringify(text)} became ${JSON.stringify(words)}`);
      return words.join("│");
    });
    await model.dispose();
  }
}
console.log(JSON.stringify(golden, null, 1));
process.exit();
