//! Loads a model's files into an engine, or only their header, with a progress bar on a terminal.

use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Instant;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use wgslm::engine::{Engine, EngineOptions, LoadTimes, Loader};
use wgslm::formats::source::{self, Event, ModelHeader, Reader, Wanted};
use wgslm::{Device, DeviceOptions};

use crate::arguments::{ModelArguments, RoomOptions};
use crate::error::{Error, Result};
use crate::read_ahead::pieces;
use crate::{environment, tuning};

/// The times of a load's phases in ms: those of the caller beside those that the engine took.
#[derive(Clone, Copy, Default, Serialize)]
pub(crate) struct LoadReport {
    /// The whole load.
    #[serde(skip)]
    pub(crate) load_ms: f64,
    /// Opening the device, with its self-check.
    device_ms: f64,
    /// Waiting for bytes of files.
    read_ms: f64,
    build_ms: f64,
    /// Packing and uploading the bytes, as far as the device didn't do it later.
    upload_ms: f64,
    weights_ms: f64,
    pipelines_ms: f64,
    tuning_ms: f64,
    first_use_ms: f64,
}

impl LoadReport {
    /// The phases by name, in their order.
    pub(crate) fn phases(&self) -> [(&'static str, f64); 8] {
        [
            ("device", self.device_ms),
            ("reading", self.read_ms),
            ("building", self.build_ms),
            ("uploading", self.upload_ms),
            ("weights", self.weights_ms),
            ("pipelines", self.pipelines_ms),
            ("tuning", self.tuning_ms),
            ("first use", self.first_use_ms),
        ]
    }
}

/// The folder of a model's files, and the file to read first.
struct Place {
    folder: PathBuf,
    entry: String,
    /// The path of the file `entry`, kept because a path need not be valid UTF-8.
    first: PathBuf,
}

impl Place {
    /// Finds the model at `path`: a file, or a folder with the files of one model.
    fn of(path: &Path) -> Result<Self> {
        if !path.metadata().map_err(Error::file(path))?.is_dir() {
            File::open(path).map_err(Error::file(path))?;
            let folder = path.parent().map(Path::to_owned).unwrap_or_default();
            let entry = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            return Ok(Self { folder, entry, first: path.to_owned() });
        }
        let mut names = Vec::new();
        for entry in path.read_dir().map_err(Error::file(path))? {
            let entry = entry.map_err(Error::file(path))?;
            if !entry.path().is_dir() {
                names.extend(entry.file_name().into_string());
            }
        }
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let entry =
            source::entry(&names).map_err(|source| Error::Folder { path: path.to_owned(), source: source.into() })?;
        Ok(Self { folder: path.to_owned(), entry: entry.to_owned(), first: path.join(entry) })
    }

    /// Opens the wanted file; `None` if it doesn't exist.
    fn file(&self, wanted: &Wanted) -> Result<Option<(PathBuf, File)>> {
        let path = if wanted.file == self.entry { self.first.clone() } else { self.folder.join(&wanted.file) };
        match File::open(&path) {
            Ok(file) => Ok(Some((path, file))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::file(&path)(error)),
        }
    }
}

/// Loads a model into an engine; also returns the times that it took.
pub(crate) async fn engine(arguments: &ModelArguments, room: RoomOptions) -> Result<(Engine, LoadReport)> {
    engine_with(arguments, &options(arguments, room)).await
}

/// Loads a model into an engine with these options.
pub(crate) async fn engine_with(arguments: &ModelArguments, options: &EngineOptions) -> Result<(Engine, LoadReport)> {
    let began = Instant::now();
    // A missing file is reported before a device is opened.
    Place::of(&arguments.model)?;
    let device = device(arguments).await?;
    tuning::recall(&device);
    let device_ms = ms_since(began);
    let (engine, report) = timed(&device, &arguments.model, options).await?;
    tuning::keep(&device);
    Ok((engine, LoadReport { load_ms: ms_since(began), device_ms, ..report }))
}

/// Opens the device that is asked for.
pub(crate) async fn device(arguments: &ModelArguments) -> Result<Device> {
    // An empty `WGSLM_DEVICE` is no choice; as a part of a name it would match every device.
    let device = arguments.device.clone().filter(|device| !device.is_empty());
    Ok(Device::open(&DeviceOptions { device, ..environment::device_options()? }).await?)
}

/// The engine's options that are asked for.
pub(crate) fn options(arguments: &ModelArguments, room: RoomOptions) -> EngineOptions {
    EngineOptions {
        context_length: arguments.context,
        activations: arguments.activations.kind,
        quantize: arguments.quantize.policy(),
        kv_format: arguments.kv.format,
        slots: room.slots,
        // Requests wait until the driver gives them their slots: all of them, where they come at once.
        queue: room.slots,
        kv_tokens: room.kv_tokens,
        prefix_cache: Some(!room.no_prefix_cache),
        ..EngineOptions::default()
    }
}

fn ms_since(began: Instant) -> f64 {
    began.elapsed().as_secs_f64() * 1e3
}

/// Loads a model into an engine on a device that is open.
pub(crate) async fn on(device: &Device, path: &Path, options: &EngineOptions) -> Result<Engine> {
    Ok(timed(device, path, options).await?.0)
}

async fn timed(device: &Device, path: &Path, options: &EngineOptions) -> Result<(Engine, LoadReport)> {
    let (mut read_ms, mut push_ms, mut waiting_since) = (0.0, 0.0, Instant::now());
    let place = Place::of(path)?;
    let bar = progress_bar("loading", BYTES, None);
    let mut loader = Loader::open(device, &place.entry, options);
    while let Some(wanted) = loader.next_file() {
        let Some((path, file)) = place.file(&wanted)? else {
            loader.absent()?;
            continue;
        };
        pieces(file, &path, wanted.offset, |piece| {
            read_ms += ms_since(waiting_since);
            let began = Instant::now();
            pollster::block_on(loader.push_paced(piece)?)?;
            push_ms += ms_since(began);
            waiting_since = Instant::now();
            if let Some(bytes) = loader.expected_bytes() {
                bar.set_length(bytes);
            }
            bar.set_position(loader.loaded_bytes());
            Ok(loader.reads_on())
        })?;
        loader.end_file()?;
    }
    let engine = loader.finish().await?;
    bar.finish_and_clear();
    let LoadTimes { build_ms, weights_ms, pipelines_ms, tuning_ms, first_use_ms } = engine.load_times();
    let report = LoadReport {
        read_ms,
        build_ms,
        upload_ms: push_ms - build_ms,
        weights_ms,
        pipelines_ms,
        tuning_ms,
        first_use_ms,
        ..LoadReport::default()
    };
    Ok((engine, report))
}

/// Reads the header of a model's files, without their tensors.
pub(crate) fn header(path: &Path) -> Result<ModelHeader> {
    let place = Place::of(path)?;
    let mut reader = Reader::new(&place.entry);
    let mut header = None;
    while let Some(wanted) = reader.next_file() {
        let Some((path, file)) = place.file(&wanted)? else {
            reader.absent()?;
            continue;
        };
        pieces(file, &path, wanted.offset, |mut piece| {
            while let Some(event) = reader.read(&mut piece)? {
                if let Event::Header(found) = event {
                    header = Some(found);
                    return Ok(false);
                }
            }
            Ok(reader.reads_on())
        })?;
        if let Some(header) = header {
            return Ok(header);
        }
        reader.end_file()?;
    }
    Err(wgslm::formats::Error::Truncated { what: "the header".to_owned(), offset: 0 }.into())
}

/// The figures of a [`progress_bar`] that counts bytes.
pub(crate) const BYTES: &str = "{bytes}/{total_bytes} {bytes_per_sec}";

/// A progress bar on stderr, hidden unless that is a terminal; `figures` is a template of [`ProgressStyle`].
pub(crate) fn progress_bar(what: &'static str, figures: &str, length: Option<u64>) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(length, ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template(&format!("{{msg}} {{bar:40}} {figures}")) {
        bar.set_style(style);
    }
    bar.with_message(what)
}
