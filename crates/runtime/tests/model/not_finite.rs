//! Tests that weights of NaN or infinity end a generation with an error.

use wgslm::engine::{EngineOptions, GenerateOptions};
use wgslm::formats::gguf::TensorType;
use wgslm_testing::model_files::gguf;

use crate::adapters::adapters;
use crate::setup::{generate, load_bytes};

#[test]
fn a_weight_that_is_no_finite_number_is_an_error_that_names_the_position() {
    for device in adapters() {
        for weight in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let mut bytes = gguf(TensorType::F32);
            // The last weight of the last layer, on which all logits depend.
            let end = bytes.len();
            bytes[end - 4..].copy_from_slice(&weight.to_le_bytes());
            let engine = load_bytes(device, &bytes, 1 << 20, &EngineOptions::default()).expect("it loads");
            for temperature in [0.0, 0.8] {
                let sampled = GenerateOptions { temperature, top_p: 0.9, ..GenerateOptions::default() };
                let error = generate(&engine, &[3, 1, 4], sampled).expect_err("there is nothing to choose from");
                assert_eq!(error.code(), "not-finite", "{weight}: {error}");
                assert!(error.to_string().contains("position 3"), "{weight}: {error}");
            }
        }
    }
}
