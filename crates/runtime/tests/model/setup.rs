//! Helpers to load and run models, shared by these tests.

use std::fs;
use std::path::Path;

use wgslm::Device;
use wgslm::Result;
use wgslm::engine::{Engine, EngineOptions, GenerateOptions, Generation, GenerationEvent, Loader, Summary};
use wgslm_testing::random::Random;

/// Loads a model in pieces of `piece` bytes.
pub(crate) fn load_bytes(device: &Device, bytes: &[u8], piece: usize, options: &EngineOptions) -> Result<Engine> {
    let mut loader = Loader::new(device, options);
    for piece in bytes.chunks(piece) {
        loader.push(piece)?;
    }
    pollster::block_on(loader.finish())
}

/// Loads a model of several files; `find` returns a file's contents, or `None` if there is no such file.
pub(crate) fn load_files(
    device: &Device,
    entry: &str,
    (piece, options): (usize, &EngineOptions),
    find: impl Fn(&str) -> Option<Vec<u8>>,
) -> Result<Engine> {
    let mut loader = Loader::open(device, entry, options);
    while let Some(wanted) = loader.next_file() {
        let Some(bytes) = find(&wanted.file) else {
            loader.absent()?;
            continue;
        };
        for piece in bytes[wanted.offset as usize..].chunks(piece) {
            loader.push(piece)?;
            if !loader.reads_on() {
                break;
            }
        }
        loader.end_file()?;
        if let Some(expected) = loader.expected_bytes() {
            assert!(loader.loaded_bytes() <= expected + 32, "{} of {expected}", loader.loaded_bytes());
        }
    }
    pollster::block_on(loader.finish())
}

/// Loads a model from a file.
pub(crate) fn load_file(device: &Device, path: &Path, options: &EngineOptions) -> Result<Engine> {
    let bytes = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    load_bytes(device, &bytes, 1 << 20, options)
}

/// Loads a model from a file, and panics on errors.
pub(crate) fn engine(device: &Device, path: &Path, options: &EngineOptions) -> Engine {
    load_file(device, path, options).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The logits at every position, `[tokens, vocabulary]`.
pub(crate) fn logits(engine: &Engine, tokens: &[u32]) -> Vec<f32> {
    logits_from(engine, tokens, 0).expect("the model runs")
}

/// The logits at every position from `first` on.
pub(crate) fn logits_from(engine: &Engine, tokens: &[u32], first: usize) -> Result<Vec<f32>> {
    let mut all = Vec::new();
    pollster::block_on(engine.logits_from(tokens, first, |position, row| {
        assert_eq!(all.len(), (position - first) * row.len(), "positions come in order");
        all.extend_from_slice(row);
        Ok(())
    }))?;
    Ok(all)
}

/// Runs a generation to its end and returns its tokens, their text and the summary.
pub(crate) fn generate(
    engine: &Engine,
    prompt: &[u32],
    options: GenerateOptions,
) -> Result<(Vec<u32>, String, Summary)> {
    finish(&mut engine.generate(prompt, options)?)
}

/// Waits for the end of a generation and returns its tokens, their text and the summary.
pub(crate) fn finish(generation: &mut Generation) -> Result<(Vec<u32>, String, Summary)> {
    let (mut tokens, mut text) = (Vec::new(), String::new());
    loop {
        match pollster::block_on(generation.next())? {
            Some(GenerationEvent::Token { token, text: piece, .. }) => {
                tokens.push(token);
                text += &piece;
            }
            Some(GenerationEvent::Finished(summary)) => {
                assert_eq!(pollster::block_on(generation.next())?, None, "nothing follows the summary");
                assert_eq!(summary.tokens, tokens.len());
                return Ok((tokens, text, summary));
            }
            None => panic!("the summary comes before the end"),
        }
    }
}

/// The next token of a generation; `None` at its end.
pub(crate) fn next_token(generation: &mut Generation) -> Option<u32> {
    match pollster::block_on(generation.next()).expect("it runs") {
        Some(GenerationEvent::Token { token, .. }) => Some(token),
        _ => None,
    }
}

/// Tokens of a prompt, different for every seed.
pub(crate) fn prompt(seed: u64, length: usize, vocabulary: u32) -> Vec<u32> {
    let mut random = Random::new(seed);
    (0..length).map(|_| random.below(vocabulary as usize) as u32).collect()
}

/// The error `rms(values - golden) / standard deviation of golden`.
pub(crate) fn normalised_error(values: &[f32], golden: &[f32]) -> f64 {
    assert_eq!(values.len(), golden.len());
    let count = golden.len() as f64;
    let mean = golden.iter().map(|value| f64::from(*value)).sum::<f64>() / count;
    let variance = golden.iter().map(|value| (f64::from(*value) - mean).powi(2)).sum::<f64>() / count;
    let error = values.iter().zip(golden).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>() / count;
    (error / variance).sqrt()
}

/// Reads the float32 values of a .npy file.
pub(crate) fn npy(path: &Path) -> Vec<f32> {
    let bytes = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let header = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    assert!(String::from_utf8_lossy(&bytes[10..10 + header]).contains("'<f4'"), "{}", path.display());
    bytes[10 + header..]
        .chunks_exact(4)
        .map(|chunk| f32::from_le_bytes(chunk.try_into().expect("four bytes")))
        .collect()
}

pub(crate) fn argmax(row: &[f32]) -> u32 {
    let best = row.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1));
    best.map_or(0, |(token, _)| token as u32)
}
