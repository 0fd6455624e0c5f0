//! WordPiece's rules, on a vocabulary of a few tokens.

use wgslm_formats::gguf::{Array, Metadata, Value};
use wgslm_text::{Special, Tokenizer};

use super::model::{strings, text};

const TOKENS: &[&str] = &[
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "▁un",
    "aff",
    "able",
    "▁a",
    "▁e",
    "▁ecole",
    "▁É",
    "cole",
    "▁école",
    "▁!",
    "▁日",
    "▁本",
    "▁$",
    "▁2",
    "0",
];

fn tokenizer(extra: &[(&str, Value)]) -> Tokenizer {
    let mut metadata = Metadata::default();
    metadata.insert("tokenizer.ggml.model", text("bert"));
    metadata.insert("tokenizer.ggml.tokens", strings(TOKENS));
    let kinds = (0..).take(TOKENS.len()).map(|token| if token < 3 { 3 } else { 1 }).collect();
    metadata.insert("tokenizer.ggml.token_type", Value::Array(Array::I64(kinds)));
    metadata.insert("tokenizer.ggml.unknown_token_id", Value::U64(0));
    metadata.insert("tokenizer.ggml.cls_token_id", Value::U64(1));
    metadata.insert("tokenizer.ggml.seperator_token_id", Value::U64(2));
    for (key, value) in extra {
        metadata.insert(*key, value.clone());
    }
    Tokenizer::from_metadata(&mut metadata).unwrap()
}

fn spelled(tokenizer: &Tokenizer, tokens: &[u32]) -> String {
    tokens.iter().map(|&token| tokenizer.token_text(token).unwrap()).collect::<Vec<_>>().join("│")
}

#[test]
fn words_are_spelled_by_their_longest_tokens_or_not_at_all() {
    let lower = ("tokenizer.ggml.normalizer.lowercase", Value::Bool(false));
    let strip = ("tokenizer.ggml.normalizer.strip_accents", Value::Bool(true));
    let keep = ("tokenizer.ggml.normalizer.strip_accents", Value::Bool(false));
    for (extra, text, tokens) in [
        (&[][..], "Unaffable", "▁un│aff│able"),
        (&[], "unaffably A", "[UNK]│▁a"),
        (&[], "École école", "▁ecole│▁ecole"),
        (&[], "a!a\t日本$20\u{200b}\u{0}", "▁a│▁!│▁a│▁日│▁本│▁$│▁2│0"),
        (std::slice::from_ref(&lower), "École école", "▁É│cole│▁école"),
        (std::slice::from_ref(&lower), "Unaffable", "[UNK]"),
        (&[lower.clone(), strip], "école", "▁ecole"),
        (&[keep], "École", "▁école"),
        (&[], "[CLS]", "[UNK]│[UNK]│[UNK]"),
        (&[], "", ""),
    ] {
        let tokenizer = tokenizer(extra);
        assert_eq!(spelled(&tokenizer, &tokenizer.encode(text, Special::Plain).unwrap()), tokens, "{text:?}");
    }
}

#[test]
fn a_prompt_stands_between_cls_and_sep() {
    let tokenizer = tokenizer(&[]);
    let tokens = tokenizer.encode_prompt("a!").unwrap();
    assert_eq!(spelled(&tokenizer, &tokens), "[CLS]│▁a│▁!│[SEP]");
    assert_eq!(spelled(&tokenizer, &tokenizer.encode_prompt("[CLS]a[SEP]").unwrap()), "[CLS]│▁a│[SEP]");
    assert_eq!(tokenizer.decode(&tokens).unwrap(), "a !");
}
