// A small random llama, the same every time, as GGUF (whole and in parts) and as a Hugging Face folder of F16 weights.

const WIDTH = 64;
const HEADS = 4;
const KV_HEADS = 2;
const HEAD_WIDTH = 16;
const FEED_FORWARD = 96;
const LAYERS = 2;
const VOCABULARY = 48;

/** Names in both formats, shapes (slowest dimension first), and the heads whose rows GGUF has in pairs. */
function tensors() {
  const all = [
    ["token_embd", "model.embed_tokens", [VOCABULARY, WIDTH]],
    ["output_norm", "model.norm", [WIDTH]],
    ["output", "lm_head", [VOCABULARY, WIDTH]],
  ];
  for (let layer = 0; layer < LAYERS; layer++) {
    for (const [gguf, huggingFace, shape, heads] of [
      ["attn_norm", "input_layernorm", [WIDTH]],
      ["attn_q", "self_attn.q_proj", [HEADS * HEAD_WIDTH, WIDTH], HEADS],
      ["attn_k", "self_attn.k_proj", [KV_HEADS * HEAD_WIDTH, WIDTH], KV_HEADS],
      ["attn_v", "self_attn.v_proj", [KV_HEADS * HEAD_WIDTH, WIDTH]],
      ["attn_output", "self_attn.o_proj", [WIDTH, HEADS * HEAD_WIDTH]],
      ["ffn_norm", "post_attention_layernorm", [WIDTH]],
      ["ffn_gate", "mlp.gate_proj", [FEED_FORWARD, WIDTH]],
      ["ffn_up", "mlp.up_proj", [FEED_FORWARD, WIDTH]],
      ["ffn_down", "mlp.down_proj", [WIDTH, FEED_FORWARD]],
    ])
      all.push([`blk.${layer}.${gguf}`, `model.layers.${layer}.${huggingFace}`, shape, heads]);
  }
  let state = 1;
  return all.map(([gguf, huggingFace, shape, heads]) => {
    const length = shape.at(-1);
    const rows = Array.from({ length: shape.length === 1 ? 1 : shape[0] }, () => {
      const row = Buffer.alloc(2 * length);
      for (let place = 0; place < length; place++) {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        // F16 from 2^-4 to 2^-3 of either sign; norms from 1 to 2.
        const exponent = shape.length === 1 ? 15 : 11;
        const sign = shape.length === 1 ? 0 : state >>> 31;
        row.writeUInt16LE((sign << 15) | (exponent << 10) | ((state >>> 8) & 0x3ff), 2 * place);
      }
      return row;
    });
    return { gguf: `${gguf}.weight`, huggingFace: `${huggingFace}.weight`, shape, rows, heads };
  });
}

/** Rows as GGUF has them: what stands half a head apart stands side by side. */
function ggufRows({ rows, heads }) {
  if (!heads) return rows;
  const head = rows.length / heads;
  const from = (row) => row - (row % head) + (row % 2) * (head / 2) + Math.floor((row % head) / 2);
  return rows.map((_, row) => rows[from(row)]);
}

const uint32 = (number) => Buffer.from(Uint32Array.of(number).buffer);
const uint64 = (number) => Buffer.from(BigUint64Array.of(BigInt(number)).buffer);
const text = (string) => Buffer.concat([uint64(Buffer.byteLength(string)), Buffer.from(string)]);
const padded = (buffer) => Buffer.concat([buffer, Buffer.alloc((32 - (buffer.length % 32)) % 32)]);

/** A GGUF file. Metadata values are text, or numbers: whole ones as u32, others as f32. */
function ggufFile(metadata, list) {
  const value = (entry) => {
    if (typeof entry === "string") return Buffer.concat([uint32(8), text(entry)]);
    if (Number.isInteger(entry)) return Buffer.concat([uint32(4), uint32(entry)]);
    return Buffer.concat([uint32(6), Buffer.from(Float32Array.of(entry).buffer)]);
  };
  const entries = Object.entries(metadata).map(([key, entry]) => Buffer.concat([text(key), value(entry)]));
  const data = list.map((tensor) => padded(Buffer.concat(ggufRows(tensor))));
  let offset = 0;
  const directory = list.map(({ gguf, shape }, index) => {
    const dimensions = shape.toReversed().map(uint64);
    const entry = Buffer.concat([text(gguf), uint32(shape.length), ...dimensions, uint32(1), uint64(offset)]);
    offset += data[index].length;
    return entry;
  });
  const counts = [uint32(3), uint64(list.length), uint64(entries.length)];
  const header = padded(Buffer.concat([Buffer.from("GGUF"), ...counts, ...entries, ...directory]));
  return Buffer.concat([header, ...data]);
}

const METADATA = {
  "general.architecture": "llama",
  "general.name": "tiny",
  "llama.block_count": LAYERS,
  "llama.context_length": 128,
  "llama.embedding_length": WIDTH,
  "llama.feed_forward_length": FEED_FORWARD,
  "llama.attention.head_count": HEADS,
  "llama.attention.head_count_kv": KV_HEADS,
  "llama.attention.layer_norm_rms_epsilon": 1e-5,
  "llama.vocab_size": VOCABULARY,
};

/** The model in one file. */
export const gguf = () => ggufFile(METADATA, tensors());

/** The model in parts, by name. */
export function splitGguf(count) {
  const list = tensors();
  const share = Math.ceil(list.length / count);
  const number = (index) => String(index).padStart(5, "0");
  return Object.fromEntries(
    Array.from({ length: count }, (_, index) => {
      const split = { "split.no": index, "split.count": count, "split.tensors.count": list.length };
      const metadata = index === 0 ? { ...METADATA, ...split } : split;
      const part = ggufFile(metadata, list.slice(index * share, (index + 1) * share));
      return [`tiny-${number(index + 1)}-of-${number(count)}.gguf`, part];
    }),
  );
}

/** The model's folder, with its tensors in two files, by name. */
export function huggingFace() {
  const list = tensors().sort((a, b) => (a.huggingFace < b.huggingFace ? -1 : 1));
  const files = {};
  const map = {};
  [list.slice(0, 9), list.slice(9)].forEach((shard, index) => {
    const name = `model-0000${index + 1}-of-00002.safetensors`;
    let offset = 0;
    const header = Object.fromEntries(
      shard.map((tensor) => {
        const bytes = 2 * tensor.shape.reduce((product, dimension) => product * dimension);
        map[tensor.huggingFace] = name;
        const entry = { dtype: "F16", shape: tensor.shape, data_offsets: [offset, (offset += bytes)] };
        return [tensor.huggingFace, entry];
      }),
    );
    const json = Buffer.from(JSON.stringify(header));
    files[name] = Buffer.concat([uint64(json.length), json, ...shard.flatMap(({ rows }) => rows)]);
  });
  const special = { special: true, single_word: false, lstrip: false, rstrip: false, normalized: false };
  const texts = ["<s>", "</s>", ..."abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRST"];
  const json = {
    "config.json": {
      model_type: "llama",
      _name_or_path: "someone/tiny",
      num_hidden_layers: LAYERS,
      max_position_embeddings: 128,
      hidden_size: WIDTH,
      intermediate_size: FEED_FORWARD,
      num_attention_heads: HEADS,
      num_key_value_heads: KV_HEADS,
      rms_norm_eps: 1e-5,
      vocab_size: VOCABULARY,
    },
    "tokenizer.json": {
      version: "1.0",
      added_tokens: [
        { id: 0, content: "<s>", ...special },
        { id: 1, content: "</s>", ...special },
      ],
      pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
      decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
      model: { type: "BPE", vocab: Object.fromEntries(texts.map((token, id) => [token, id])), merges: [] },
    },
    "tokenizer_config.json": { bos_token: "<s>", eos_token: "</s>", chat_template: "{{ messages[0].content }}</s>" },
    "model.safetensors.index.json": { weight_map: map },
  };
  for (const [name, value] of Object.entries(json)) files[name] = Buffer.from(JSON.stringify(value));
  return files;
}
