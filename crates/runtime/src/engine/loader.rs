//! Loads an engine from the bytes of a model's files as they arrive.

use wgslm_formats::source::{Event, ModelHeader, Reader, Wanted};
use wgslm_text::JsonReader;

use super::load_times::Clock;
use super::pace::{Later, Pace};
use super::{Engine, EngineOptions, Handle, Inner, MemoryPlan};
use crate::model::select::Tuner;
use crate::model::{Fingerprint, Incoming, Model, ModelSpec, Texts};
use crate::{Device, Error, Result};

/// Bytes written to the device between two flushes.
const FLUSH_BYTES: u64 = 16 << 20;

/// Loads a model from its files, pushed in pieces of any size. Tensors are written to the device as they arrive, so no file is
/// ever whole in memory. Once the headers have been read, everything else that the model needs is built, and its pipelines
/// compile while the weights arrive.
///
/// A single GGUF file is pushed from its start to its end. For a model of several files, begin with [`Self::open`];
/// [`Self::next_file`] names each file to push, as [`Reader::next_file`] does.
pub struct Loader {
    pub(super) device: Device,
    options: EngineOptions,
    pub(super) reader: Reader,
    json_reader: JsonReader,
    /// The model and its header, once that has been read, without its tokenizer.
    described: Option<Box<(ModelSpec, ModelHeader)>>,
    pub(super) begun: Option<Begun>,
    /// Bytes that didn't go to the device as they are.
    pub(super) packed: u64,
    unflushed: u64,
    pub(super) pace: Pace,
    /// Resolves once the device can repack rows.
    pub(super) repacks_compiled: Option<Later<()>>,
}

/// Everything built from the header.
pub(super) struct Begun {
    inner: Inner,
    pub(super) incoming: Incoming,
    pub(super) fingerprint: Fingerprint,
    tuner: Tuner,
    expected_bytes: u64,
}

impl Loader {
    /// A loader of a model in one GGUF file.
    #[must_use]
    pub fn new(device: &Device, options: &EngineOptions) -> Self {
        let mut loader = Self::open(device, "model.gguf", options);
        loader.next_file();
        loader
    }

    /// A loader of the model that begins with the file `entry` (see [`Reader::new`]), which
    /// [`source::entry`](wgslm_formats::source::entry) finds among several. Call [`Self::next_file`] before pushing the first
    /// byte.
    #[must_use]
    pub fn open(device: &Device, entry: &str, options: &EngineOptions) -> Self {
        Self {
            device: device.clone(),
            options: options.clone(),
            reader: Reader::new(entry),
            json_reader: JsonReader::default(),
            described: None,
            begun: None,
            packed: 0,
            unflushed: 0,
            pace: Pace::default(),
            repacks_compiled: None,
        }
    }

    /// Has another reader take a `tokenizer.json`.
    pub fn read_json_with(&mut self, reader: JsonReader) {
        self.json_reader = reader;
    }

    /// The file to push next; `None` when no more are needed.
    pub fn next_file(&mut self) -> Option<Wanted> {
        self.reader.next_file()
    }

    /// True while more bytes of the file are needed.
    #[must_use]
    pub fn reads_on(&self) -> bool {
        self.reader.reads_on()
    }

    /// Ends the file: all of its bytes, or all that are needed, have been pushed.
    ///
    /// # Errors
    /// As [`Reader::end_file`].
    pub fn end_file(&mut self) -> Result<()> {
        Ok(self.reader.end_file()?)
    }

    /// Reports that the file asked for doesn't exist.
    ///
    /// # Errors
    /// As [`Reader::absent`].
    pub fn absent(&mut self) -> Result<()> {
        Ok(self.reader.absent()?)
    }

    /// Bytes pushed so far.
    #[must_use]
    pub fn loaded_bytes(&self) -> u64 {
        self.reader.taken()
    }

    /// Bytes in all files, once their headers have been read.
    #[must_use]
    pub fn expected_bytes(&self) -> Option<u64> {
        self.begun.as_ref().map(|begun| begun.expected_bytes)
    }

    /// Takes the next bytes of the file.
    ///
    /// # Errors
    /// What is wrong with the file, the model or the options, as soon as it shows: see [`Error`](crate::Error). The loader can't
    /// be used after that.
    pub fn push(&mut self, bytes: &[u8]) -> Result<()> {
        let pushed = self.take(bytes);
        pushed.map_err(|error| self.explained(error))
    }

    fn take(&mut self, mut bytes: &[u8]) -> Result<()> {
        while let Some(event) = self.reader.read(&mut bytes)? {
            match event {
                Event::Header(header) => self.begin(header)?,
                Event::Data { tensor, offset, bytes } => {
                    let Some(begun) = &mut self.begun else { continue };
                    begun.fingerprint.data(tensor, offset, &bytes);
                    begun.incoming.data(self.device.gpu(), tensor, offset, &bytes)?;
                    if begun.incoming.is_repacked(tensor) {
                        continue;
                    }
                    self.packed += bytes.len() as u64;
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

    /// The engine, once the last byte has been pushed. Kernel shapes that the device has no tuning for ([`Device::adopt_tuning`])
    /// are measured first, in about a second in a browser and a fifth of that natively.
    ///
    /// # Errors
    /// [`Truncated`](wgslm_formats::Error::Truncated) where the file isn't whole, or what the device reports.
    pub async fn finish(mut self) -> Result<Engine> {
        let (device, options, described) = (self.device.clone(), self.options.clone(), self.described.take());
        let finished = self.complete().await;
        // Everything has been freed by now where that failed.
        finished.map_err(|error| explained(error, (&device, &options), described.as_deref()))
    }

    /// The error that a call or a future of this loader has returned, with a plan of the memory where the device has no room for the model.
    #[must_use]
    pub fn explained(&self, error: Error) -> Error {
        explained(error, (&self.device, &self.options), self.described.as_deref())
    }

    async fn complete(self) -> Result<Engine> {
        self.reader.finish()?;
        let end = || wgslm_formats::Error::Truncated { what: "the header".to_owned(), offset: 0 };
        let Begun { mut inner, incoming, fingerprint, tuner, .. } = self.begun.ok_or_else(end)?;
        incoming.finish();
        inner.fingerprint = fingerprint.finish();
        let gpu = self.device.gpu();
        let mut clock = Clock::start();
        gpu.finished().await?;
        inner.load_times.weights_ms = clock.lap_ms();
        gpu.compiled().await?;
        inner.load_times.pipelines_ms = clock.lap_ms();
        if tuner.run(&self.device).await? {
            inner.rebuild_programs()?;
        }
        inner.load_times.tuning_ms = clock.lap_ms();
        if cfg!(not(target_arch = "wasm32")) {
            inner.programs.touch(gpu);
            inner.kv.touch(gpu);
        }
        gpu.finished().await?;
        inner.load_times.first_use_ms = clock.lap_ms();
        Ok(Engine { inner: Handle::new(inner) })
    }
}

impl Loader {
    /// Builds everything but the weights.
    fn begin(&mut self, mut header: ModelHeader) -> Result<()> {
        let mut clock = Clock::start();
        let (device, options) = (&self.device, &self.options);
        let expected_bytes = header.bytes();
        let fingerprint = Fingerprint::new(&header, options.quantize.as_ref());
        let spec = ModelSpec::from_header(&header)?;
        let texts = Texts::take_from(&self.json_reader, &mut header)?;
        let (spec, header) = &**self.described.insert(Box::new((spec, header)));
        let (weights, parameters, incoming) = Incoming::new(device, (spec, header), options.quantize.as_ref())?;
        // Before the pipelines of the model, which nobody needs yet.
        self.repacks_compiled = Some(Box::pin(device.gpu().compiled_so_far()));
        let mut inner = Inner::new(device, Model::new(spec.clone(), weights, parameters, texts), options)?;
        let tuner = Tuner::new(device, &inner.model)?;
        inner.load_times.build_ms = clock.lap_ms();
        self.begun = Some(Begun { inner, incoming, fingerprint, tuner, expected_bytes });
        Ok(())
    }
}

/// The error, with a plan of the memory where the device has no room for the model.
fn explained(
    error: Error,
    (device, options): (&Device, &EngineOptions),
    described: Option<&(ModelSpec, ModelHeader)>,
) -> Error {
    use wgslm_gpu::Error::{OutOfMemory, TooLarge};
    let (Error::Gpu(cause @ (OutOfMemory { .. } | TooLarge { .. })), Some((spec, header))) = (&error, described) else {
        return error;
    };
    match MemoryPlan::of(device, (spec, header), options) {
        Ok(plan) => Error::NoRoom { cause: cause.clone(), plan: Box::new(plan) },
        Err(_) => error,
    }
}
