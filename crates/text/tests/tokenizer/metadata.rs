//! Refused and accepted metadata of tokenizers, and the memory that building a tokenizer takes.

use wgslm_formats::gguf::{Array, Value};
use wgslm_testing::allocation::peak;
use wgslm_testing::gguf_read::metadata;
use wgslm_testing::{gemma3_model, smollm2_model};
use wgslm_text::Error;
use wgslm_text::{Special, Tokenizer};

use super::model::{small, small_metadata, strings, text, warnings};

#[test]
fn the_large_arrays_leave_the_metadata_and_the_build_stays_small() {
    // Beyond the metadata's own 2.4 and 11 MB; a page has 64 MB for everything.
    for (model, tokens, limit) in [(smollm2_model(), 49_152, 10_000_000), (gemma3_model(), 262_144, 10_000_000)] {
        let Some(mut metadata) = model.map(|path| metadata(&path)) else { continue };
        let (tokenizer, peak) = peak(|| Tokenizer::from_metadata(&mut metadata).unwrap());
        assert_eq!(tokenizer.vocabulary_size(), tokens);
        assert!(peak < limit, "building the tokenizer of {tokens} tokens took {peak} bytes");
        for key in ["tokens", "token_type", "merges", "scores"] {
            assert_eq!(metadata.get(&format!("tokenizer.ggml.{key}")), None);
        }
    }
}

#[test]
fn unusable_metadata_is_refused_with_the_key_or_the_name_at_fault() {
    for (key, value, code, fault) in [
        ("tokenizer.ggml.model", text("rwkv"), "tokenizer", "rwkv"),
        ("tokenizer.ggml.model", Value::U64(1), "invalid-metadata", "tokenizer.ggml.model"),
        ("tokenizer.ggml.pre", text("nonesuch"), "tokenizer", "nonesuch"),
        ("tokenizer.ggml.tokens", text("a"), "invalid-metadata", "tokenizer.ggml.tokens"),
        ("tokenizer.ggml.tokens", strings(&[]), "invalid-metadata", "tokenizer.ggml."),
        ("tokenizer.ggml.token_type", Value::Array(Array::I64(vec![1])), "invalid-metadata", "11 tokens"),
        ("tokenizer.ggml.token_type", Value::Array(Array::I64(vec![9; 11])), "invalid-metadata", "9 is no token type"),
        ("tokenizer.ggml.merges", text("a b"), "invalid-metadata", "tokenizer.ggml.merges"),
        ("tokenizer.ggml.bos_token_id", text("<s>"), "invalid-metadata", "tokenizer.ggml.bos_token_id"),
        ("tokenizer.ggml.suppress_tokens", Value::U64(3), "invalid-metadata", "tokenizer.ggml.suppress_tokens"),
    ] {
        let error = Tokenizer::from_metadata(&mut small_metadata(&[(key, value)])).unwrap_err();
        assert_eq!(error.code(), code, "{error}");
        assert!(error.to_string().contains(fault), "{error}");
    }
    for key in ["tokenizer.ggml.model", "tokenizer.ggml.tokens", "tokenizer.ggml.merges"] {
        let mut metadata = small_metadata(&[]);
        metadata.remove(key);
        let error = Tokenizer::from_metadata(&mut metadata).unwrap_err();
        assert!(
            matches!(&error, Error::File(wgslm_formats::Error::MissingMetadata { key: missing }) if missing == key),
            "{error}"
        );
    }
}

#[test]
fn merges_that_lead_to_no_token_are_left_out() {
    let merges = strings(&["b c", "a b", "ab", "abc abc", "", "ab c"]);
    let mut metadata = small_metadata(&[("tokenizer.ggml.merges", merges)]);
    let tokenizer = Tokenizer::from_metadata(&mut metadata).unwrap();
    let tokens = tokenizer.encode("abc", Special::Plain).unwrap();
    assert_eq!(tokens.iter().map(|token| tokenizer.token_text(*token)).collect::<Vec<_>>(), [Some("abc")]);
}

#[test]
fn kimi_k2_needs_no_merges() {
    let mut metadata = small_metadata(&[("tokenizer.ggml.pre", text("kimi-k2"))]);
    metadata.remove("tokenizer.ggml.merges");
    let tokenizer = Tokenizer::from_metadata(&mut metadata).unwrap();
    assert_eq!(tokenizer.encode("ab", Special::Plain).unwrap(), [0, 1]);
}

#[test]
fn a_token_without_a_type_has_no_text() {
    let types = (0..11).map(|token| i64::from(token != 5)).collect();
    let tokenizer = small(&[("tokenizer.ggml.token_type", Value::Array(Array::I64(types)))]);
    assert_eq!(tokenizer.encode("ab", Special::Plain).unwrap(), [5]);
    assert_eq!(tokenizer.decode(&[0, 5, 1]), "ab");
}

#[test]
fn a_missing_pre_tokenizer_is_warned_of() {
    let mut metadata = small_metadata(&[]);
    metadata.remove("tokenizer.ggml.pre");
    let (tokenizer, warnings) = warnings(|| Tokenizer::from_metadata(&mut metadata).unwrap());
    assert!(warnings.iter().any(|warning| warning.contains("pre-tokenizer")), "{warnings:?}");
    assert_eq!(tokenizer.encode("ab", Special::Plain).unwrap(), [5]);
}
