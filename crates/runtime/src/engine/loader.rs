//! From the bytes of a model's files to an engine, as they arrive.

use std::sync::Arc;

use wgslm_formats::source::{Event, ModelHeader, Reader, Wanted};

use super::pace::Pace;
use super::{Engine, EngineOptions, Inner};
use crate::Device;
use crate::Result;
use crate::model::Incoming;
use crate::model::select::Tuner;

/// Bytes written to the device between two flushes.
const FLUSH_BYTES: u64 = 16 << 20;

/// Takes a model's files in pieces of any size and puts its tensors on the device as they come: no file lies whole in memory.
/// Once the headers are there, everything else that a model needs is made, and its pipelines compile while the weights arrive.
///
/// A single GGUF file is pushed from its start to its end. For models of several files, [`Self::open`] and [`Self::next_file`]
/// say what is wanted, as [`Reader`] does.
pub struct Loader {
    pub(super) device: Device,
    options: EngineOptions,
    reader: Reader,
    begun: Option<Begun>,
    unflushed: u64,
    pub(super) pace: Pace,
}

/// What is there once the header has been read.
struct Begun {
    inner: Inner,
    incoming: Incoming,
    tuner: Tuner,
    expected_bytes: u64,
}

impl Loader {
    /// A loader that puts a model of one GGUF file on `device`.
    #[must_use]
    pub fn new(device: &Device, options: &EngineOptions) -> Self {
        let mut loader = Self::open(device, "model.gguf", options);
        loader.next_file();
        loader
    }

    /// A loader for the model that begins with the file `entry` (see [`Reader::new`]); [`source::entry`](wgslm_formats::source::entry)
    /// finds it among several. [`Self::next_file`] comes before the first byte.
    #[must_use]
    pub fn open(device: &Device, entry: &str, options: &EngineOptions) -> Self {
        Self {
            device: device.clone(),
            options: options.clone(),
            reader: Reader::new(entry),
            begun: None,
            unflushed: 0,
            pace: Pace::default(),
        }
    }

    /// The file that is wanted next, as [`Reader::next_file`].
    pub fn next_file(&mut self) -> Option<Wanted> {
        self.reader.next_file()
    }

    /// Whether more of the file is wanted.
    #[must_use]
    pub fn reads_on(&self) -> bool {
        self.reader.reads_on()
    }

    /// The file is not read any further.
    ///
    /// # Errors
    /// As [`Reader::end_file`].
    pub fn end_file(&mut self) -> Result<()> {
        Ok(self.reader.end_file()?)
    }

    /// There is no such file.
    ///
    /// # Errors
    /// As [`Reader::absent`].
    pub fn absent(&mut self) -> Result<()> {
        Ok(self.reader.absent()?)
    }

    /// Bytes taken so far.
    #[must_use]
    pub fn loaded_bytes(&self) -> u64 {
        self.reader.taken()
    }

    /// The size of all files, once their headers have been read.
    #[must_use]
    pub fn expected_bytes(&self) -> Option<u64> {
        self.begun.as_ref().map(|begun| begun.expected_bytes)
    }

    /// Takes the next bytes of the file.
    ///
    /// # Errors
    /// What is wrong with the file, the model or the options, as soon as it shows: see [`Error`](crate::Error). The loader is then of no more
    /// use.
    pub fn push(&mut self, mut bytes: &[u8]) -> Result<()> {
        while let Some(event) = self.reader.read(&mut bytes)? {
            match event {
                Event::Header(header) => self.begun = Some(Begun::new(&self.device, header, &self.options)?),
                Event::Data { tensor, offset, bytes } => {
                    let Some(begun) = &mut self.begun else { continue };
                    begun.incoming.data(self.device.gpu(), tensor, offset, &bytes)?;
                    self.unflushed += bytes.len() as u64;
                    if self.unflushed >= FLUSH_BYTES {
                        self.device.gpu().flush();
                        self.unflushed = 0;
                    }
                }
            }
        }
        Ok(self.device.gpu().check()?)
    }

    /// The engine, once the last byte has been taken. Where the device has no choice of kernels for the model's matrices yet
    /// ([`Device::adopt_tuning`]), it is measured now, in about a second in a browser and a fifth of that natively.
    ///
    /// # Errors
    /// [`Truncated`](wgslm_formats::Error::Truncated) where the file isn't whole, or what the device reports.
    pub async fn finish(self) -> Result<Engine> {
        self.reader.finish()?;
        let end = || wgslm_formats::Error::Truncated { what: "the header".to_owned(), offset: 0 };
        let Begun { mut inner, tuner, .. } = self.begun.ok_or_else(end)?;
        let gpu = self.device.gpu();
        gpu.compiled().await?;
        gpu.finished().await?;
        if tuner.run(&self.device).await? {
            inner.rebuild_programs()?;
        }
        if cfg!(not(target_arch = "wasm32")) {
            inner.programs.touch(gpu);
        }
        gpu.finished().await?;
        Ok(Engine { inner: Arc::new(inner) })
    }
}

impl Begun {
    fn new(device: &Device, header: ModelHeader, options: &EngineOptions) -> Result<Self> {
        let expected_bytes = header.bytes();
        let (model, incoming) = Incoming::new(device, header, options.quantize.as_ref())?;
        let inner = Inner::new(device, model, options)?;
        let tuner = Tuner::new(device, &inner.model)?;
        Ok(Self { inner, incoming, tuner, expected_bytes })
    }
}
