//! The files of a small random llama in memory: as GGUF, as split GGUF, and as a Hugging Face folder.

use std::collections::BTreeMap;

use half::{bf16, f16};
use serde_json::{Value, json};
use wgslm_formats::gguf::TensorType;

use crate::gguf_writer::GgufWriter;
use crate::random::Random;
use crate::safetensors_writer::SafetensorsWriter;

/// The contents of a model's files, by file name.
pub type Files = BTreeMap<String, Vec<u8>>;

const WIDTH: u64 = 64;
const HEADS: u64 = 4;
const KV_HEADS: u64 = 2;
const HEAD_WIDTH: u64 = 16;
const FEED_FORWARD: u64 = 96;
const LAYERS: u64 = 2;
const VOCABULARY: u64 = 48;

/// A tensor with its names in both formats and its weights in Hugging Face's order of rows.
pub struct Tensor {
    gguf: String,
    hugging_face: String,
    /// The dimensions, the slowest first.
    shape: Vec<u64>,
    weights: Vec<f32>,
    /// The number of heads, for queries and keys, whose rows GGUF orders in rope pairs.
    heads: Option<u64>,
}

/// The tensors of the model, from a fixed seed.
pub fn tensors() -> Vec<Tensor> {
    let mut random = Random::new(7);
    let mut all = Vec::new();
    let mut add = |gguf: String, hugging_face: String, shape: &[u64], heads| {
        let uniform = |random: &mut Random| random.below(1 << 20) as f32 / (1 << 19) as f32 - 1.0;
        let norm = shape.len() == 1;
        let weights = (0..shape.iter().product())
            .map(|_| if norm { 1.0 + uniform(&mut random) / 4.0 } else { uniform(&mut random) / 5.0 })
            .collect();
        all.push(Tensor { gguf, hugging_face, shape: shape.to_vec(), weights, heads });
    };
    add("token_embd".to_owned(), "model.embed_tokens".to_owned(), &[VOCABULARY, WIDTH], None);
    add("output_norm".to_owned(), "model.norm".to_owned(), &[WIDTH], None);
    add("output".to_owned(), "lm_head".to_owned(), &[VOCABULARY, WIDTH], None);
    for layer in 0..LAYERS {
        for (gguf, hugging_face, shape, heads) in [
            ("attn_norm", "input_layernorm", &[WIDTH][..], None),
            ("attn_q", "self_attn.q_proj", &[HEADS * HEAD_WIDTH, WIDTH], Some(HEADS)),
            ("attn_k", "self_attn.k_proj", &[KV_HEADS * HEAD_WIDTH, WIDTH], Some(KV_HEADS)),
            ("attn_v", "self_attn.v_proj", &[KV_HEADS * HEAD_WIDTH, WIDTH], None),
            ("attn_output", "self_attn.o_proj", &[WIDTH, HEADS * HEAD_WIDTH], None),
            ("ffn_norm", "post_attention_layernorm", &[WIDTH], None),
            ("ffn_gate", "mlp.gate_proj", &[FEED_FORWARD, WIDTH], None),
            ("ffn_up", "mlp.up_proj", &[FEED_FORWARD, WIDTH], None),
            ("ffn_down", "mlp.down_proj", &[WIDTH, FEED_FORWARD], None),
        ] {
            add(format!("blk.{layer}.{gguf}"), format!("model.layers.{layer}.{hugging_face}"), shape, heads);
        }
    }
    all
}

impl Tensor {
    /// The bytes of the rows, in Hugging Face's order.
    fn rows(&self, kind: TensorType) -> Vec<Vec<u8>> {
        let row_length = *self.shape.last().expect("a shape") as usize;
        let bytes = |weight: &f32| match kind {
            TensorType::F16 => f16::from_f32(*weight).to_le_bytes().to_vec(),
            TensorType::BF16 => bf16::from_f32(*weight).to_le_bytes().to_vec(),
            _ => weight.to_le_bytes().to_vec(),
        };
        self.weights.chunks(row_length).map(|row| row.iter().flat_map(bytes).collect()).collect()
    }

    fn write_gguf(&self, writer: GgufWriter, kind: TensorType) -> GgufWriter {
        let mut rows = self.rows(kind);
        if let Some(heads) = self.heads {
            // The order that llama.cpp's converter makes with `reshape(heads, 2, half).swapaxes(1, 2)`.
            let (head, half) = (rows.len() / heads as usize, rows.len() / heads as usize / 2);
            rows =
                (0..rows.len()).map(|row| rows[row / head * head + row % 2 * half + row % head / 2].clone()).collect();
        }
        let shape: Vec<u64> = self.shape.iter().rev().copied().collect();
        writer.tensor(&format!("{}.weight", self.gguf), kind, &shape, &rows.concat())
    }

    /// Adds the tensor to a file of a Hugging Face folder.
    pub fn write_safetensors(&self, writer: SafetensorsWriter, kind: TensorType) -> SafetensorsWriter {
        writer.tensor(&self.name(), kind.name(), &self.shape, &self.rows(kind).concat())
    }

    fn name(&self) -> String {
        format!("{}.weight", self.hugging_face)
    }
}

/// A GGUF file with the model's metadata and no tensors.
#[must_use]
pub fn metadata() -> GgufWriter {
    metadata_of(LAYERS, VOCABULARY)
}

/// As [`metadata`], with other numbers of layers and tokens.
#[must_use]
pub fn metadata_of(layers: u64, vocabulary: u64) -> GgufWriter {
    GgufWriter::new()
        .metadata("general.architecture", "llama")
        .metadata("llama.block_count", layers)
        .metadata("llama.context_length", 128_u32)
        .metadata("llama.embedding_length", WIDTH)
        .metadata("llama.feed_forward_length", FEED_FORWARD)
        .metadata("llama.attention.head_count", HEADS)
        .metadata("llama.attention.head_count_kv", KV_HEADS)
        .metadata("llama.attention.layer_norm_rms_epsilon", 1e-5_f32)
        .metadata("llama.rope.freq_base", 5_000_f32)
        .metadata("llama.vocab_size", vocabulary)
}

/// Adds all tensors of the model to a file.
pub fn with_tensors(writer: GgufWriter, kind: TensorType) -> GgufWriter {
    tensors().iter().fold(writer, |writer, tensor| tensor.write_gguf(writer, kind))
}

/// The model as one GGUF file.
pub fn gguf(kind: TensorType) -> Vec<u8> {
    with_tensors(metadata(), kind).finish()
}

/// Adds the metadata that gguf-split writes to every part.
pub fn numbered(writer: GgufWriter, number: usize, count: usize) -> GgufWriter {
    writer
        .metadata("split.no", number as u16)
        .metadata("split.count", count as u16)
        .metadata("split.tensors.count", tensors().len() as i32)
}

/// Adds one of `count` parts of the model to `writer`.
fn part(writer: GgufWriter, kind: TensorType, number: usize, count: usize) -> GgufWriter {
    let tensors = tensors();
    let writer = numbered(writer, number, count);
    let share = tensors.len().div_ceil(count);
    tensors.iter().skip(number * share).take(share).fold(writer, |writer, tensor| tensor.write_gguf(writer, kind))
}

/// The file name of a part, counted from zero.
pub fn part_name(number: usize, count: usize) -> String {
    format!("tiny-{:05}-of-{count:05}.gguf", number + 1)
}

/// The model as GGUF parts.
pub fn split_gguf(kind: TensorType, count: usize) -> Files {
    let writer = |number| if number == 0 { metadata() } else { GgufWriter::new() };
    (0..count).map(|number| (part_name(number, count), part(writer(number), kind, number, count).finish())).collect()
}

/// The model's config.json.
pub fn config() -> Value {
    json!({
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "num_hidden_layers": LAYERS,
        "max_position_embeddings": 128,
        "hidden_size": WIDTH,
        "intermediate_size": FEED_FORWARD,
        "num_attention_heads": HEADS,
        "num_key_value_heads": KV_HEADS,
        "rms_norm_eps": 1e-5,
        "rope_theta": 5_000.0,
        "rope_scaling": null,
        "head_dim": null,
        "tie_word_embeddings": false,
        "vocab_size": VOCABULARY,
        "torch_dtype": "float32",
    })
}

/// A tokenizer for the model's vocabulary: control tokens, letters, and `ab`.
pub fn tokenizer() -> Value {
    let special = |id: u64, content: &str| {
        json!({ "id": id, "content": content, "special": true, "single_word": false,
        "lstrip": false, "rstrip": false, "normalized": false })
    };
    let first = ["<s>", "</s>", "<end>", "a", "b", "c", "ab", "Ġ"].map(str::to_owned);
    let letters = ('d'..='z').chain('A'..='Z').map(|letter| letter.to_string());
    let texts = first.into_iter().chain(letters).take(VOCABULARY as usize);
    let vocabulary: Value = texts.enumerate().map(|(id, text)| (text, json!(id))).collect();
    json!({
        "version": "1.0",
        "added_tokens": [special(0, "<s>"), special(1, "</s>"), special(2, "<end>")],
        "pre_tokenizer": { "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true },
        "decoder": { "type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true },
        "model": { "type": "BPE", "vocab": vocabulary, "merges": ["a b"] },
    })
}

/// The model as a Hugging Face folder with its tensors in `shards` files.
pub fn hugging_face(kind: TensorType, shards: usize) -> Files {
    let mut files = Files::new();
    let mut text = |name: &str, json: &Value| drop(files.insert(name.to_owned(), json.to_string().into_bytes()));
    text("config.json", &config());
    text("generation_config.json", &json!({ "eos_token_id": [1, 2] }));
    text("tokenizer.json", &tokenizer());
    text("tokenizer_config.json", &json!({ "bos_token": "<s>", "eos_token": "</s>", "chat_template": "not this" }));
    // Sorted by name, as by safetensors' own writer.
    let mut tensors = tensors();
    tensors.sort_by_key(Tensor::name);
    let share = tensors.len().div_ceil(shards);
    let mut map = serde_json::Map::new();
    for (index, shard) in tensors.chunks(share).enumerate() {
        let name = match shards {
            1 => "model.safetensors".to_owned(),
            _ => format!("model-{:05}-of-{shards:05}.safetensors", index + 1),
        };
        let writer = SafetensorsWriter::new().entry("__metadata__", &json!({ "format": "pt" }));
        let writer = shard.iter().fold(writer, |writer, tensor| tensor.write_safetensors(writer, kind));
        map.extend(shard.iter().map(|tensor| (tensor.name(), json!(name))));
        files.insert(name, writer.finish());
    }
    if shards > 1 {
        let index = json!({ "metadata": { "total_size": 0 }, "weight_map": map }).to_string();
        files.insert("model.safetensors.index.json".to_owned(), index.into_bytes());
    }
    let template = "{{ bos_token }}{{ messages[0].content }}{{ eos_token }}";
    files.insert("chat_template.jinja".to_owned(), template.as_bytes().to_vec());
    files
}
