//! SentencePiece's rules, on a vocabulary of a few tokens.

use wgslm_formats::gguf::{Array, Metadata, Value};
use wgslm_text::{Special, Tokenizer};

use super::model::{decode, strings, text};

/// Text, type and score of each token.
const TOKENS: &[(&str, i64, f32)] = &[
    ("<unk>", 2, 0.0),
    ("<s>", 3, 0.0),
    ("</s>", 3, 0.0),
    ("<0x0A>", 6, 0.0),
    ("<0xC3>", 6, 0.0),
    ("<0xA9>", 6, 0.0),
    ("▁", 1, -9.0),
    ("a", 1, -9.0),
    ("b", 1, -9.0),
    ("c", 1, -9.0),
    ("<", 1, -9.0),
    ("s", 1, -9.0),
    (">", 1, -9.0),
    ("ab", 1, -3.0),
    ("bc", 1, -2.0),
    ("▁a", 1, -4.0),
    ("<s", 1, -5.0),
    ("▁▁", 1, -6.0),
    ("  c", 4, 0.0),
    ("aa", 1, -7.0),
];

fn metadata(extra: &[(&str, Value)]) -> Metadata {
    let mut metadata = Metadata::default();
    metadata.insert("tokenizer.ggml.model", text("llama"));
    metadata.insert("tokenizer.ggml.tokens", strings(&TOKENS.iter().map(|token| token.0).collect::<Vec<_>>()));
    metadata
        .insert("tokenizer.ggml.token_type", Value::Array(Array::I64(TOKENS.iter().map(|token| token.1).collect())));
    metadata.insert("tokenizer.ggml.scores", Value::Array(Array::F32(TOKENS.iter().map(|token| token.2).collect())));
    for (key, value) in extra {
        metadata.insert(*key, value.clone());
    }
    metadata
}

fn tokenizer(extra: &[(&str, Value)]) -> Tokenizer {
    Tokenizer::from_metadata(&mut metadata(extra)).unwrap()
}

fn spelled(tokenizer: &Tokenizer, text: &str, special: Special) -> String {
    let tokens = tokenizer.encode(text, special).unwrap();
    tokens.iter().map(|&token| tokenizer.token_text(token).unwrap()).collect::<Vec<_>>().join("│")
}

#[test]
fn the_best_score_merges_first_and_among_equals_the_leftmost() {
    let tokenizer = tokenizer(&[("tokenizer.ggml.add_space_prefix", Value::Bool(false))]);
    for (text, tokens) in [
        ("abc", "a│bc"),
        ("ab", "ab"),
        ("aaa", "aa│a"),
        (" a", "▁a"),
        (" ab", "▁│ab"),
        ("   a", "▁▁│▁a"),
        ("é\n", "<0xC3>│<0xA9>│<0x0A>"),
        ("aè", "a│<0xC3>│<unk>"),
        ("a  c", "a│  c"),
        ("", ""),
    ] {
        assert_eq!(spelled(&tokenizer, text, Special::Plain), tokens, "{text:?}");
    }
}

#[test]
fn no_plain_text_becomes_a_control_token_or_a_byte() {
    let tokenizer = tokenizer(&[("tokenizer.ggml.add_space_prefix", Value::Bool(false))]);
    assert_eq!(spelled(&tokenizer, "<s>", Special::Plain), "<s│>");
    assert_eq!(spelled(&tokenizer, "a<s>b", Special::Parse), "a│<s>│b");
}

#[test]
fn the_space_before_a_text_comes_and_goes() {
    let tokenizer = tokenizer(&[]);
    assert_eq!(spelled(&tokenizer, "a", Special::Plain), "▁a");
    assert_eq!(spelled(&tokenizer, "a</s>a b", Special::Parse), "▁a│</s>│▁a│▁│b");
    for text in ["a", " a", "", "ab é\n", "  "] {
        assert_eq!(tokenizer.decode(&tokenizer.encode(text, Special::Plain).unwrap()), text);
        assert_eq!(tokenizer.decode(&tokenizer.encode_prompt(text).unwrap()), text);
    }
    // An answer goes on from its prompt, and may do so with a space.
    assert_eq!(decode(&tokenizer, &[15, 14]), " abc");
}

#[test]
fn extra_white_space_goes_where_the_file_says_so() {
    let tokenizer = tokenizer(&[("tokenizer.ggml.remove_extra_whitespaces", Value::Bool(true))]);
    assert_eq!(spelled(&tokenizer, "  a   b ", Special::Plain), "▁a│▁│b");
}

#[test]
fn a_prompt_begins_and_ends_as_the_file_says() {
    let (bos, eos) = ("tokenizer.ggml.add_bos_token", "tokenizer.ggml.add_eos_token");
    let prompt = |extra: &[(&str, Value)], text: &str| tokenizer(extra).encode_prompt(text).unwrap();
    assert_eq!(prompt(&[], "a"), [1, 15]);
    assert_eq!(prompt(&[], "<s>a"), [1, 15]);
    assert_eq!(prompt(&[(bos, Value::Bool(false))], "a"), [15]);
    assert_eq!(prompt(&[(eos, Value::Bool(true))], "a"), [1, 15, 2]);
    assert_eq!(prompt(&[(eos, Value::Bool(true))], "a</s>"), [1, 15, 2]);
    assert_eq!(prompt(&[("tokenizer.ggml.bos_token_id", Value::U64(2))], "a"), [2, 15]);
    // Ids of no token leave the defaults.
    assert_eq!(
        prompt(&[("tokenizer.ggml.bos_token_id", Value::U64(99_999)), (eos, Value::Bool(true))], "a"),
        [1, 15, 2]
    );
    assert_eq!(tokenizer(&[("tokenizer.ggml.eos_token_id", Value::I64(-1))]).stop_tokens(), [2]);
    assert_eq!(tokenizer(&[]).stop_tokens(), [2]);
}

#[test]
fn phi3_drops_white_space_behind_special_tokens() {
    let tokenizer = tokenizer(&[("general.name", text("Phi-3 mini"))]);
    assert_eq!(spelled(&tokenizer, "</s> \n a<s> b", Special::Parse), "</s>│▁a│<s>│▁▁│b");
    assert_eq!(spelled(&tokenizer, "</s> \n", Special::Parse), "</s>");
}

#[test]
fn scores_must_be_there_for_every_token() {
    for (value, code) in [
        (Value::Array(Array::F32(vec![0.0; 3])), "invalid-metadata"),
        (Value::Array(Array::I64(vec![0; TOKENS.len()])), "invalid-metadata"),
        (text("1"), "invalid-metadata"),
    ] {
        let error = Tokenizer::from_metadata(&mut metadata(&[("tokenizer.ggml.scores", value)])).unwrap_err();
        assert!(error.code() == code && error.to_string().contains("tokenizer.ggml.scores"), "{error}");
    }
    let mut without = metadata(&[]);
    without.remove("tokenizer.ggml.scores");
    assert_eq!(Tokenizer::from_metadata(&mut without).unwrap_err().code(), "missing-metadata");
    // Any numbers will do.
    let odd = [f32::NAN, f32::INFINITY, -0.0, 0.0].into_iter().cycle().take(TOKENS.len()).collect();
    let odd = tokenizer(&[("tokenizer.ggml.scores", Value::Array(Array::F32(odd)))]);
    assert_eq!(odd.decode(&odd.encode("abcab  abc", Special::Plain).unwrap()), "abcab  abc");
}

#[test]
fn a_long_text_without_spaces_takes_no_quadratic_time() {
    let tokenizer = tokenizer(&[]);
    let text = "abcaab".repeat(50_000);
    assert_eq!(tokenizer.decode(&tokenizer.encode(&text, Special::Plain).unwrap()), text);
}

#[test]
fn text_that_continues_other_text_gets_no_space_before_it() {
    let tokenizer = tokenizer(&[]);
    let texts =
        |tokens: Vec<u32>| tokens.into_iter().map(|token| tokenizer.token_text(token).unwrap()).collect::<Vec<_>>();
    assert_eq!(texts(tokenizer.encode("ab", Special::Plain).unwrap()), ["▁", "ab"]);
    assert_eq!(texts(tokenizer.encode_continuation("ab").unwrap()), ["ab"]);
    assert_eq!(texts(tokenizer.encode_continuation(" ab<s>").unwrap()), ["▁", "ab", "<s", ">"]);
}

#[test]
fn the_tokens_that_begin_with_a_text_are_found_as_it_is_spelled() {
    let tokenizer = tokenizer(&[]);
    let texts = |text: &str| {
        let mut tokens: Vec<_> = tokenizer.tokens_beginning_with(text).collect();
        tokens.sort_unstable();
        tokens.into_iter().map(|token| tokenizer.token_text(token).unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(texts("a"), ["a", "ab", "aa"]);
    assert_eq!(texts(" "), ["▁", "▁a", "▁▁", "  c"]);
    assert_eq!(texts("\n"), ["<0x0A>"]);
    assert_eq!(texts("<s>"), [""; 0]);
}
