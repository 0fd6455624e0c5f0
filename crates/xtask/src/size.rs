//! The check of the sizes of the WebAssembly modules and the scripts, which determine how long a page takes to load.

use crate::{paths, web};
use anyhow::{Context, Result, ensure};
use flate2::{Compression, write::GzEncoder};
use std::fs;
use std::io::Write;
use std::path::Path;

/// The module of the engine, which every page loads, with the scripts.
const ENGINE: &str = "wgslm";

/// The largest allowed sizes of the gzipped modules in bytes; the scripts count with the engine's.
const LIMITS: [(&str, usize); 3] = [(ENGINE, 1_500_000), ("wgslm_tokenizers", 700_000), ("wgslm_grammar", 600_000)];

/// Describes the sizes of the built modules; an error if one exceeds its limit.
pub(crate) fn check() -> Result<String> {
    let sizes: Result<Vec<_>> = LIMITS.iter().map(|(module, limit)| check_module(module, *limit)).collect();
    Ok(sizes?.join("; "))
}

fn check_module(module: &str, limit: usize) -> Result<String> {
    let wasm = read(&web::wasm_file(module))?;
    let scripts = if module == ENGINE { scripts_size(&paths::root().join("pkg/dist"))? } else { 0 };
    let gzipped = gzipped_size(&wasm)? + scripts;
    let with = if scripts > 0 { format!(", {scripts} of them scripts") } else { String::new() };
    let size = format!("{module}: {} bytes, {gzipped} bytes gzipped{with} (the limit is {limit})", wasm.len());
    ensure!(gzipped <= limit, "{size}: {} bytes over its limit", gzipped - limit);
    Ok(size)
}

/// The size of all scripts in a folder, each gzipped: more than any page loads.
fn scripts_size(folder: &Path) -> Result<usize> {
    let entries = folder.read_dir().with_context(|| format!("could not read {}", folder.display()))?;
    entries
        .map(|entry| {
            let path = entry?.path();
            match path.extension() {
                _ if path.is_dir() => scripts_size(&path),
                Some(extension) if extension == "js" => gzipped_size(&read(&path)?),
                _ => Ok(0),
            }
        })
        .sum()
}

fn read(file: &Path) -> Result<Vec<u8>> {
    fs::read(file).with_context(|| format!("could not read {}: run `cargo xtask build-web` first", file.display()))
}

/// The size in bytes after `gzip -9`.
fn gzipped_size(bytes: &[u8]) -> Result<usize> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_are_added_up_with_those_of_subfolders_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("cache")).unwrap();
        for name in ["index.js", "index.js.map", "index.d.ts", "cache/opfs.js"] {
            fs::write(folder.path().join(name), name).unwrap();
        }
        let expected = gzipped_size(b"index.js").unwrap() + gzipped_size(b"cache/opfs.js").unwrap();
        assert_eq!(scripts_size(folder.path()).unwrap(), expected);
    }

    #[test]
    fn what_repeats_is_small_and_what_does_not_is_not() {
        let zeros = vec![0; 100_000];
        assert!(gzipped_size(&zeros).unwrap() < 1_000);
        let mut state = 1_u32;
        let mut noise = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        let noise: Vec<u8> = (0..100_000).map(|_| noise()).collect();
        assert!(gzipped_size(&noise).unwrap() > 99_000);
    }
}
