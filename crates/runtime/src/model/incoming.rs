//! From a model's header to a model whose weights are on their way.

use std::collections::HashMap;

use super::tensors::{Fusion, OUTPUT_HEAD, TensorRole, expected_tensors};
use super::weights::{TensorWriter, can_fuse};
use super::{Model, ModelSpec, Weights};
use crate::gguf::{TensorInfo, floats, supported_types, weight_format};
use crate::gpu::Gpu;
use crate::source::ModelHeader;
use crate::{Error, Result};

/// Takes the bytes of a model's tensors as they arrive.
pub(crate) struct Incoming {
    /// In the order of the header.
    tensors: Vec<IncomingTensor>,
}

/// A tensor on its way.
struct IncomingTensor {
    row_bytes: u64,
    /// Where the bytes that came last end.
    end: u64,
    /// Bytes that are to come.
    left: u64,
    /// What takes them until the last has come.
    writer: Option<TensorWriter>,
}

/// What a tensor is for, and the larger matrix that it becomes a part of.
type Place = (TensorRole, Option<Fusion>);

impl Incoming {
    /// The model that `header` announces, with room on the device for all its weights.
    ///
    /// # Errors
    /// Why it can't be run: see [`Error`].
    pub(crate) fn new(gpu: &Gpu, mut header: ModelHeader) -> Result<(Model, Self)> {
        let mut spec = ModelSpec::from_metadata(&header.metadata)?;
        spec.tied_head = !header.tensors.iter().any(|tensor| tensor.name == OUTPUT_HEAD);
        let places = check_tensors(gpu, &spec, &header.tensors)?;
        let tokenizer = header.take_tokenizer().map_err(|error| reason(&error));
        let chat_template = match &tokenizer {
            Ok(tokenizer) => header.chat_template(tokenizer).map_err(|error| reason(&error)),
            Err(reason) => Err(reason.clone()),
        };
        let parameters = header.tensors.iter().map(|tensor| tensor.shape.iter().product::<u64>()).sum();
        let mut weights = Weights::default();
        let writer = |info: &TensorInfo| {
            let place = places.get(&info.name);
            let writer = place.map(|(role, fusion)| weights.begin(gpu, (*role, fusion.as_ref()), info));
            let writer = writer.transpose()?;
            Ok(IncomingTensor { row_bytes: info.row_bytes(), end: 0, left: info.bytes, writer })
        };
        let tensors = header.tensors.iter().map(writer).collect::<Result<_>>()?;
        Ok((Model { spec, weights, parameters, tokenizer, chat_template }, Self { tensors }))
    }

    /// Takes bytes of a tensor that lie at `offset` in it. Each byte comes once; where they don't follow those that came last, both
    /// begin and end with rows.
    ///
    /// # Errors
    /// [`Error::ScatteredRows`].
    pub(crate) fn data(&mut self, gpu: &Gpu, tensor: usize, offset: u64, bytes: &[u8]) -> Result<()> {
        let Some(incoming) = self.tensors.get_mut(tensor) else { return Ok(()) };
        let Some(writer) = &mut incoming.writer else { return Ok(()) };
        if offset != incoming.end {
            writer.seek(gpu, (offset / incoming.row_bytes.max(1)) as usize)?;
        }
        writer.push(gpu, bytes);
        incoming.end = offset + bytes.len() as u64;
        incoming.left = incoming.left.saturating_sub(bytes.len() as u64);
        if incoming.left == 0
            && let Some(writer) = incoming.writer.take()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gguf::TensorType;
    use crate::gpu::{GpuOptions, ReadbackRing};

    const ROWS: u64 = 96;

    /// The bytes on the device of a matrix of F16 whose parts, from a row up to another, arrive in this order.
    fn arrived(gpu: &Gpu, parts: &[(u64, u64)]) -> Result<Vec<u8>> {
        let row_bytes = 64 * 2;
        let bytes: Vec<u8> = (0..ROWS * row_bytes).map(|place| (place * 7 % 251) as u8).collect();
        let info = TensorInfo {
            name: "experts".to_owned(),
            kind: TensorType::F16,
            shape: vec![64, ROWS],
            offset: 0,
            bytes: bytes.len() as u64,
        };
        let mut weights = Weights::default();
        let writer = weights.begin(gpu, (TensorRole::Matrix, None), &info)?;
        let tensor = IncomingTensor { row_bytes, end: 0, left: info.bytes, writer: Some(writer) };
        let mut incoming = Incoming { tensors: vec![tensor] };
        for (first, end) in parts {
            let part = &bytes[(first * row_bytes) as usize..(end * row_bytes) as usize];
            for (index, piece) in part.chunks(1000).enumerate() {
                incoming.data(gpu, 0, first * row_bytes + index as u64 * 1000, piece)?;
            }
        }
        assert!(incoming.tensors[0].writer.is_none(), "all of it has come");
        let codes = &weights.matrix("experts")?.parts[0].codes;
        let mut ring = ReadbackRing::new(gpu, 1, codes.size());
        pollster::block_on(gpu.run_and_read([], codes, codes.size(), &mut ring))
    }

    #[test]
    fn parts_of_a_tensor_may_come_in_any_order() {
        for adapter in pollster::block_on(Gpu::adapters()) {
            let options = GpuOptions { device: Some(adapter.index.to_string()), ..GpuOptions::default() };
            for interleaved in [true, false] {
                let options = GpuOptions { interleaved_rows: Some(interleaved), ..options.clone() };
                let gpu = pollster::block_on(Gpu::request(&options)).expect("the adapter opens");
                let whole = arrived(&gpu, &[(0, ROWS)]).expect("it fits");
                for parts in [&[(64, 96), (0, 32), (32, 64)][..], &[(32, 96), (0, 32)]] {
                    assert_eq!(arrived(&gpu, parts).expect("it fits"), whole, "{parts:?}");
                }
                // Rows that lie side by side are written together.
                let uneven = arrived(&gpu, &[(48, 96), (0, 48)]);
                match uneven {
                    Ok(bytes) => assert!(!interleaved && bytes == whole),
                    Err(error) => assert!(interleaved && error.code() == "scattered-rows", "{error}"),
                }
            }
        }
    }
}
