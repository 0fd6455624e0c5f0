//! Tests of models of several files: split GGUF and Hugging Face folders.

use serde_json::{Value, json};
use wgslm::Device;
use wgslm::Result;
use wgslm::engine::{Engine, EngineOptions};
use wgslm::formats::gguf::TensorType;
use wgslm::formats::source;
use wgslm::text::{Message, Special};
use wgslm_testing::gguf_writer::GgufWriter;
use wgslm_testing::model_files::{
    Files, config, gguf, hugging_face, metadata, numbered, part_name, split_gguf, tensors, tokenizer, with_tensors,
};
use wgslm_testing::safetensors_writer::SafetensorsWriter;

use crate::adapters::adapters;
use crate::setup::{load_bytes, load_files, logits};

const PROMPT: [u32; 5] = [3, 1, 4, 15, 9];

fn load_from(device: &Device, entry: &str, files: &Files, piece: usize) -> Result<Engine> {
    load_files(device, entry, (piece, &EngineOptions::default()), |name| files.get(name).cloned())
}

fn load(device: &Device, files: &Files, piece: usize) -> Result<Engine> {
    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    load_from(device, source::entry(&names)?, files, piece)
}

/// The code and the message of the error with which `files` are refused.
fn refusal(device: &Device, files: &Files) -> (&'static str, String) {
    let error = load(device, files, 1000).map(|_| ()).expect_err("it is refused");
    (error.code(), error.to_string())
}

#[test]
fn a_split_model_equals_the_whole_one() {
    if let Some(device) = adapters().first() {
        for kind in [TensorType::F16, TensorType::F32] {
            let whole = load_bytes(device, &gguf(kind), 1 << 20, &EngineOptions::default()).expect("it loads");
            let whole = logits(&whole, &PROMPT);
            for (parts, piece) in [(1, 1 << 20), (2, 1 << 20), (3, 701), (21, 1 << 20)] {
                let engine = load(device, &split_gguf(kind, parts), piece).expect("it loads");
                assert_eq!(logits(&engine, &PROMPT), whole, "{kind} in {parts} parts, pieces of {piece}");
            }
        }
    }
}

#[test]
fn the_first_part_may_have_no_tensors() {
    let Some(device) = adapters().first() else { return };
    let first = numbered(metadata(), 0, 2).finish();
    let second = with_tensors(numbered(GgufWriter::new(), 1, 2), TensorType::F16).finish();
    let files = Files::from([(part_name(0, 2), first), (part_name(1, 2), second)]);
    let whole = load_bytes(device, &gguf(TensorType::F16), 1 << 20, &EngineOptions::default()).expect("it loads");
    assert_eq!(logits(&load(device, &files, 4096).expect("it loads"), &PROMPT), logits(&whole, &PROMPT));
}

#[test]
fn parts_that_do_not_make_a_model_are_refused() {
    let Some(device) = adapters().first() else { return };
    let split = || split_gguf(TensorType::F16, 3);
    let changed = |change: &dyn Fn(&mut Files)| {
        let mut files = split();
        change(&mut files);
        refusal(device, &files)
    };
    let name = |number| part_name(number, 3);

    let (code, message) = changed(&|files| drop(files.remove(&name(1))));
    assert!(code == "missing-file" && message.contains(&name(1)), "{message}");
    let (code, message) = changed(&|files| drop(files.remove(&name(0))));
    assert!(code == "missing-file" && message.contains(&name(0)), "{message}");
    // A later part, under any name.
    for entry in [name(1), "renamed.gguf".to_owned()] {
        let mut files = split();
        files.insert(entry.clone(), files[&name(1)].clone());
        let error = load_from(device, &entry, &files, 1000).map(|_| ()).expect_err("it is refused");
        assert!(error.code() == "not-first-part", "{error}");
    }
    let (code, message) = changed(&|files| {
        let third = files[&name(2)].clone();
        files.insert(name(1), third);
    });
    assert!(code == "wrong-part" && message.contains("it is part 3 of 3, not 2 of 3"), "{message}");
    let other = |tensors: i32| {
        let writer = GgufWriter::new().metadata("split.no", 1_u16).metadata("split.count", 3_u16);
        writer.metadata("split.tensors.count", tensors).finish()
    };
    let (code, message) = changed(&|files| drop(files.insert(name(1), other(9))));
    assert!(code == "wrong-part" && message.contains("split.tensors.count differs"), "{message}");
    let (code, message) = changed(&|files| drop(files.insert(name(1), other(tensors().len() as i32))));
    assert!(code == "wrong-part" && message.contains("all parts have 14 tensors"), "{message}");
    let (code, message) = changed(&|files| drop(files.insert(name(0), numbered(metadata(), 0, 4).finish())));
    assert!(code == "wrong-part" && message.contains("there are 3 parts, and it says 4"), "{message}");
    let (code, message) = changed(&|files| {
        let again = numbered(GgufWriter::new(), 1, 3);
        files.insert(name(1), with_tensors(again, TensorType::F16).finish());
    });
    assert!(code == "wrong-part" && message.contains("is in another part too"), "{message}");
    let (code, message) = changed(&|files| {
        let second = files.get_mut(&name(1)).expect("it is there");
        second.truncate(second.len() - 500);
    });
    assert!(code == "truncated" && message.contains(&name(1)), "{message}");
    // A single stream, without a way to find the other parts.
    let first = split()[&name(0)].clone();
    let error = load_bytes(device, &first, 1000, &EngineOptions::default()).map(|_| ()).expect_err("it is refused");
    assert!(error.code() == "missing-file" && error.to_string().contains("part 2 of 3"), "{error}");
}

#[test]
fn a_hugging_face_folder_equals_the_same_weights_in_gguf() {
    if let Some(device) = adapters().first() {
        for kind in [TensorType::F32, TensorType::F16, TensorType::BF16] {
            let whole = load_bytes(device, &gguf(kind), 1 << 20, &EngineOptions::default()).expect("it loads");
            let whole = logits(&whole, &PROMPT);
            for (shards, piece) in [(1, 1 << 20), (1, 777), (3, 1 << 20), (4, 5000)] {
                let engine = load(device, &hugging_face(kind, shards), piece).expect("it loads");
                assert_eq!(logits(&engine, &PROMPT), whole, "{kind} in {shards} shards, pieces of {piece}");
            }
        }
    }
}

#[test]
fn a_folder_brings_its_tokenizer_template_and_stop_tokens() {
    let Some(device) = adapters().first() else { return };
    let mut files = hugging_face(TensorType::F16, 1);
    let engine = load(device, &files, 1 << 20).expect("it loads");
    let tokenizer = engine.model().tokenizer().expect("a tokenizer");
    assert_eq!(tokenizer.encode("cab<end>", Special::Parse).expect("it encodes"), [5, 6, 2]);
    assert_eq!((tokenizer.bos(), tokenizer.stop_tokens()), (Some(0), &[1, 2][..]));
    let template = engine.model().chat_template().expect("it compiles").expect("a template");
    assert_eq!(template.render(&[Message::new("user", "ab")], true).expect("it renders").text(), "<s>ab</s>");

    files.remove("chat_template.jinja");
    files.insert("chat_template.json".to_owned(), br#"{ "chat_template": "of a processor" }"#.to_vec());
    let engine = load(device, &files, 1 << 20).expect("it loads");
    let template = engine.model().chat_template().expect("it compiles").expect("that of chat_template.json");
    assert_eq!(template.render(&[], true).expect("it renders").text(), "of a processor");

    files.remove("chat_template.json");
    let engine = load(device, &files, 1 << 20).expect("it loads");
    let template = engine.model().chat_template().expect("it compiles").expect("that of tokenizer_config.json");
    assert_eq!(template.render(&[], true).expect("it renders").text(), "not this");

    for name in ["tokenizer.json", "tokenizer_config.json", "generation_config.json"] {
        files.remove(name);
    }
    let engine = load(device, &files, 1 << 20).expect("it loads");
    assert_eq!(engine.model().tokenizer().expect_err("there is none").code(), "tokenizer");
    assert_eq!(logits(&engine, &PROMPT).len(), PROMPT.len() * 48, "it runs on tokens");
}

#[test]
fn hidden_act_of_a_folder_is_obeyed_or_refused() {
    let Some(device) = adapters().first() else { return };
    let with = |name: &str| {
        let mut files = hugging_face(TensorType::F16, 1);
        let mut config = config();
        config["hidden_act"] = json!(name);
        files.insert("config.json".to_owned(), config.to_string().into_bytes());
        files
    };
    let answers = |name: &str| logits(&load(device, &with(name), 1 << 20).expect("it loads"), &PROMPT);
    let plain = logits(&load(device, &hugging_face(TensorType::F16, 1), 1 << 20).expect("it loads"), &PROMPT);
    assert_eq!(answers("silu"), plain);
    assert_eq!(answers("gelu"), answers("gelu_pytorch_tanh"));
    assert_ne!(answers("gelu"), plain);
    for name in ["relu", "quick_gelu"] {
        let (code, message) = refusal(device, &with(name));
        assert!(code == "invalid-metadata" && message.contains(&format!("{name} can't be run")), "{message}");
    }
}

#[test]
fn a_vocabulary_padded_beyond_the_tokenizer_loads() {
    let Some(device) = adapters().first() else { return };
    let mut files = hugging_face(TensorType::F16, 1);
    let mut smaller = tokenizer();
    let vocabulary = smaller["model"]["vocab"].as_object_mut().expect("an object");
    vocabulary.retain(|_, id| id.as_u64().is_some_and(|id| id < 40));
    files.insert("tokenizer.json".to_owned(), smaller.to_string().into_bytes());
    let engine = load(device, &files, 1 << 20).expect("it loads");
    let tokens = engine.model().tokenizer().expect("a tokenizer").vocabulary_size();
    assert_eq!((engine.model().spec.vocabulary, tokens), (48, 40), "both numbers are known");
}

#[test]
fn folders_that_cannot_be_run_are_refused() {
    let Some(device) = adapters().first() else { return };
    let with = |name: &str, bytes: Option<Vec<u8>>| {
        let mut files = hugging_face(TensorType::F16, 2);
        match bytes {
            Some(bytes) => drop(files.insert(name.to_owned(), bytes)),
            None => drop(files.remove(name)),
        }
        refusal(device, &files)
    };
    let text = |json: &Value| Some(json.to_string().into_bytes());
    let changed = |key: &str, value: Value| {
        let mut config = config();
        config[key] = value;
        with("config.json", text(&config))
    };
    for (key, value, code, part) in [
        ("model_type", json!("mamba"), "unsupported-architecture", "supported: llama, mistral"),
        ("model_type", json!(null), "invalid-config", "model_type"),
        ("hidden_size", json!("wide"), "invalid-config", "hidden_size"),
        ("hidden_size", json!(null), "invalid-config", "hidden_size"),
        ("num_attention_heads", json!(0), "invalid-config", "num_attention_heads"),
        ("num_attention_heads", json!(64), "invalid-safetensors", "64 heads"),
        ("num_hidden_layers", json!(3), "missing-tensor", "blk.2."),
        ("num_hidden_layers", json!(1), "unexpected-tensor", "blk.1."),
        ("rope_scaling", json!({ "rope_type": "spiral" }), "invalid-config", "spiral"),
        ("rope_scaling", json!({ "rope_type": "linear" }), "invalid-config", "factor"),
        ("quantization_config", json!({ "quant_method": "gptq" }), "invalid-config", "quantised"),
    ] {
        let (found, message) = changed(key, value.clone());
        assert!(found == code && message.contains(part), "{key} = {value}: {found}: {message}");
    }
    let shard = |number| format!("model-{number:05}-of-00002.safetensors");
    let index = |file: &str| json!({ "weight_map": { "model.norm.weight": file } });
    let empty = SafetensorsWriter::new().finish();
    let odd = SafetensorsWriter::new().tensor("model.norm.weight", "F16", &[64], &[0; 128]).finish();
    for (name, bytes, code, part) in [
        ("config.json", None, "no-model", "no model"),
        ("config.json", Some(b"{".to_vec()), "invalid-config", "config.json"),
        ("tokenizer.json", Some(vec![0; 4]), "none", ""),
        ("generation_config.json", Some(b"{".to_vec()), "invalid-config", "generation_config.json"),
        ("chat_template.jinja", Some(vec![0xff]), "invalid-config", "UTF-8"),
        ("model.safetensors.index.json", None, "missing-file", "model.safetensors"),
        ("model.safetensors.index.json", text(&index("../secret.safetensors")), "invalid-config", "secret"),
        ("model.safetensors.index.json", text(&index("elsewhere.bin")), "invalid-config", "elsewhere.bin"),
        ("model.safetensors.index.json", text(&json!({ "weight_map": {} })), "invalid-config", "0 files"),
        (&shard(2), None, "missing-file", &shard(2)),
        (&shard(2), Some(empty), "wrong-part", "it has 0 tensors"),
        (&shard(1), Some(odd), "wrong-part", "doesn't have model.norm.weight in it"),
        (&shard(1), Some(b"<!doctype html><title>".to_vec()), "invalid-safetensors", "HTML page"),
        (
            &shard(1),
            Some(b"version https://git-lfs.github.com/spec/v1".to_vec()),
            "invalid-safetensors",
            "git lfs pull",
        ),
        (
            "tokenizer.json",
            Some(b"version https://git-lfs.github.com/spec/v1".to_vec()),
            "invalid-config",
            "git lfs pull",
        ),
        ("config.json", Some(b"<html><title>404".to_vec()), "invalid-config", "HTML page"),
        (&shard(1), Some(Vec::new()), "truncated", "the header of model-00001"),
    ] {
        if code == "none" {
            let mut files = hugging_face(TensorType::F16, 2);
            files.insert(name.to_owned(), bytes.expect("contents"));
            let engine = load(device, &files, 1000).expect("a model runs without its tokenizer");
            assert_eq!(engine.model().tokenizer().expect_err("it is damaged").code(), "tokenizer");
            continue;
        }
        let (found, message) = with(name, bytes);
        assert!(found == code && message.contains(part), "{name}: {found}: {message}");
    }
    let integers = SafetensorsWriter::new().tensor("model.norm.weight", "I32", &[64], &[0; 256]).finish();
    let mut files = hugging_face(TensorType::F16, 1);
    files.insert("model.safetensors".to_owned(), integers);
    let (code, message) = refusal(device, &files);
    assert!(code == "unsupported-tensor-type" && message.contains("I32"), "{message}");
}
