//! Helpers that the tests of several crates share: golden data, real models, small models in memory, writers of files, damage.

pub mod adapters;
pub mod allocation;
pub mod damage;
pub mod gguf_read;
pub mod gguf_writer;
pub mod model_files;
pub mod random;
pub mod safetensors_writer;

use std::env;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// The folders of golden data, in order of search: the runtime crate's, then that of `WGSLM_SHARED` or of the folder `shared`
/// beside the repository, which has all of it.
pub fn golden_roots() -> [PathBuf; 2] {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    let shared = env::var_os("WGSLM_SHARED").map_or_else(|| manifest.join("../../../shared"), PathBuf::from);
    [manifest.join("../runtime/tests/golden"), shared.join("data/golden")]
}

/// The path of golden data such as `quant/tiny-llama-q4_0.gguf`; panics if no folder has it.
pub fn golden(path: &str) -> PathBuf {
    let candidates = golden_roots().map(|root| root.join(path));
    let found = candidates.iter().find(|candidate| candidate.exists());
    found.unwrap_or_else(|| panic!("the golden data {path} is in none of {candidates:?}")).clone()
}

/// SmolLM2-135M-Instruct in Q4_1: the path in `WGSLM_TEST_MODEL`, otherwise that in the cache folder.
pub fn smollm2_model() -> Option<PathBuf> {
    real_model("WGSLM_TEST_MODEL", "smollm2-135m-instruct-q4_1.gguf")
}

/// Gemma 3 270M in Q4_K_M: the path in `WGSLM_TEST_GEMMA`, otherwise that in the cache folder.
pub fn gemma3_model() -> Option<PathBuf> {
    real_model("WGSLM_TEST_GEMMA", "gemma-3-270m-q4_k_m.gguf")
}

/// The Hugging Face folder of all-MiniLM-L6-v2: the path in `WGSLM_TEST_MINILM`, otherwise that in the cache folder.
pub fn minilm_model() -> Option<PathBuf> {
    real_model("WGSLM_TEST_MINILM", "all-minilm-l6-v2")
}

/// The path of a real model, from the variable or by name in the cache folder. If there is none, the caller is to return early:
/// the test is reported as skipped, or fails under `WGSLM_NO_SKIP=1`.
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

/// True if tests are to run all combinations, such as every variant on every adapter, as `cargo xtask test --all` asks with
/// `WGSLM_TEST_ALL=1`. Otherwise tests run on one adapter what one adapter can show.
pub fn exhaustive() -> bool {
    env::var_os("WGSLM_TEST_ALL").is_some_and(|value| value == "1")
}

/// Reports a skipped test on one line; panics under `WGSLM_NO_SKIP=1`.
pub fn skipped(reason: &str) {
    assert!(env::var_os("WGSLM_NO_SKIP").is_none_or(|value| value != "1"), "skipped under WGSLM_NO_SKIP=1: {reason}");
    report(&format!("skipped: {reason}"));
}

/// Prints a line even if the test passes, which the test harness would otherwise hide.
pub fn report(line: &str) {
    writeln!(io::stderr(), "{line}").expect("a standard error stream");
}
