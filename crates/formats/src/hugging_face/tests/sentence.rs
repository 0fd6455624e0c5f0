//! Files of sentence-transformers beside an encoder.

use serde_json::{Value as Json, json};

use super::super::sentence::{MODULES, POOLING, check_modules, pooling_type};
use super::{config, header_of};

#[test]
fn poolings_have_ggufs_numbers() {
    let with = |mode: &str| {
        let mut config = json!({ "word_embedding_dimension": 384, "include_prompt": true });
        for flag in
            ["cls_token", "mean_tokens", "max_tokens", "mean_sqrt_len_tokens", "weightedmean_tokens", "lasttoken"]
        {
            config[format!("pooling_mode_{flag}")] = json!(flag == mode);
        }
        config
    };
    let both = json!({ "pooling_mode_cls_token": true, "pooling_mode_mean_tokens": true });
    for (config, expected) in [
        (with("mean_tokens"), Ok(1)),
        (with("cls_token"), Ok(2)),
        (with("lasttoken"), Ok(3)),
        (json!({ "pooling_mode": "cls" }), Ok(2)),
        (with("max_tokens"), Err("max_tokens")),
        (json!({ "pooling_mode": "weightedmean" }), Err("weightedmean")),
        (both, Err("pooling_mode_cls_token, pooling_mode_mean_tokens")),
        (json!({}), Err("[]")),
        (json!([]), Err("expected a map")),
    ] {
        match (pooling_type(config.to_string().as_bytes()), expected) {
            (Ok(number), Ok(expected)) => assert_eq!(number, expected, "{config}"),
            (Err(error), Err(part)) => {
                assert!(error.code() == "invalid-config" && error.to_string().contains(part), "{error}");
            }
            (found, expected) => panic!("{config}: {found:?} instead of {expected:?}"),
        }
    }
}

#[test]
fn a_step_that_would_be_left_out_is_refused() {
    let modules = |steps: &[(&str, &str)]| -> Json {
        let step = |(kind, path): &(&str, &str)| json!({ "type": format!("sentence_transformers.models.{kind}"), "path": path });
        steps.iter().map(step).collect()
    };
    let check = |modules: Json| check_modules(modules.to_string().as_bytes()).map_err(|error| error.to_string());
    let usual = [("Transformer", ""), ("Pooling", "1_Pooling"), ("Normalize", "2_Normalize")];
    assert_eq!(check(modules(&usual)), Ok(()));
    assert_eq!(check(modules(&usual[..2])), Ok(()));
    for (wrong, part) in [(("Dense", "2_Dense"), "models.Dense"), (("Pooling", "2_Pooling"), "\"2_Pooling\"")] {
        let error = check(modules(&[usual[0], wrong])).expect_err("it is refused");
        assert!(error.contains(part), "{error}");
    }
    assert!(check(json!({})).is_err());
}

/// The pooling in the header of a folder without tensors that has these files.
fn pooling_of(files: &[(&str, &Json)]) -> Option<u32> {
    let files: Vec<_> = files.iter().map(|(name, json)| (*name, json.to_string().into_bytes())).collect();
    header_of(&files).expect("the files are good").metadata.u32("bert.pooling_type").expect("a number")
}

#[test]
fn the_pooling_of_a_folder_is_in_its_header() {
    let bert = config("bert", &json!({ "layer_norm_eps": 1e-12, "type_vocab_size": 2 }));
    let llama = config("llama", &json!({}));
    let (modules, first) = (json!([]), json!({ "pooling_mode_cls_token": true }));
    let files = |config| [("config.json", config), (MODULES, &modules), (POOLING, &first)];
    assert_eq!(pooling_of(&files(&bert)), Some(2));
    assert_eq!(pooling_of(&files(&bert)[..1]), None, "left to the architecture: the mean");
    assert_eq!(pooling_of(&files(&llama)), None, "a model that generates text has no use for it");
}
