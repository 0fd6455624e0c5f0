//! From the bytes of a GGUF file to a model on the device, as they arrive.

use std::collections::HashMap;

use super::tensors::{Fusion, OUTPUT_HEAD, TensorRole, expected_tensors};
use super::weights::{TensorWriter, can_fuse};
use super::{ModelSpec, Weights};
use crate::gguf::{Event, Header, Reader, TensorInfo, floats, supported_types, weight_format};
use crate::gpu::Gpu;
use crate::tokenizer::{ChatTemplate, Tokenizer};
use crate::{Error, Result};

/// Bytes written to the device between two flushes.
const FLUSH_BYTES: u64 = 16 << 20;

/// A model on the device.
pub struct Model {
    /// What it is.
    pub spec: ModelSpec,
    /// Its weights.
    pub weights: Weights,
    /// Weights in the file, counted one by one.
    pub parameters: u64,
    tokenizer: std::result::Result<Tokenizer, String>,
    chat_template: std::result::Result<Option<ChatTemplate>, String>,
}

impl Model {
    /// The model's tokenizer.
    ///
    /// # Errors
    /// [`Error::Tokenizer`] where the file has none that can be used; the model still runs on token ids.
    pub fn tokenizer(&self) -> Result<&Tokenizer> {
        self.tokenizer.as_ref().map_err(|reason| Error::Tokenizer { reason: reason.clone() })
    }

    /// The model's chat template, if it has one.
    ///
    /// # Errors
    /// [`Error::ChatTemplate`] where it has one that can't be used.
    pub fn chat_template(&self) -> Result<Option<&ChatTemplate>> {
        self.chat_template.as_ref().map(Option::as_ref).map_err(|reason| Error::ChatTemplate { reason: reason.clone() })
    }
}

/// Takes a GGUF file in pieces of any size and puts its tensors on the device as they come: the file never lies whole in
/// memory.
pub struct Loader {
    gpu: Gpu,
    reader: Reader,
    begun: Option<Begun>,
    unflushed: u64,
}

/// What a tensor is for, and the larger matrix that it becomes a part of.
type Place = (TensorRole, Option<Fusion>);

/// What is known once the header has been read.
struct Begun {
    model: Model,
    tensors: Vec<TensorInfo>,
    places: HashMap<String, Place>,
    expected_bytes: u64,
    current: Option<TensorWriter>,
}

impl Loader {
    /// A loader that puts the model on `gpu`.
    #[must_use]
    pub fn new(gpu: &Gpu) -> Self {
        Self { gpu: gpu.clone(), reader: Reader::new(), begun: None, unflushed: 0 }
    }

    /// Bytes taken so far.
    #[must_use]
    pub fn loaded_bytes(&self) -> u64 {
        self.reader.position()
    }

    /// The file's size, once its header has been read.
    #[must_use]
    pub fn expected_bytes(&self) -> Option<u64> {
        self.begun.as_ref().map(|begun| begun.expected_bytes)
    }

    /// Takes the next bytes of the file.
    ///
    /// # Errors
    /// What is wrong with the file or the model, as soon as it shows: see [`Error`]. The loader is then of no more use.
    pub fn push(&mut self, mut bytes: &[u8]) -> Result<()> {
        while let Some(event) = self.reader.read(&mut bytes)? {
            match event {
                Event::Header(header) => self.begun = Some(Begun::new(&self.gpu, header)?),
                Event::Data { tensor, offset, bytes } => {
                    let Some(begun) = &mut self.begun else { continue };
                    begun.data(&self.gpu, tensor, offset, bytes)?;
                    self.unflushed += bytes.len() as u64;
                    if self.unflushed >= FLUSH_BYTES {
                        self.gpu.flush();
                        self.unflushed = 0;
                    }
                }
            }
        }
        self.gpu.check()
    }

    /// The model, once the last byte has been taken.
    ///
    /// # Errors
    /// [`Error::Truncated`] where the file isn't whole, or what the device reports.
    pub fn finish(self) -> Result<Model> {
        self.reader.finish()?;
        self.gpu.flush();
        self.gpu.check()?;
        let end = || Error::Truncated { what: "the header".to_owned(), offset: 0 };
        self.begun.map(|begun| begun.model).ok_or_else(end)
    }
}

impl Begun {
    fn new(gpu: &Gpu, header: Header) -> Result<Self> {
        let expected_bytes = header.file_len();
        let mut metadata = header.metadata;
        let mut spec = ModelSpec::from_metadata(&metadata)?;
        spec.tied_head = !header.tensors.iter().any(|tensor| tensor.name == OUTPUT_HEAD);
        let places = check_tensors(gpu, &spec, &header.tensors)?;
        let tokenizer = Tokenizer::from_metadata(&mut metadata).map_err(|error| reason(&error));
        let chat_template = match &tokenizer {
            Ok(tokenizer) => ChatTemplate::from_metadata(&metadata, tokenizer).map_err(|error| reason(&error)),
            Err(reason) => Err(reason.clone()),
        };
        let parameters = header.tensors.iter().map(|tensor| tensor.shape.iter().product::<u64>()).sum();
        let model = Model { spec, weights: Weights::default(), parameters, tokenizer, chat_template };
        Ok(Self { model, tensors: header.tensors, places, expected_bytes, current: None })
    }

    fn data(&mut self, gpu: &Gpu, tensor: usize, offset: u64, bytes: &[u8]) -> Result<()> {
        let info = &self.tensors[tensor];
        if offset == 0 {
            self.current = match self.places.get(&info.name) {
                Some((role, fusion)) => Some(self.model.weights.begin(gpu, (*role, fusion.as_ref()), info)?),
                None => None,
            };
        }
        if let Some(writer) = &mut self.current {
            writer.push(gpu, bytes);
        }
        if offset + bytes.len() as u64 == info.bytes
            && let Some(writer) = self.current.take()
        {
            writer.finish(gpu);
        }
        Ok(())
    }
}

/// The text of an error without the name of its kind, which is added again when it's given out.
fn reason(error: &Error) -> String {
    match error {
        Error::Tokenizer { reason } | Error::ChatTemplate { reason } => reason.clone(),
        other => other.to_string(),
    }
}

/// Holds the file's directory against what the spec needs, before any weight arrives.
fn check_tensors(gpu: &Gpu, spec: &ModelSpec, tensors: &[TensorInfo]) -> Result<HashMap<String, Place>> {
    let found: HashMap<_, _> = tensors.iter().map(|tensor| (tensor.name.as_str(), tensor)).collect();
    let mut places = HashMap::new();
    let mut fusions: HashMap<String, Vec<&TensorInfo>> = HashMap::new();
    let mut candidates = Vec::new();
    for tensor in expected_tensors(spec) {
        let info = found.get(tensor.name.as_str());
        let info = info.ok_or_else(|| Error::MissingTensor { tensor: tensor.name.clone() })?;
        if info.shape != tensor.shape {
            return Err(Error::TensorShape { tensor: tensor.name, found: info.shape.clone(), expected: tensor.shape });
        }
        let runs = match tensor.role {
            TensorRole::Matrix => weight_format(info.kind).is_some(),
            TensorRole::Vector => floats(info.kind, &[]).is_some(),
        };
        if !runs {
            return Err(Error::UnsupportedTensorType {
                tensor: tensor.name,
                kind: info.kind.name().to_owned(),
                supported: supported_types(),
            });
        }
        for fusion in &tensor.fusions {
            fusions.entry(fusion.name.clone()).or_default().push(info);
        }
        candidates.push((tensor.name.clone(), tensor.fusions));
        places.insert(tensor.name, (tensor.role, None));
    }
    // A tensor that goes unused would change the model's answers without a word.
    let unused = tensors.iter().find(|tensor| !places.contains_key(&tensor.name));
    if let Some(tensor) = unused {
        return Err(Error::UnexpectedTensor { tensor: tensor.name.clone(), architecture: spec.architecture.clone() });
    }
    let fuses = |fusion: &Fusion| {
        let parts = fusions.get(&fusion.name).map(Vec::as_slice).unwrap_or_default();
        let sizes: Vec<_> = parts.iter().map(|part| (part.kind, part.shape[1])).collect();
        parts.first().is_some_and(|first| can_fuse(gpu, first.shape[0], &sizes))
    };
    for (name, candidates) in candidates {
        let fusion = candidates.into_iter().find(fuses);
        places.entry(name).and_modify(|place| place.1 = fusion);
    }
    Ok(places)
}
