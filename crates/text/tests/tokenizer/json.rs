//! `tokenizer.json` of Hugging Face folders.

use serde_json::{Value, json};
use wgslm_formats::gguf::Metadata;
use wgslm_formats::source::{Format, ModelHeader, TokenizerFiles};
use wgslm_testing::random::Random;
use wgslm_text::Error;
use wgslm_text::{ChatTemplate, Message, Special, Tokenizer};

use super::model::{decode, golden_json, smollm2, smollm2_metadata};

/// A tokenizer of Llama 2's kind.
pub(crate) fn small() -> Value {
    let vocabulary = ["<unk>", "<s>", "</s>", "<0xC3>", "<0xA9>", "▁", "a", "b", "▁a", "ab", "▁ab"];
    let vocabulary: Value = vocabulary.iter().enumerate().map(|(id, text)| ((*text).to_owned(), json!(id))).collect();
    let special = |id, content| json!({ "id": id, "content": content, "special": true, "single_word": false, "lstrip": false, "rstrip": false, "normalized": false });
    json!({
        "version": "1.0",
        "truncation": { "direction": "Right", "max_length": 4, "strategy": "LongestFirst", "stride": 0 },
        "added_tokens": [special(0, "<unk>"), special(1, "<s>"), special(2, "</s>")],
        "normalizer": { "type": "Sequence", "normalizers": [
            { "type": "Prepend", "prepend": "▁" },
            { "type": "Replace", "pattern": { "String": " " }, "content": "▁" },
        ] },
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [{ "SpecialToken": { "id": "<s>", "type_id": 0 } }, { "Sequence": { "id": "A", "type_id": 0 } }],
            "pair": [{ "Sequence": { "id": "A", "type_id": 0 } }, { "Sequence": { "id": "B", "type_id": 1 } }],
            "special_tokens": { "<s>": { "id": "<s>", "ids": [1], "tokens": ["<s>"] } },
        },
        "decoder": { "type": "Sequence", "decoders": [
            { "type": "Replace", "pattern": { "String": "▁" }, "content": " " },
            { "type": "ByteFallback" },
            { "type": "Fuse" },
            { "type": "Strip", "content": " ", "start": 1, "stop": 0 },
        ] },
        "model": { "type": "BPE", "vocab": vocabulary, "merges": ["▁ a", "a b", "▁a b"], "unk_token": "<unk>", "byte_fallback": true },
    })
}

fn tokenizer(json: &Value, config: Option<&Value>) -> wgslm_text::Result<Tokenizer> {
    Tokenizer::from_json(json.to_string().as_bytes(), config.map(Value::to_string).as_deref().map(str::as_bytes))
}

#[test]
fn text_is_encoded_as_the_file_says_and_comes_back() {
    let tokenizer = tokenizer(&small(), None).unwrap();
    assert_eq!(tokenizer.encode("ab aé</s>", Special::Parse).unwrap(), [10, 8, 3, 4, 2]);
    assert!(!tokenizer.encode("a</s>", Special::Plain).unwrap().contains(&2));
    assert_eq!(tokenizer.encode_prompt("a").unwrap(), [1, 8]);
    assert_eq!(tokenizer.decode(&[1, 10, 8, 3, 4, 2]), "ab aé");
    assert_eq!(decode(&tokenizer, &[10, 3]), " ab\u{fffd}");
    assert_eq!((tokenizer.bos(), tokenizer.eos(), tokenizer.vocabulary_size()), (Some(1), None, 11));
    let long = "ab ".repeat(20);
    assert_eq!(tokenizer.decode(&tokenizer.encode(&long, Special::Plain).unwrap()), long);
}

#[test]
fn the_decoder_says_how_the_vocabulary_is_spelled() {
    for (decoder, text) in [
        (json!({ "type": "ByteFallback" }), "ab é"),
        (json!({ "type": "WordPiece", "prefix": "##", "cleanup": true }), "a b ▁ <0xC3> <0xA9>"),
        (
            json!({ "type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true }),
            "ab▁<0xC3><0xA9>",
        ),
    ] {
        let mut json = small();
        json["decoder"] = decoder.clone();
        assert_eq!(tokenizer(&json, None).unwrap().decode(&[6, 7, 5, 3, 4]), text, "{decoder}");
    }
}

#[test]
fn the_configuration_names_special_tokens_and_the_template() {
    let config = json!({
        "bos_token": "<s>", "eos_token": { "__type": "AddedToken", "content": "</s>" }, "add_bos_token": false, "add_eos_token": true,
        "chat_template": [
            { "name": "tool_use", "template": "tools" },
            { "name": "default", "template": "{{ bos_token }}{{ messages[0].content }}{{ eos_token }}" },
        ],
        "model_max_length": 1e30,
    });
    let tokenizer = tokenizer(&small(), Some(&config)).unwrap();
    assert_eq!((tokenizer.bos(), tokenizer.eos(), tokenizer.stop_tokens()), (Some(1), Some(2), &[2][..]));
    assert_eq!(tokenizer.encode_prompt("a").unwrap(), [8, 2]);
    let template = |config: &Value| ChatTemplate::from_config(config.to_string().as_bytes(), &tokenizer);
    let rendered = template(&config).unwrap().unwrap().render(&[Message::new("user", "hi")], true).unwrap().text();
    assert_eq!(rendered, "<s>hi</s>");
    assert!(template(&json!({})).unwrap().is_none());
    assert_eq!(template(&json!({ "chat_template": 1 })).unwrap_err().code(), "chat-template");
}

#[test]
fn unusable_files_are_refused() {
    let change = |pointer: &str, value: Value| {
        let mut json = small();
        *json.pointer_mut(pointer).unwrap() = value;
        json
    };
    for (json, config, fault) in [
        (json!({}), None, "tokenizer.json"),
        (json!("text"), None, "tokenizer.json"),
        (change("/decoder", json!({ "type": "Fuse" })), None, "decoder"),
        (change("/model/vocab/a", json!(4_000_000_000_u32)), None, "4000000000"),
        (change("/model/merges/0", json!("▁ nonesuch")), None, "tokenizer.json"),
        (small(), Some(json!({ "bos_token": 1 })), "tokenizer_config.json"),
    ] {
        let error = tokenizer(&json, config.as_ref()).unwrap_err();
        assert!(matches!(&error, Error::Tokenizer { reason } if reason.contains(fault)), "{error}");
    }
}

/// SmolLM2's tokenizer as its `tokenizer.json` has it.
fn smollm2_json(metadata: &Metadata) -> Value {
    let texts = metadata.require_strings("tokenizer.ggml.tokens").unwrap();
    let kinds = metadata.integers("tokenizer.ggml.token_type").unwrap().unwrap();
    let vocabulary: Value = texts.iter().enumerate().map(|(id, text)| (text.to_owned(), json!(id))).collect();
    let control = texts.iter().enumerate().zip(kinds).filter(|(_, kind)| **kind == 3);
    let added: Vec<Value> = control
        .map(|((id, content), _)| {
            json!({ "id": id, "content": content, "special": true, "single_word": false, "lstrip": false, "rstrip": false, "normalized": false })
        })
        .collect();
    let merges: Vec<&str> = metadata.require_strings("tokenizer.ggml.merges").unwrap().iter().collect();
    json!({
        "version": "1.0",
        "added_tokens": added,
        "pre_tokenizer": { "type": "Sequence", "pretokenizers": [
            { "type": "Digits", "individual_digits": true },
            { "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true },
        ] },
        "decoder": { "type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true },
        "model": { "type": "BPE", "vocab": vocabulary, "merges": merges },
    })
}

#[test]
fn smollm2_is_the_same_from_either_file() {
    let (Some(ours), Some(metadata)) = (smollm2(), smollm2_metadata()) else { return };
    let theirs = tokenizer(&smollm2_json(&metadata), None).unwrap();
    let rows = golden_json("tokenize.json");
    let golden = rows["smollm2"].as_array().unwrap().iter().map(|row| row["text"].as_str().unwrap().to_owned());
    let mut random = Random::new(3);
    let words = [
        "the",
        " of",
        "Zürich",
        "日本",
        "🙂",
        "\n\n",
        "  ",
        "12",
        "'ll",
        "<|im_end|>",
        "_x",
        "ation",
        "\t",
        "…",
        "a",
        "é",
    ];
    let random = (0..500).map(|_| (0..random.below(30)).map(|_| random.choose(&words)).collect::<String>());
    for text in golden.chain(random.collect::<Vec<_>>()) {
        for special in [Special::Parse, Special::Plain] {
            let tokens = ours.encode(&text, special).unwrap();
            assert_eq!(theirs.encode(&text, special).unwrap(), tokens, "{special:?} {text:?}");
            assert_eq!(theirs.decode(&tokens), ours.decode(&tokens));
        }
    }
}

#[test]
fn tokens_that_generation_config_json_names_end_a_generation_or_are_never_chosen() {
    let files = TokenizerFiles {
        tokenizer: small().to_string().into_bytes(),
        stop_tokens: vec![9, 2, 99_999],
        suppressed_tokens: vec![10, 3, 10, 11],
        ..TokenizerFiles::default()
    };
    let mut header = ModelHeader {
        format: Format::HuggingFace,
        metadata: Metadata::default(),
        tensors: Vec::new(),
        files: Vec::new(),
        tokenizer: Some(files),
    };
    let tokenizer = Tokenizer::take_from(&mut header).unwrap();
    assert_eq!((tokenizer.stop_tokens(), tokenizer.suppressed_tokens()), (&[2, 9][..], &[10, 3][..]));
}
