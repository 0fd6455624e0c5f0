//! What the integration tests share. Each of them is a crate of its own and uses only a part of it.
#![allow(dead_code)]

pub(crate) mod allocation;
pub(crate) mod damage;
pub(crate) mod gguf_read;
pub(crate) mod gguf_writer;
pub(crate) mod model_files;
pub(crate) mod random;
pub(crate) mod safetensors_writer;

use std::{
    env,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

/// The folders that may hold golden data: the runtime crate's own, then all of it, where `WGSLM_SHARED` or the folder `shared`
/// beside the repository has it.
pub(crate) fn golden_roots() -> [PathBuf; 2] {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    let shared = env::var_os("WGSLM_SHARED").map_or_else(|| manifest.join("../../../shared"), PathBuf::from);
    [manifest.join("../runtime/tests/golden"), shared.join("data/golden")]
}

/// The path of golden data such as `quant/tiny-llama-q4_0.gguf`; fails where it is nowhere.
pub(crate) fn golden(path: &str) -> PathBuf {
    let candidates = golden_roots().map(|root| root.join(path));
    let found = candidates.iter().find(|candidate| candidate.exists());
    found.unwrap_or_else(|| panic!("the golden data {path} is in none of {candidates:?}")).clone()
}

/// SmolLM2-135M-Instruct in Q4_1: `WGSLM_TEST_MODEL`, or where the cache folder keeps it.
pub(crate) fn smollm2_model() -> Option<PathBuf> {
    real_model("WGSLM_TEST_MODEL", "smollm2-135m-instruct-q4_1.gguf")
}

/// Gemma 3 270M in Q4_K_M: `WGSLM_TEST_GEMMA`, or where the cache folder keeps it.
pub(crate) fn gemma3_model() -> Option<PathBuf> {
    real_model("WGSLM_TEST_GEMMA", "gemma-3-270m-q4_k_m.gguf")
}

/// The Hugging Face folder of all-MiniLM-L6-v2: `WGSLM_TEST_MINILM`, or where the cache folder keeps it.
pub(crate) fn minilm_model() -> Option<PathBuf> {
    real_model("WGSLM_TEST_MINILM", "all-minilm-l6-v2")
}

/// A real model, where the variable says or of this name in the cache folder. Where there is none, the caller returns early:
/// says so on one line, or fails under `WGSLM_NO_SKIP=1`.
fn real_model(variable: &str, name: &str) -> Option<PathBuf> {
    let cache = || {
        let folder = env::var_os("XDG_CACHE_HOME")
            .map(PathBuf::from)
            .or_else(|| env::home_dir().map(|home| home.join(".cache")))
            .unwrap_or_default();
        folder.join("wgslm").join(name)
    };
    let path = env::var_os(variable).map_or_else(cache, PathBuf::from);
    if path.exists() {
        return Some(path);
    }
    skipped(&format!("no model at {}; `cargo xtask models` fetches it", path.display()));
    None
}

/// Whether whole products are tested, as `cargo xtask test --all` does with `WGSLM_TEST_ALL=1`: every variant on every adapter, every
/// model in every layout. Otherwise what one adapter can show is run on one.
pub(crate) fn exhaustive() -> bool {
    env::var_os("WGSLM_TEST_ALL").is_some_and(|value| value == "1")
}

/// Reports that a test cannot run, on one line; fails under `WGSLM_NO_SKIP=1`.
pub(crate) fn skipped(reason: &str) {
    assert!(env::var_os("WGSLM_NO_SKIP").is_none_or(|value| value != "1"), "skipped under WGSLM_NO_SKIP=1: {reason}");
    report(&format!("skipped: {reason}"));
}

/// Prints a line past the test harness, which keeps what a passing test prints to itself.
pub(crate) fn report(line: &str) {
    writeln!(io::stderr(), "{line}").expect("a standard error stream");
}
