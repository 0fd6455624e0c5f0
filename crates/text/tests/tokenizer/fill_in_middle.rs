//! The tokens for filling in the middle.

use wgslm_formats::gguf::Value;
use wgslm_text::{FillInMiddle, FillOrder, Special};

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
    let order = FillOrder::PrefixFirst;
    let (pad, repository, file) = (Some(5), Some(6), Some(7));
    let fim = FillInMiddle { prefix: 2, suffix: 4, middle: Some(3), order, pad, repository, file };
    assert_eq!(tokenizer.fill_in_middle(), Some(fim));
    // The text of another file is no part of the middle.
    assert_eq!(tokenizer.stop_tokens(), [1, 5, 6, 7]);

    let fim = FillInMiddle { prefix: 1, suffix: 3, middle: Some(2), pad: Some(4), repository: None, file: None, ..fim };
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

#[test]
fn families_that_read_the_suffix_first_are_known_by_their_tokens_or_their_names() {
    let order = |texts: &[&str], name: &str| {
        let named = [("general.name", Value::String(name.to_owned()))];
        tokens(texts, &named).fill_in_middle().map(|fim| (fim.order, fim.prefix, fim.suffix, fim.middle))
    };
    let starcoder = ["a", "<fim_prefix>", "<fim_middle>", "<fim_suffix>"];
    assert_eq!(order(&starcoder, "starcoder2-3b"), Some((FillOrder::PrefixFirst, 1, 3, Some(2))));
    assert_eq!(order(&starcoder, "Mellum 4b Base"), Some((FillOrder::SuffixFirst, 1, 3, Some(2))));
    let seed_coder = ["a", "<[fim-prefix]>", "<[fim-middle]>", "<[fim-suffix]>"];
    assert_eq!(order(&seed_coder, ""), Some((FillOrder::SuffixFirst, 1, 3, Some(2))));
    // All vocabularies of Mistral have Codestral's tokens.
    let mistral = ["a", "[SUFFIX]", "[MIDDLE]", "[PREFIX]"];
    assert_eq!(order(&mistral, "Codestral-22B-v0.1"), Some((FillOrder::SuffixFirst, 3, 1, None)));
    assert_eq!(order(&mistral, "Mistral-7B-v0.3"), None);
}
