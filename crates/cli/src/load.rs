//! From a file to an engine or to its header, with a progress bar where somebody watches.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use wgslm::engine::{Engine, EngineOptions, Loader};
use wgslm::gguf::{Event, Header, Reader};
use wgslm::gpu::{Gpu, GpuOptions};

use crate::arguments::ModelArguments;
use crate::error::{Error, Result};
use crate::tuning;

/// Bytes read from a file at a time.
const PIECE: usize = 1 << 20;
/// Pieces that wait to be taken.
const PIECES_AHEAD: usize = 4;

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
    tuning::recall(&gpu);
    let options = EngineOptions {
        context_length: arguments.context,
        activations: arguments.activations,
        quantize: arguments.quantize.policy(),
        ..EngineOptions::default()
    };
    let bar = progress_bar("loading", length);
    let mut loader = Loader::new(&gpu, &options);
    pieces(file, path, |piece| {
        loader.push(piece)?;
        bar.set_position(loader.loaded_bytes());
        Ok(true)
    })?;
    let engine = loader.finish().await?;
    tuning::keep(&gpu);
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

/// Reads a file in pieces until `take` has enough; a thread reads ahead of what is taken.
pub(crate) fn pieces(mut file: File, path: &Path, mut take: impl FnMut(&[u8]) -> Result<bool>) -> Result<()> {
    let (sender, receiver) = mpsc::sync_channel(PIECES_AHEAD);
    thread::spawn(move || {
        loop {
            let mut piece = Vec::with_capacity(PIECE);
            let read = file.by_ref().take(PIECE as u64).read_to_end(&mut piece);
            let ended = read.as_ref().map_or(true, |length| *length == 0);
            // Nobody receives any more once there is enough.
            if sender.send(read.map(|_| piece)).is_err() || ended {
                break;
            }
        }
    });
    for piece in receiver {
        let piece = piece.map_err(Error::file(path))?;
        if piece.is_empty() || !take(&piece)? {
            break;
        }
    }
    Ok(())
}

/// Draws on stderr, and only if that is a terminal.
pub(crate) fn progress_bar(what: &'static str, length: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("{msg} {bar:40} {bytes}/{total_bytes} {bytes_per_sec}") {
        bar.set_style(style);
    }
    bar.with_message(what)
}
