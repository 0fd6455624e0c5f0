//! Tests of models of several files, given by the path of a part or of their folder.

use std::fs;
use std::path::PathBuf;

use serde_json::json;
use wgslm::formats::gguf::TensorType;
use wgslm_testing::model_files::{Files, gguf, hugging_face, part_name, split_gguf};

use crate::program::{has_device, temporary, wgslm};

/// Writes `files` to a folder and returns its path.
fn folder_of(name: &str, files: &Files) -> String {
    let folder = temporary(name);
    let path = PathBuf::from(&folder);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).expect("the folder for temporary files is writable");
    for (name, bytes) in files {
        fs::write(path.join(name), bytes).expect("it is writable");
    }
    folder
}

#[test]
fn a_split_model_and_a_folder_generate_what_the_whole_file_does() {
    if !has_device() {
        return;
    }
    let whole = folder_of("whole", &Files::from([("tiny.gguf".to_owned(), gguf(TensorType::F16))]));
    let split = folder_of("split", &split_gguf(TensorType::F16, 3));
    let folder = folder_of("folder", &hugging_face(TensorType::F16, 2));
    let tokens = |model: &str| {
        let arguments = ["generate", "--model", model, "--tokens", "3,1,4", "--max-tokens", "6", "--json"];
        wgslm(&arguments).json()["tokens"].clone()
    };
    let expected = tokens(&format!("{whole}/tiny.gguf"));
    let first = format!("{split}/{}", part_name(0, 3));
    for model in [&whole, &split, &first, &folder, &format!("{folder}/config.json")] {
        assert_eq!(tokens(model), expected, "{model}");
    }
    assert_eq!(wgslm(&["tokenize", "--model", &folder, "cab"]).succeeded(), "5,6\n");
}

#[test]
fn inspect_shows_the_files_of_a_model() {
    let split = split_gguf(TensorType::F16, 3);
    let folder = folder_of("inspected-split", &split);
    let report = wgslm(&["inspect", "--json", &format!("{folder}/{}", part_name(0, 3))]).json();
    assert_eq!((&report["format"], &report["version"]), (&json!("GGUF"), &json!(3)));
    assert_eq!(report["files"].as_array().map(Vec::len), Some(3));
    assert_eq!(report["files"][2]["name"], part_name(2, 3));
    assert_eq!(report["tensors"].as_array().map(Vec::len), Some(21));
    assert_eq!((&report["unsupported"], &report["metadata"]["split.count"]), (&json!(null), &json!(3)));

    let files = hugging_face(TensorType::BF16, 2);
    let folder = folder_of("inspected-folder", &files);
    let report = wgslm(&["inspect", "--json", &folder]).json();
    assert_eq!((&report["format"], &report["version"]), (&json!("safetensors"), &json!(null)));
    let bytes: usize = files.values().map(Vec::len).sum();
    let read: u64 = report["files"].as_array().expect("a list").iter().filter_map(|file| file["bytes"].as_u64()).sum();
    assert_eq!((read, &report["file_bytes"]), (bytes as u64, &json!(bytes)));
    assert_eq!(report["metadata"]["llama.rope.freq_base"], 5_000.0);
    let text = wgslm(&["inspect", &folder]).succeeded();
    for line in ["  config.json  ", "  model-00002-of-00002.safetensors  ", "tensors (21)", "  llama.block_count = 2"] {
        assert!(text.contains(line), "{line:?} is missing in\n{text}");
    }
    assert!(text.starts_with("Hugging Face folder, "), "{text}");
}

#[test]
fn what_is_missing_is_named() {
    let mut split = split_gguf(TensorType::F16, 3);
    split.remove(&part_name(1, 3));
    let folder = folder_of("incomplete-split", &split);
    wgslm(&["inspect", &folder]).failed(1, &part_name(1, 3));
    wgslm(&["inspect", &format!("{folder}/{}", part_name(2, 3))]).failed(1, "is not the first part");
    let empty = folder_of("empty-folder", &Files::new());
    wgslm(&["inspect", &empty]).failed(1, &format!("{empty}: there is no model among 0 files"));
    let mut pytorch = hugging_face(TensorType::F16, 1);
    pytorch.remove("model.safetensors");
    pytorch.insert("pytorch_model.bin".to_owned(), b"PK\x03\x04".to_vec());
    let folder = folder_of("pytorch", &pytorch);
    wgslm(&["inspect", &folder]).failed(1, "pytorch_model.bin has its weights as PyTorch keeps them");
}
