//! The browsers' own compiler takes every variant that is meant for them.

use std::process::Command;

use wgslm_shaders::{Target, Variant};

/// Needs `tint` on the PATH and is skipped without it, under `WGSLM_NO_SKIP=1` too: the browser tests compile every variant
/// in Chromium, of which tint is a part.
#[test]
fn tint_compiles_every_variant_for_browsers() {
    if Command::new("tint").arg("--help").output().is_err() {
        eprintln!("skipped: there is no tint; the browser tests compile the variants in Chromium");
        return;
    }
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("tint");
    std::fs::create_dir_all(&folder).expect("a writable target folder");
    let mut failures = Vec::new();
    for variant in Variant::all().into_iter().filter(|variant| !variant.matrix_units()) {
        let (input, output) = (folder.join(variant.name() + ".wgsl"), folder.join(variant.name() + ".out.wgsl"));
        std::fs::write(&input, variant.wgsl(Target::Browser)).expect("a writable target folder");
        let tint = Command::new("tint").args(["--format", "wgsl", "-o"]).args([&output, &input]).output();
        let tint = tint.expect("tint was there a moment ago");
        if !tint.status.success() {
            failures.push(format!("{}:\n{}", variant.name(), String::from_utf8_lossy(&tint.stderr)));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
