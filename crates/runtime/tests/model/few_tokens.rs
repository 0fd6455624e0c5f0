//! Tests of steps of few tokens as a GPU runs them: in integer dot products, with kernels by the number of tokens.

use std::fmt::Write as _;

use wgslm::engine::{Activations, EngineOptions};
use wgslm::{Device, DeviceOptions};

use crate::adapters::{as_on, laid_out, open, some_adapters};
use crate::golden::{Golden, named};
use crate::setup::{engine, logits, normalised_error};

/// A device that takes integer kernels for all matrices of the model that have them, as a GPU would after tuning, with `outputs` outputs
/// at a time.
fn in_integers(device: &Device, golden: &Golden, outputs: u32) -> Device {
    let contiguous = DeviceOptions { interleaved_rows: Some(false), ..as_on(device) };
    let of = engine(&laid_out(device, false), &golden.path(), &EngineOptions::default());
    let mut tuning = String::new();
    for (_, matrix) in of.model().weights.matrices() {
        for part in &matrix.parts {
            for (precision, codes) in [("rounded", "int8"), ("fine", "int16")] {
                let (format, rows, groups) = (matrix.layout.format.name(), part.rows, matrix.groups);
                let kernel = format!("matvec_integer-{codes}-128x{outputs}x1");
                let _ = writeln!(tuning, "{format} {rows} {groups} {precision} {kernel}");
            }
        }
    }
    let opened = open(&contiguous);
    opened.adopt_tuning(&tuning);
    assert!(opened.tuning().contains("integer-int8"), "{tuning}");
    opened
}

#[test]
fn a_sequence_gets_the_same_bits_with_any_number_of_tokens_in_a_step() {
    for name in ["llama-q4_0", "llama-q6_k", "gemma3", "gpt-oss", "lfm2"] {
        let golden = named(name);
        for device in some_adapters() {
            let device = in_integers(device, &golden, 4);
            let of = |prefill_tokens| {
                let activations = Activations::Int8;
                let prefill_tokens = Some(prefill_tokens);
                let options = EngineOptions { activations, prefill_tokens, ..EngineOptions::default() };
                logits(&engine(&device, &golden.path(), &options), &golden.tokens)
            };
            let single = of(1);
            for tokens in [2, 3, 8, 32] {
                let differ = of(tokens).iter().zip(&single).filter(|(a, b)| a.to_bits() != b.to_bits()).count();
                assert_eq!(differ, 0, "{name}, {tokens} tokens at a time, of {}", single.len());
            }
            let exact = logits(&engine(&device, &golden.path(), &EngineOptions::default()), &golden.tokens);
            let error = normalised_error(&single, &exact);
            assert!((1e-5..8e-2).contains(&error), "{name}: {error:.2e}");
        }
    }
}
