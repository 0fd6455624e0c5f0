//! Tests of the environment variables for devices.

use crate::logits::check_golden_logits;
use crate::program::{has_device, tiny_model, wgslm_with};

#[test]
fn every_value_gives_the_golden_logits() {
    if !has_device() {
        return;
    }
    for (case, environment) in [
        &[("WGSLM_CAPABILITIES", "baseline")][..],
        &[("WGSLM_CAPABILITIES", "full"), ("WGSLM_MAX_BINDING", "128KiB")],
        &[("WGSLM_WEIGHT_ROWS", "contiguous"), ("WGSLM_MAX_BINDING", "131072")],
        &[("WGSLM_WEIGHT_ROWS", "interleaved"), ("WGSLM_MAX_BINDING", "1MiB")],
        &[("WGSLM_WEIGHT_ROWS", "contiguous"), ("WGSLM_ACTIVATIONS", "float"), ("WGSLM_TILE", "128x64")],
        &[("WGSLM_CAPABILITIES", ""), ("WGSLM_MAX_BINDING", ""), ("WGSLM_WEIGHT_ROWS", "")],
        &[("WGSLM_WEIGHT_ROWS", "contiguous"), ("WGSLM_REPACKING", "device")],
        &[("WGSLM_WEIGHT_ROWS", "interleaved"), ("WGSLM_REPACKING", "cpu")],
        &[("WGSLM_ACTIVATIONS", ""), ("WGSLM_TILE", "")],
    ]
    .into_iter()
    .enumerate()
    {
        check_golden_logits(environment, &format!("environment-{case}.npy"));
    }
}

#[test]
fn a_value_that_is_none_is_refused_by_name() {
    for (name, value, expected) in [
        ("WGSLM_CAPABILITIES", "Baseline", "baseline or full"),
        ("WGSLM_MAX_BINDING", "1MB", "KiB, MiB or GiB"),
        ("WGSLM_MAX_BINDING", "12", "4096 or more"),
        ("WGSLM_WEIGHT_ROWS", "yes", "interleaved or contiguous"),
        ("WGSLM_REPACKING", "gpu", "device or cpu"),
        ("WGSLM_TILE", "64", "64x64 or 128x64 or 128x128"),
    ] {
        let run = wgslm_with(&[(name, value)], &["generate", "--model", &tiny_model(), "--tokens", "1"]);
        assert!(run.stderr.contains(expected), "{name}={value}: {}", run.stderr);
        run.failed(1, &format!("{name}={value} is not usable"));
    }
}
