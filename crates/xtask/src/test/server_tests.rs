//! The step that runs the program's server under its clients.

use super::times::TestTime;
use super::{PRODUCT, node_tests, with_choices, with_runtime_folder};
use crate::{paths, process, setup};
use anyhow::Result;
use std::env;

pub(super) fn run(all: bool, times: &mut Vec<TestTime>) -> Result<()> {
    // The packages that `cargo test` builds, so that the features agree and nothing is built twice.
    process::run(process::cargo("build").args(PRODUCT).args(["--bin", "wgslm"]))?;
    let program = paths::target().join(format!("debug/wgslm{}", env::consts::EXE_SUFFIX));
    // One file at a time in the first, since loads are measured; both run even if one fails.
    let results = [("tests/server", 1), ("tests/deploy", 2)].map(|(folder, files_at_once)| {
        let mut node = process::command("node");
        node.env("WGSLM_PROGRAM", &program).env("WGSLM_PYTHON_ENVIRONMENT", setup::python_environment("tests/server"));
        node_tests::run(with_choices(with_runtime_folder(&mut node), all)?, folder, files_at_once, times)
    });
    results.into_iter().collect()
}
