//! Tests of `wgslm inspect`.

use serde_json::json;
use wgslm::formats::gguf::TensorType;
use wgslm_testing::gguf_writer::GgufWriter;

use crate::program::{file_of, tiny_model, wgslm};

#[test]
fn the_report_has_metadata_tensors_sizes_and_memory() {
    let report = wgslm(&["inspect", "--json", &tiny_model()]).json();
    assert_eq!((&report["version"], &report["file_bytes"]), (&json!(3), &json!(1_439_552)));
    for (key, value) in [
        ("general.architecture", json!("llama")),
        ("llama.block_count", json!(2)),
        ("llama.rope.freq_base", json!(10_000.0)),
        ("tokenizer.ggml.add_bos_token", json!(false)),
        ("tokenizer.ggml.merges", json!(["Ġ t", "h e"])),
    ] {
        assert_eq!(report["metadata"][key], value, "{key}");
    }
    assert_eq!(report["metadata"]["tokenizer.ggml.tokens"].as_array().map(Vec::len), Some(320), "whole arrays");
    let tensors = report["tensors"].as_array().expect("a list");
    assert_eq!(tensors.len(), 21);
    let head = json!({ "name": "output.weight", "type": "Q8_0", "shape": [256, 320], "offset": 0, "bytes": 87_040 });
    assert_eq!(tensors[0], head);
    let bytes: u64 = tensors.iter().filter_map(|tensor| tensor["bytes"].as_u64()).sum();
    // Keys and values of 2 layers with 2 heads of width 64, in f16.
    let memory = json!({
        "weights_bytes": bytes,
        "kv_bytes_per_token": 1024,
        "kv_bytes_full_context": 1024 * 2048,
        "context_length": 2048,
    });
    assert_eq!((&report["memory"], &report["unsupported"]), (&memory, &json!(null)));
}

#[test]
fn the_text_tells_the_same_to_people() {
    let text = wgslm(&["inspect", &tiny_model()]).succeeded();
    for line in [
        "GGUF version 3, 1.4 MiB",
        "  llama.context_length = 2048",
        "  tokenizer.ggml.tokens = [\"Ā\", \"ā\", \"Ă\", \"ă\", \"Ą\", \"ą\", \"Ć\", \"ć\", ...] (320 elements)",
        "tensors (21)",
        "  blk.1.ffn_down.weight     Q8_0             512 x 256     136.0 KiB",
        "  KV cache          2.0 MiB at the full context of 2048 tokens",
    ] {
        assert!(text.lines().any(|found| found == line), "{line:?} is missing in\n{text}");
    }
}

#[test]
fn a_model_that_cannot_be_run_can_be_looked_at() {
    let file = GgufWriter::new().metadata("general.architecture", "mamba").tensor("x", TensorType::F32, &[8], &[0; 32]);
    let path = file_of("mamba.gguf", &file.finish());
    let report = wgslm(&["inspect", "--json", &path]).json();
    assert_eq!((&report["memory"], &report["tensors"][0]["bytes"]), (&json!(null), &json!(32)));
    let reason = report["unsupported"].as_str().expect("it says why");
    assert!(reason.starts_with("the architecture mamba is not supported (supported: llama, mistral, "), "{reason}");
    assert!(wgslm(&["inspect", &path]).succeeded().ends_with(&format!("this model can't be run: {reason}\n")));
}
