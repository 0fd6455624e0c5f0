//! The check of the WebAssembly modules' sizes, which determine how long a page takes to load.

use crate::web;
use anyhow::{Context, Result, ensure};
use flate2::{Compression, write::GzEncoder};
use std::fs;
use std::io::Write;

/// The largest allowed sizes of the gzipped modules in bytes.
const LIMITS: [(&str, usize); 3] = [("wgslm", 1_500_000), ("wgslm_tokenizers", 700_000), ("wgslm_grammar", 600_000)];

/// Describes the sizes of the built modules; an error if one exceeds its limit.
pub(crate) fn check() -> Result<String> {
    let sizes: Result<Vec<_>> = LIMITS.iter().map(|(module, limit)| check_module(module, *limit)).collect();
    Ok(sizes?.join("; "))
}

fn check_module(module: &str, limit: usize) -> Result<String> {
    let file = web::wasm_file(module);
    let wasm = fs::read(&file)
        .with_context(|| format!("could not read {}: run `cargo xtask build-web` first", file.display()))?;
    let gzipped = gzipped_size(&wasm)?;
    let size = format!("{module}: {} bytes, {gzipped} bytes gzipped (the limit is {limit})", wasm.len());
    ensure!(gzipped <= limit, "{size}: {} bytes over its limit", gzipped - limit);
    Ok(size)
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
