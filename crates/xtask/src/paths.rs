//! The paths of the repository, its build outputs and the cache.

use anyhow::{Context, Result};
use std::env;
use std::path::{Path, PathBuf};

/// The root of the repository.
pub(crate) fn root() -> &'static Path {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.ancestors().nth(2).unwrap_or(manifest)
}

/// Cargo's target folder.
pub(crate) fn target() -> PathBuf {
    // A relative CARGO_TARGET_DIR is relative to the folder where cargo was called, which is this process's.
    let chosen = env::var_os("CARGO_TARGET_DIR").filter(|folder| !folder.is_empty()).map(PathBuf::from);
    match chosen {
        Some(folder) => std::path::absolute(&folder).unwrap_or(folder),
        None => root().join("target"),
    }
}

/// The folder of the built site.
pub(crate) fn site() -> PathBuf {
    target().join("site")
}

/// The cache folder of models: `$XDG_CACHE_HOME/wgslm`, or `.cache/wgslm` in the home folder.
pub(crate) fn cache() -> Result<PathBuf> {
    let folder = |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    folder("XDG_CACHE_HOME")
        .or_else(|| env::home_dir().map(|home| home.join(".cache")))
        .map(|cache| cache.join("wgslm"))
        .context("no home folder is known: set XDG_CACHE_HOME to an absolute path, where models will be kept")
}
