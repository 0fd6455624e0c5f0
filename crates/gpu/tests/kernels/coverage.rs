//! Tests that every variant has cases and runs on some adapter, and that whatever is skipped is reported.

use std::collections::BTreeSet;
use std::process::Command;

use wgslm_shaders::{LinearKernel, LinearVariant, Variant};
use wgslm_testing::{report, skipped};

use crate::adapters::{adapters, runs};
use crate::{
    adjusting, attention, attention_tile, copy_blocks, embed, experts, gate, linear, logprobs, norm, norm_heads, pool,
    quantise, quantise_weights, repack, rope_append, sampling, short_convolution, truncation,
};

#[test]
fn every_variant_has_cases() {
    let topics = [
        adjusting::cases(),
        attention::cases(),
        attention_tile::cases(),
        copy_blocks::cases(),
        embed::cases(),
        experts::cases(),
        linear::cases(),
        logprobs::cases(),
        quantise::cases(),
        quantise_weights::cases(),
        norm::cases(),
        norm_heads::cases(),
        pool::cases(),
        repack::cases(),
        rope_append::cases(),
        sampling::cases(),
        short_convolution::cases(),
        gate::cases(),
        truncation::cases(),
    ];
    let tested: BTreeSet<String> = topics.iter().flatten().flat_map(|case| properties(&case.variant)).collect();
    let there_are: BTreeSet<String> = Variant::all().iter().flat_map(properties).collect();
    assert_eq!(tested, there_are);
}

/// What the cases of a variant show: its name or, of mat-vecs, whose ways of dividing work don't depend on the format of weights, the
/// division of its work, and the format with the codes that it takes and leaves.
fn properties(variant: &Variant) -> Vec<String> {
    match variant {
        Variant::Linear(LinearVariant { format, kernel: kernel @ LinearKernel::MatvecInteger(shape) }) => {
            vec![kernel.name(), format!("{} of {:?} to {:?}", format.name(), shape.input, shape.output)]
        }
        Variant::Linear(LinearVariant { format, kernel: LinearKernel::MatvecIntegerPair { second, .. } }) => {
            vec![format!("{} above {}", format.name(), second.name())]
        }
        Variant::Linear(LinearVariant { format, kernel: kernel @ LinearKernel::Matvec { experts: false, .. } }) => {
            vec![kernel.name(), format!("{} in f32", format.name())]
        }
        _ => vec![variant.name()],
    }
}

#[test]
fn every_variant_runs_on_some_adapter() {
    let adapters = adapters();
    if adapters.is_empty() {
        return;
    }
    let without = |runs: &dyn Fn(&Variant) -> bool| -> Vec<String> {
        Variant::all().iter().filter(|variant| !runs(variant)).map(Variant::name).collect()
    };
    for gpu in adapters {
        let left_out = without(&|variant| runs(gpu, variant));
        if !left_out.is_empty() {
            report(&format!("{} lacks what they need; not run there: {}", gpu.adapter().name, left_out.join(", ")));
        }
    }
    // What needs matrix units runs on an imitation of them as well: see `cooperative`.
    let nowhere = without(&|variant| variant.matrix_units() || adapters.iter().any(|gpu| runs(gpu, variant)));
    if !nowhere.is_empty() {
        skipped(&format!("no adapter has subgroups for {}", nowhere.join(", ")));
    }
}

/// Runs the test above in a process without Vulkan drivers.
#[cfg(target_os = "linux")]
#[test]
fn a_machine_without_adapters_skips_with_a_line_or_fails() {
    let run = |no_skip: &str| {
        let output = Command::new(std::env::current_exe().expect("tests are a program"))
            .args(["--exact", "coverage::every_variant_runs_on_some_adapter"])
            .envs([("VK_DRIVER_FILES", "none"), ("VK_ICD_FILENAMES", "none"), ("WGSLM_NO_SKIP", no_skip)])
            .env_remove("VK_ADD_DRIVER_FILES")
            .output()
            .expect("the program runs again");
        (
            output.status.success(),
            String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout),
        )
    };
    let (passed, said) = run("0");
    assert!(passed && said.contains("skipped: there is no GPU adapter"), "{said}");
    let (passed, said) = run("1");
    assert!(!passed && said.contains("WGSLM_NO_SKIP=1"), "{said}");
}
