//! From a file to an engine or to its header, with a progress bar where somebody watches.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::time::Instant;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use wgslm::engine::{Engine, EngineOptions};
use wgslm::gguf::{Event, Header, Reader};
use wgslm::gpu::{Gpu, GpuOptions};
use wgslm::model::Loader;

use crate::arguments::ModelArguments;
use crate::error::{Error, Result};
use crate::tuning;

/// Bytes read from a file at a time.
const PIECE: usize = 1 << 20;

/// A model ready to run, and the ms it took.
pub(crate) async fn engine(arguments: &ModelArguments) -> Result<(Engine, f64)> {
    let began = Instant::now();
    let path = arguments.model.as_path();
    // A file that isn't there should be told before a device is opened for it.
    let file = File::open(path).map_err(Error::file(path))?;
    let length = file.metadata().map_err(Error::file(path))?.len();
    // An empty `WGSLM_DEVICE` asks for nothing; as a part of a name it would be in every one.
    let device = arguments.device.clone().filter(|device| !device.is_empty());
    let options = GpuOptions { device, ..GpuOptions::from_env()? };
    let gpu = Gpu::request(&options).await?;
    let bar = progress_bar(length);
    let mut loader = Loader::new(&gpu);
    pieces(file, path, |piece| {
        loader.push(piece)?;
        bar.set_position(loader.loaded_bytes());
        Ok(true)
    })?;
    let model = loader.finish()?;
    tuning::recall(&gpu);
    model.tune(&gpu).await?;
    tuning::keep(&gpu);
    let options = EngineOptions {
        context_length: arguments.context,
        activations: arguments.activations,
        ..EngineOptions::default()
    };
    let engine = Engine::new(&gpu, model, &options)?;
    gpu.finished().await?;
    bar.finish_and_clear();
    Ok((engine, began.elapsed().as_secs_f64() * 1e3))
}

/// What a file says of itself; its tensors aren't read.
pub(crate) fn header(path: &Path) -> Result<Header> {
    let mut reader = Reader::new();
    let mut header = None;
    let file = File::open(path).map_err(Error::file(path))?;
    pieces(file, path, |mut piece| {
        while let Some(event) = reader.read(&mut piece)? {
            if let Event::Header(found) = event {
                header = Some(found);
                return Ok(false);
            }
        }
        Ok(true)
    })?;
    match header {
        Some(header) => Ok(header),
        // Without a header the reader knows where the file ended.
        None => {
            reader.finish()?;
            Err(wgslm::Error::Truncated { what: "the header".to_owned(), offset: 0 }.into())
        }
    }
}

/// Reads a file in pieces until `take` has enough.
fn pieces(mut file: File, path: &Path, mut take: impl FnMut(&[u8]) -> Result<bool>) -> Result<()> {
    let mut piece = vec![0; PIECE];
    loop {
        let length = file.read(&mut piece).map_err(Error::file(path))?;
        if length == 0 || !take(&piece[..length])? {
            return Ok(());
        }
    }
}

/// Draws on stderr, and only if that is a terminal.
fn progress_bar(length: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("loading {bar:40} {bytes}/{total_bytes} {bytes_per_sec}") {
        bar.set_style(style);
    }
    bar
}
