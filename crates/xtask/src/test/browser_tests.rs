//! The step that runs the tests in browsers on the built site.

use super::times::TestTime;
use super::{PRODUCT, node_tests, with_choices};
use crate::serve::{Folders, Server};
use crate::{demo, paths, process};
use anyhow::{Context, Result};
use std::env;
use std::fs;

pub(super) fn run(all: bool, times: &mut Vec<TestTime>) -> Result<()> {
    write_shader_list()?;
    let server = Server::start(&Folders::of_the_project()?, 0)?;
    let mut node = demo::in_browser("node");
    node.env("WGSLM_SITE_URL", server.url());
    // Two files at a time: each starts a browser that renders on the CPU, which for the most part takes one core.
    node_tests::run(with_choices(&mut node, all)?, "tests/browser", 2, times)
}

/// Writes the list of kernel variants that the browser compiles in a test.
fn write_shader_list() -> Result<()> {
    // The packages that `cargo test` builds, so that the features agree and nothing is built twice.
    process::run(process::cargo("build").args(PRODUCT).args(["--example", "dump"]))?;
    let program = format!("debug/examples/dump{}", env::consts::EXE_SUFFIX);
    let list = process::capture(&mut process::command(paths::target().join(program)))?;
    fs::write(paths::site().join("shaders.json"), list).context("the site is not built: run `cargo xtask build-web`")
}
