//! The tokenizers under test.

use std::fs::File;
use std::sync::{Arc, Mutex};

use tracing::field::Field;
use tracing::span::{Attributes, Id, Record};
use tracing::{Level, Subscriber};
use wgslm_formats::gguf::{Array, Metadata, Strings, Value};
use wgslm_testing::gguf_read::metadata;
use wgslm_testing::{gemma3_model, golden, smollm2_model};
use wgslm_text::Tokenizer;

/// The golden data of this name.
pub(crate) fn golden_json(name: &str) -> serde_json::Value {
    serde_json::from_reader(File::open(golden(name)).unwrap()).unwrap()
}

/// The metadata of SmolLM2.
pub(crate) fn smollm2_metadata() -> Option<Metadata> {
    Some(metadata(&smollm2_model()?))
}

/// The tokenizer of SmolLM2.
pub(crate) fn smollm2() -> Option<Tokenizer> {
    Some(Tokenizer::from_metadata(&mut smollm2_metadata()?).unwrap())
}

/// The tokenizer of Gemma 3.
pub(crate) fn gemma3() -> Option<Tokenizer> {
    Some(Tokenizer::from_metadata(&mut metadata(&gemma3_model()?)).unwrap())
}

/// The text of a whole sequence.
pub(crate) fn decode(tokenizer: &Tokenizer, tokens: &[u32]) -> String {
    let mut detokenizer = tokenizer.detokenizer();
    let mut text: String = tokens.iter().map(|&token| detokenizer.push(token)).collect();
    text.push_str(&detokenizer.finish());
    text
}

/// The bytes of `tokens`, from the tokens' texts by GPT-2's published rule; 0-16 are SmolLM2's control tokens.
pub(crate) fn bytes(tokenizer: &Tokenizer, tokens: &[u32]) -> Vec<u8> {
    let printable = |byte: &u8| matches!(byte, 0x21..=0x7e | 0xa1..=0xac | 0xae..=0xff);
    let others: Vec<u8> = (0..=255).filter(|byte| !printable(byte)).collect();
    let byte = |character: char| match u32::from(character) {
        code @ 0x100.. => others[usize::try_from(code - 0x100).unwrap()],
        code => u8::try_from(code).unwrap(),
    };
    let texts = tokens.iter().filter(|token| **token > 16).map(|&token| tokenizer.token_text(token).unwrap());
    texts.flat_map(str::chars).map(byte).collect()
}

/// A byte-level tokenizer of a few tokens: `(text, type)` each.
pub(crate) fn small_metadata(extra: &[(&str, Value)]) -> Metadata {
    let tokens = [
        ("a", 1),
        ("b", 1),
        ("c", 1),
        ("<", 1),
        (">", 1),
        ("ab", 1),
        ("abc", 1),
        ("<s>", 3),
        ("<ab>", 4),
        ("</s>", 4),
        ("Ġ", 1),
    ];
    let mut texts = Strings::default();
    tokens.iter().for_each(|(text, _)| texts.push(text));
    let mut merges = Strings::default();
    merges.push("a b");
    let mut metadata = Metadata::default();
    metadata.insert("tokenizer.ggml.model", Value::String("gpt2".to_owned()));
    metadata.insert("tokenizer.ggml.pre", Value::String("gpt-2".to_owned()));
    metadata.insert("tokenizer.ggml.tokens", Value::Array(Array::Strings(texts)));
    metadata
        .insert("tokenizer.ggml.token_type", Value::Array(Array::I64(tokens.iter().map(|&(_, kind)| kind).collect())));
    metadata.insert("tokenizer.ggml.merges", Value::Array(Array::Strings(merges)));
    metadata.insert("tokenizer.ggml.bos_token_id", Value::U64(7));
    for (key, value) in extra {
        metadata.insert(*key, value.clone());
    }
    metadata
}

/// The tokenizer of [`small_metadata`].
pub(crate) fn small(extra: &[(&str, Value)]) -> Tokenizer {
    Tokenizer::from_metadata(&mut small_metadata(extra)).unwrap()
}

/// A text value.
pub(crate) fn text(value: &str) -> Value {
    Value::String(value.to_owned())
}

/// An array of strings.
pub(crate) fn strings(texts: &[&str]) -> Value {
    let mut strings = Strings::default();
    texts.iter().for_each(|text| strings.push(text));
    Value::Array(Array::Strings(strings))
}

/// A tokenizer of these tokens, which the metadata all calls plain text, and of further keys.
pub(crate) fn plain(texts: &[&str], extra: &[(&str, Value)]) -> Tokenizer {
    let mut all = vec![
        ("tokenizer.ggml.tokens", strings(texts)),
        ("tokenizer.ggml.token_type", Value::Array(Array::I64(vec![1; texts.len()]))),
        ("tokenizer.ggml.merges", strings(&[])),
        ("tokenizer.ggml.bos_token_id", Value::U64(0)),
    ];
    all.extend(extra.iter().cloned());
    small(&all)
}

/// The result of `run`, and its warnings, each with its fields.
pub(crate) fn warnings<T>(run: impl FnOnce() -> T) -> (T, Vec<String>) {
    let warnings = Warnings::default();
    let result = tracing::subscriber::with_default(warnings.clone(), run);
    let warnings = warnings.0.lock().unwrap();
    (result, warnings.clone())
}

/// Collects warnings.
#[derive(Clone, Default)]
struct Warnings(Arc<Mutex<Vec<String>>>);

impl Subscriber for Warnings {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        *metadata.level() <= Level::WARN
    }

    fn event(&self, event: &tracing::Event<'_>) {
        let mut text = String::new();
        event.record(&mut |field: &Field, value: &dyn std::fmt::Debug| text += &format!("{field}={value:?} "));
        self.0.lock().unwrap().push(text);
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}
