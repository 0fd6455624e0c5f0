//! Small vocabularies of each kind against llama.cpp's token ids: golden/tokenizers.mjs.

use serde_json::Value as Json;
use wgslm_formats::gguf::{Array, Metadata, Strings, Value};
use wgslm_text::{Special, Tokenizer};

use super::model::{golden_json, plain, small};

/// The metadata whose keys of `tokenizer.ggml` are these.
fn metadata(keys: &Json) -> Metadata {
    let mut metadata = Metadata::default();
    for (key, value) in keys.as_object().unwrap() {
        metadata.insert(format!("tokenizer.ggml.{key}"), gguf_value(key, value));
    }
    metadata
}

#[allow(clippy::cast_possible_truncation)]
fn gguf_value(key: &str, value: &Json) -> Value {
    match value {
        Json::String(text) => Value::String(text.clone()),
        Json::Bool(flag) => Value::Bool(*flag),
        Json::Array(values) if key == "scores" => {
            Value::Array(Array::F32(values.iter().map(|score| score.as_f64().unwrap() as f32).collect()))
        }
        Json::Array(values) if values.iter().all(Json::is_string) => {
            let mut strings = Strings::default();
            values.iter().for_each(|text| strings.push(text.as_str().unwrap()));
            Value::Array(Array::Strings(strings))
        }
        Json::Array(values) => Value::Array(Array::I64(values.iter().map(|number| number.as_i64().unwrap()).collect())),
        number => Value::U64(number.as_u64().unwrap()),
    }
}

fn tokenizer(name: &str) -> Tokenizer {
    let golden = golden_json("tokenizers.json");
    let found = golden["tokenizers"].as_array().unwrap().iter().find(|golden| golden["name"] == name).unwrap();
    Tokenizer::from_metadata(&mut metadata(&found["tokenizer"])).unwrap()
}

#[test]
fn unigram_gemma_4_and_white_space_give_the_tokens_of_llama_cpp() {
    let golden = golden_json("tokenizers.json");
    for golden in golden["tokenizers"].as_array().unwrap() {
        let tokenizer = Tokenizer::from_metadata(&mut metadata(&golden["tokenizer"])).unwrap();
        for row in golden["rows"].as_array().unwrap() {
            let text = row["text"].as_str().unwrap();
            let special = if row["special"].as_bool().unwrap() { Special::Parse } else { Special::Plain };
            let ids: Vec<u32> = serde_json::from_value(row["ids"].clone()).unwrap();
            assert_eq!(tokenizer.encode(text, special).unwrap(), ids, "{} {special:?} {text:?}", golden["name"]);
        }
    }
}

#[test]
fn texts_that_end_a_generation_are_those_of_llama_cpp() {
    let golden = golden_json("tokenizers.json");
    for golden in golden["ends"].as_array().unwrap() {
        let texts: Vec<String> = serde_json::from_value(golden["tokens"].clone()).unwrap();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let tokenizer = plain(&texts, &[("tokenizer.ggml.eos_token_id", Value::U64(0))]);
        let mut ends = tokenizer.stop_tokens().to_vec();
        ends.sort_unstable();
        let ends: Vec<_> = ends.into_iter().map(|token| tokenizer.token_text(token).unwrap()).collect();
        let expected: Vec<String> = serde_json::from_value(golden["ends"].clone()).unwrap();
        assert_eq!(ends, expected, "of {texts:?}");
    }
}

#[test]
fn tokens_of_unigram_and_gemma_4_come_back_as_text() {
    for name in ["Unigram", "Unigram with a space before", "Unigram without extra spaces", "Gemma 4"] {
        let tokenizer = tokenizer(name);
        for text in ["a", "ab abc", "b.bc abc"] {
            let text = if name == "Gemma 4" { text.replace('.', "\n\né🙂") } else { text.to_owned() };
            assert_eq!(tokenizer.decode(&tokenizer.encode(&text, Special::Plain).unwrap()), text, "{name}");
        }
    }
}

#[test]
fn a_prompt_of_unigram_ends_in_eos_and_one_of_gemma_4_starts_with_bos() {
    let unigram = tokenizer("Unigram");
    assert_eq!((unigram.bos(), unigram.eos(), unigram.stop_tokens()), (None, Some(1), &[1][..]));
    assert_eq!(unigram.encode_prompt("a").unwrap().last(), Some(&1));
    let golden = golden_json("tokenizers.json");
    let gemma4 = golden["tokenizers"].as_array().unwrap().iter().find(|golden| golden["name"] == "Gemma 4").unwrap();
    // Published files say that there is no BOS, and are wrong.
    let mut metadata = metadata(&gemma4["tokenizer"]);
    metadata.insert("tokenizer.ggml.add_bos_token", Value::Bool(false));
    let gemma4 = Tokenizer::from_metadata(&mut metadata).unwrap();
    assert_eq!(gemma4.encode_prompt("\n\n").unwrap()[0], 2);
    assert_eq!(gemma4.decode(&gemma4.encode_prompt("a b").unwrap()), "a b");
}

#[test]
fn a_damaged_map_of_characters_is_an_error() {
    let golden = golden_json("tokenizers.json");
    let found = |golden: &&Json| golden["name"] == "Unigram with a map of characters";
    let keys = &golden["tokenizers"].as_array().unwrap().iter().find(found).unwrap()["tokenizer"];
    let bytes: Vec<i64> = serde_json::from_value(keys["precompiled_charsmap"].clone()).unwrap();
    let with = |bytes: Vec<i64>| {
        let mut metadata = metadata(keys);
        metadata.insert("tokenizer.ggml.precompiled_charsmap", Value::Array(Array::I64(bytes)));
        Tokenizer::from_metadata(&mut metadata)
    };
    for damaged in [vec![], vec![1, 0, 0], vec![8, 0, 0, 0, 1, 2, 3, 4], vec![0, 0, 0, 0, 0xff]] {
        assert_eq!(with(damaged).unwrap_err().code(), "invalid-metadata");
    }
    // Bytes may be signed.
    #[allow(clippy::cast_possible_truncation)]
    let signed = bytes.iter().map(|&byte| i64::from(byte as u8 as i8)).collect();
    let text = "ａＡﬁ e\u{301}カ\u{3099}…";
    let encode = |bytes| with(bytes).unwrap().encode(text, Special::Plain).unwrap();
    assert_eq!(encode(signed), encode(bytes.clone()));
    // Whatever stands in the map, a text has tokens or there is an error.
    for at in 4..bytes.len() {
        for byte in [0, 1, 0x7f, 0xff] {
            let mut damaged = bytes.clone();
            damaged[at] = byte;
            if let Ok(tokenizer) = with(damaged)
                && let Err(error) = tokenizer.encode(text, Special::Plain)
            {
                assert_eq!(error.code(), "invalid-metadata", "{error}");
            }
        }
    }
}

#[test]
fn a_long_text_without_spaces_takes_linear_time() {
    let text = "abcabx".repeat(50_000);
    for name in ["Unigram with a map of characters", "Gemma 4"] {
        let tokenizer = tokenizer(name);
        assert!(tokenizer.encode(&text, Special::Plain).unwrap().len() > 50_000, "{name}");
    }
    assert!(
        small(&[("tokenizer.ggml.pre", Value::String("afmoe".to_owned()))])
            .encode(&"1".repeat(300_000), Special::Plain)
            .is_ok()
    );
}
