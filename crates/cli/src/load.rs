//! Loads a model's files into an engine, or only their header, with a progress bar on a terminal.

use std::fs::File;
use std::io::{ErrorKind, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use wgslm::engine::{Engine, EngineOptions, Loader};
use wgslm::formats::source::{self, Event, ModelHeader, Reader, Wanted};
use wgslm::{Device, DeviceOptions};

use crate::arguments::{ModelArguments, RoomOptions};
use crate::error::{Error, Result};
use crate::{environment, tuning};

/// Bytes read from a file at a time; the unit in which the loader gets them.
const PIECE: usize = 1 << 20;
/// The most pieces read ahead of the loader.
const PIECES_AHEAD: usize = 4;

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

    /// Opens the wanted file at the wanted offset; `None` if it doesn't exist.
    fn file(&self, wanted: &Wanted) -> Result<Option<(PathBuf, File)>> {
        let path = if wanted.file == self.entry { self.first.clone() } else { self.folder.join(&wanted.file) };
        let mut file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::file(&path)(error)),
        };
        file.seek(SeekFrom::Start(wanted.offset)).map_err(Error::file(&path))?;
        Ok(Some((path, file)))
    }
}

/// Loads a model into an engine; also returns the duration in ms.
pub(crate) async fn engine(arguments: &ModelArguments, room: RoomOptions) -> Result<(Engine, f64)> {
    let began = Instant::now();
    // A missing file is reported before a device is opened.
    Place::of(&arguments.model)?;
    // An empty `WGSLM_DEVICE` is no choice; as a part of a name it would match every device.
    let device = arguments.device.clone().filter(|device| !device.is_empty());
    let options = DeviceOptions { device, ..environment::device_options()? };
    let device = Device::open(&options).await?;
    tuning::recall(&device);
    let options = EngineOptions {
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
    };
    let engine = on(&device, &arguments.model, &options).await?;
    tuning::keep(&device);
    Ok((engine, began.elapsed().as_secs_f64() * 1e3))
}

/// Loads a model into an engine on a device that is open.
pub(crate) async fn on(device: &Device, path: &Path, options: &EngineOptions) -> Result<Engine> {
    let place = Place::of(path)?;
    let bar = progress_bar("loading", BYTES, None);
    let mut loader = Loader::open(device, &place.entry, options);
    while let Some(wanted) = loader.next_file() {
        let Some((path, file)) = place.file(&wanted)? else {
            loader.absent()?;
            continue;
        };
        pieces(file, &path, |piece| {
            pollster::block_on(loader.push_paced(piece)?)?;
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
    Ok(engine)
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
        pieces(file, &path, |mut piece| {
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

/// Reads a file in pieces, on a thread that reads ahead, until `take` returns false.
pub(crate) fn pieces(mut file: File, path: &Path, mut take: impl FnMut(&[u8]) -> Result<bool>) -> Result<()> {
    let (sender, receiver) = mpsc::sync_channel(PIECES_AHEAD);
    thread::spawn(move || {
        loop {
            let mut piece = Vec::with_capacity(PIECE);
            let read = file.by_ref().take(PIECE as u64).read_to_end(&mut piece);
            let ended = read.as_ref().map_or(true, |length| *length == 0);
            // Sending fails once `take` has returned false.
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
