//! Tests that unusable files are reported on stderr with status 1 by every command.

use std::fs;

use wgslm_testing::gguf_writer::GgufWriter;

use crate::program::{Run, file_of, has_device, temporary, text_of, tiny_model, wgslm};

fn generate(file: &str) -> Run {
    wgslm(&["generate", "--model", file, "--tokens", "1"])
}

fn logits(file: &str) -> Run {
    wgslm(&["logits", "--model", file, "--tokens", "1", "--output", &temporary("never.npy")])
}

fn tokenize(file: &str) -> Run {
    wgslm(&["tokenize", "--model", file, "a"])
}

fn inspect(file: &str) -> Run {
    wgslm(&["inspect", file])
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let missing = temporary("no such file.gguf");
    let folder = text_of(env!("CARGO_TARGET_TMPDIR").into());
    for run in [generate, logits, tokenize, inspect] {
        run(&missing).failed(1, &missing);
    }
    for run in [tokenize, inspect] {
        run(&folder).failed(1, &folder);
    }
}

#[test]
fn a_broken_header_is_told() {
    let whole = fs::read(tiny_model()).expect("the model is there");
    let mut version = whole.clone();
    version[4] = 9;
    let files = [
        (file_of("text.gguf", b"not a model"), "not a GGUF file"),
        (file_of("pointer.gguf", b"version https://git-lfs.github.com/spec/v1\noid sha256:0"), "`git lfs pull`"),
        (file_of("page.gguf", b"<!DOCTYPE html><title>Sign in</title>"), "it is an HTML page"),
        (file_of("pytorch_model.bin", b"PK\x03\x04\0\0\x08\x08"), "as PyTorch writes"),
        (file_of("empty.gguf", b""), "cut short: it ends at byte 0"),
        (file_of("header.gguf", &whole[..1000]), "cut short: it ends at byte 1000"),
        (file_of("version.gguf", &version), "GGUF version 9 is not supported"),
    ];
    let all: &[fn(&str) -> Run] =
        if has_device() { &[tokenize, inspect, generate, logits] } else { &[tokenize, inspect] };
    for (path, message) in &files {
        for run in all {
            run(path).failed(1, message);
        }
    }
}

#[test]
fn a_model_that_cannot_be_run_is_told() {
    if !has_device() {
        return;
    }
    let whole = fs::read(tiny_model()).expect("the model is there");
    let cut = file_of("tensors.gguf", &whole[..whole.len() - 50_000]);
    let architecture = GgufWriter::new().metadata("general.architecture", "mamba").finish();
    let architecture = file_of("architecture.gguf", &architecture);
    for run in [generate, logits] {
        run(&cut).failed(1, "is cut short: it ends at byte 1389552 inside");
        run(&architecture).failed(1, "the architecture mamba is not supported (supported: llama, ");
    }
    tokenize(&architecture).failed(1, "tokenizer.ggml.model");
}
