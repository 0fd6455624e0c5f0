//! The cache of tuned kernel choices, one file per device in `$XDG_CACHE_HOME/wgslm/tuning` or `~/.cache/wgslm/tuning`.
//! Errors are ignored: without the cache, the kernels are measured again.

use std::path::PathBuf;
use std::{env, fs};

use wgslm::Device;

/// Gives the device the kernel choices that were measured on it earlier.
pub(crate) fn recall(device: &Device) {
    if let Some(text) = file(device).and_then(|path| fs::read_to_string(path).ok()) {
        device.adopt_tuning(&text);
    }
}

/// Stores the kernel choices measured on the device.
pub(crate) fn keep(device: &Device) {
    let text = device.tuning();
    let Some(path) = file(device).filter(|_| !text.is_empty()) else { return };
    if fs::read_to_string(&path).is_ok_and(|kept| kept == text) {
        return;
    }
    let written = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&path, text));
    // If the folder can't be written, the next start measures again, in a fifth of a second.
    drop(written);
}

fn file(device: &Device) -> Option<PathBuf> {
    let absolute = |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let cache = absolute("XDG_CACHE_HOME").or_else(|| env::home_dir().map(|home| home.join(".cache")))?;
    let name: String = device.tuning_key().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    Some(cache.join("wgslm").join("tuning").join(name + ".txt"))
}
