//! The tokens for filling in the middle, and well-known tokens.

use wgslm_formats::gguf::{Array, Value};
use wgslm_text::{FillInMiddle, Special};

use super::model::{decode, gemma3, small, strings};

/// A tokenizer of these tokens, none of which the metadata calls more than text.
fn tokens(texts: &[&str], extra: &[(&str, Value)]) -> wgslm_text::Tokenizer {
    let mut all = vec![
        ("tokenizer.ggml.tokens", strings(texts)),
        ("tokenizer.ggml.token_type", Value::Array(Array::I64(vec![1; texts.len()]))),
        ("tokenizer.ggml.merges", strings(&[])),
        ("tokenizer.ggml.bos_token_id", Value::U64(0)),
    ];
    all.extend(extra.iter().cloned());
    small(&all)
}

#[test]
fn the_tokens_are_those_that_the_metadata_names_or_well_known_ones() {
    let qwen = [
        "a",
        "<|endoftext|>",
        "<|fim_prefix|>",
        "<|fim_middle|>",
        "<|fim_suffix|>",
        "<|fim_pad|>",
        "<|repo_name|>",
        "<|file_sep|>",
    ];
    let tokenizer = tokens(&qwen, &[]);
    let fim = FillInMiddle { prefix: 2, suffix: 4, middle: 3, pad: Some(5), repository: Some(6), file: Some(7) };
    assert_eq!(tokenizer.fill_in_middle(), Some(fim));
    // What follows on another file is no part of the middle.
    assert_eq!(tokenizer.stop_tokens(), [1, 5, 6, 7]);

    let fim = FillInMiddle { prefix: 1, suffix: 3, middle: 2, pad: Some(4), repository: None, file: None };
    let starcoder = ["a", "<fim_prefix>", "<fim_middle>", "<fim_suffix>", "<fim_pad>"];
    assert_eq!(tokens(&starcoder, &[]).fill_in_middle(), Some(fim));
    let named = [("tokenizer.ggml.fim_pre_token_id", Value::U64(3)), ("tokenizer.ggml.suffix_token_id", Value::U64(1))];
    assert_eq!(tokens(&starcoder, &named).fill_in_middle(), Some(FillInMiddle { prefix: 3, suffix: 1, ..fim }));
    assert_eq!(tokens(&["a", "<fim_prefix>", "<fim_suffix>"], &[]).fill_in_middle(), None);
}

#[test]
fn the_channels_of_an_answer_are_shown() {
    let texts = ["a", "<|start|>", "<|channel|>", "<|message|>", "<|constrain|>", "<|end|>", "<|return|>", "<|call|>"];
    let tokenizer = tokens(&texts, &[]);
    assert_eq!(tokenizer.stop_tokens(), [6, 7]);
    assert_eq!(decode(&tokenizer, &[2, 0, 3, 0, 5, 6]), "<|channel|>a<|message|>a<|end|>");
    // Elsewhere `<|end|>` ends the answer, and is not shown.
    let phi = tokens(&["a", "<|end|>"], &[]);
    assert_eq!((phi.stop_tokens(), decode(&phi, &[0, 1])), (&[1][..], "a".to_owned()));
}

#[test]
fn gemma_stops_at_the_end_of_a_turn() {
    let Some(tokenizer) = gemma3() else { return };
    assert_eq!((tokenizer.bos(), tokenizer.eos(), tokenizer.stop_tokens()), (Some(2), Some(1), &[1, 106][..]));
    assert_eq!(tokenizer.encode_prompt("Hi").unwrap(), [2, 10979]);
    assert_eq!(tokenizer.encode("<end_of_turn>", Special::Parse).unwrap(), [106]);
}
