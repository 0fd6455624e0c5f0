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
    assert_eq!(tokenizer.decode(&tokens), "a !");
}

#[test]
fn unassigned_code_points_are_parts_of_words_and_controls_are_left_out() {
    let tokenizer = tokenizer(&[]);
    for (text, tokens) in [
        // No character has these.
        ("\u{378}", "[UNK]"),
        ("a\u{378}", "[UNK]"),
        ("a \u{e0080} a", "▁a│[UNK]│▁a"),
        ("\u{ffff}a", "[UNK]"),
        // Controls, formats, private use, and what stands for damaged text.
        ("a\u{1}\u{ad}\u{feff}\u{e000}\u{10fffd}\u{fffd}", "▁a"),
        ("un\u{200d}aff\u{7f}able", "▁un│aff│able"),
        // White space of every kind.
        ("a\u{85}a\u{2028}a\u{3000}a\ra", "▁a│▁a│▁a│▁a│▁a"),
        // Accents, alone or not.
        ("e\u{301}cole\u{323}", "▁ecole"),
        ("\u{301}", ""),
        // A wide exclamation mark and a letter-like symbol, neither of which is a token.
        ("a！a™", "▁a│[UNK]│[UNK]"),
        // Ideographs of the planes beyond, and one that Hugging Face's ranges miss.
        ("a\u{20000}a\u{2b920}", "▁a│[UNK]│▁a│[UNK]"),
        ("a\u{2b820}a", "[UNK]"),
    ] {
        assert_eq!(spelled(&tokenizer, &tokenizer.encode(text, Special::Plain).unwrap()), tokens, "{text:?}");
    }
}
