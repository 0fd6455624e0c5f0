//! The tokens for filling in the middle.

use wgslm_formats::gguf::Value;
use wgslm_text::{FillInMiddle, Special};

use super::model::{decode, plain as tokens};

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
    // The text of another file is no part of the middle.
    assert_eq!(tokenizer.stop_tokens(), [1, 5, 6, 7]);

    let fim = FillInMiddle { prefix: 1, suffix: 3, middle: 2, pad: Some(4), repository: None, file: None };
    let starcoder = ["a", "<fim_prefix>", "<fim_middle>", "<fim_suffix>", "<fim_pad>"];
    assert_eq!(tokens(&starcoder, &[]).fill_in_middle(), Some(fim));
    let named = [("tokenizer.ggml.fim_pre_token_id", Value::U64(3)), ("tokenizer.ggml.suffix_token_id", Value::U64(1))];
    assert_eq!(tokens(&starcoder, &named).fill_in_middle(), Some(FillInMiddle { prefix: 3, suffix: 1, ..fim }));
    assert_eq!(tokens(&["a", "<fim_prefix>", "<fim_suffix>"], &[]).fill_in_middle(), None);
}

#[test]
fn fill_in_the_middle_texts_are_control_tokens_whatever_their_type_says() {
    let texts = ["a", "<fim_prefix>", "<fim_suffix>", "<fim_middle>", "<fim_pad>", "<reponame>", "<|file_sep|>"];
    let tokenizer = tokens(&texts, &[]);
    let text = texts.concat();
    assert_eq!(tokenizer.encode(&text, Special::Parse).unwrap(), [0, 1, 2, 3, 4, 5, 6]);
    assert!(!tokenizer.encode(&text, Special::Plain).unwrap().iter().any(|token| *token > 0));
    assert_eq!(decode(&tokenizer, &[1, 0, 2, 3, 4, 5, 6]), "a");
}

#[test]
fn reponame_ends_nothing_without_the_other_fill_in_the_middle_tokens() {
    // As in SmolLM2, which has `<reponame>` and fills in nothing.
    let tokenizer = tokens(&["a", "<|im_end|>", "<reponame>", "<file_sep>"], &[]);
    assert_eq!((tokenizer.fill_in_middle(), tokenizer.stop_tokens()), (None, &[1][..]));
}
