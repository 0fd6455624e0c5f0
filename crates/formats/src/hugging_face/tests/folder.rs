//! Files beside the tensors.

use serde_json::{Value as Json, json};

use super::{config, header_of};
use crate::layout::TokenizerFiles;

/// The tokenizer files of a folder that has these files and a tokenizer.json.
fn tokenizer_of(files: &[(&str, &Json)]) -> TokenizerFiles {
    let tokenizer = ("tokenizer.json", json!({}));
    let files = files.iter().map(|(name, json)| (*name, *json)).chain([(tokenizer.0, &tokenizer.1)]);
    let files: Vec<_> = files.map(|(name, json)| (name, json.to_string().into_bytes())).collect();
    header_of(&files).expect("the files are good").tokenizer.expect("a tokenizer")
}

#[test]
fn stop_tokens_of_config_json_count_where_generation_config_json_has_none() {
    let none = json!({ "temperature": 0.6 });
    for (ids, generation, expected) in [
        (json!(2), None, &[2][..]),
        (json!([2, 7]), None, &[2, 7]),
        (json!([2, 7]), Some(&none), &[2, 7]),
        (json!(2), Some(&json!({ "eos_token_id": [5, 2] })), &[5, 2]),
        (json!(2), Some(&json!({ "eos_token_id": 5 })), &[5]),
        (json!(null), None, &[]),
        (json!(-1), None, &[]),
        (json!([-1, 2]), None, &[2]),
    ] {
        let config = config("llama", &json!({ "eos_token_id": ids }));
        let files = [Some(("config.json", &config)), generation.map(|json| ("generation_config.json", json))];
        let files: Vec<_> = files.into_iter().flatten().collect();
        assert_eq!(tokenizer_of(&files).stop_tokens, expected, "{ids} and {generation:?}");
    }
    let wrong = config("llama", &json!({ "eos_token_id": "</s>" })).to_string().into_bytes();
    let error = header_of(&[("config.json", wrong)]).expect_err("it is no id");
    assert!(error.code() == "invalid-config" && error.to_string().contains("eos_token_id"), "{error}");
}

#[test]
fn tokens_to_suppress_come_from_generation_config_json() {
    let config = config("llama", &json!({}));
    let generation = json!({ "suppress_tokens": [1, 2, -1], "repetition_penalty": 1.1 });
    let tokenizer = tokenizer_of(&[("config.json", &config), ("generation_config.json", &generation)]);
    assert_eq!(tokenizer.suppressed_tokens, [1, 2]);
}

#[test]
fn a_chat_template_may_be_in_json() {
    let config = config("llama", &json!({}));
    let template = json!({ "chat_template": "{{ messages }}" });
    let tokenizer = tokenizer_of(&[("config.json", &config), ("chat_template.json", &template)]);
    assert_eq!(tokenizer.chat_template.as_deref(), Some("{{ messages }}"));
}

#[test]
fn infinity_and_nan_in_config_json_are_numbers() {
    let text = config("llama", &json!({ "eos_token_id": 2 })).to_string();
    let text = text.replace('{', r#"{ "time_step_limit": [0.0, Infinity], "router_jitter_noise": NaN, "#);
    let header = header_of(&[("config.json", text.into_bytes())]).expect("Python writes such files");
    assert_eq!(header.metadata.u32("llama.block_count").expect("a number"), Some(2));
}

#[test]
fn a_page_in_place_of_an_optional_file_is_as_good_as_none() {
    let config = config("llama", &json!({ "eos_token_id": 2 })).to_string().into_bytes();
    let page = b"<!DOCTYPE html><title>My app</title>".to_vec();
    let tokenizer = ("tokenizer.json", b"{}".to_vec());
    let files = ["generation_config.json", "chat_template.jinja", "model.safetensors.index.json"];
    let files: Vec<_> = files.into_iter().map(|name| (name, page.clone())).collect();
    let header = header_of(&[&[("config.json", config), tokenizer][..], &files].concat()).expect("it can be read");
    let tokenizer = header.tokenizer.expect("a tokenizer");
    assert_eq!((tokenizer.stop_tokens, tokenizer.chat_template), (vec![2], None));
}
