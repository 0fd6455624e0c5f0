//! From a GGUF file's header to a model whose weights are on their way.

use super::places::{Place, check_tensors};
use super::quantised_rows::Staging;
use super::tensor_writer::TensorWriter;
use super::tensors::OUTPUT_HEAD;
use super::{Model, ModelSpec, Weights};
use crate::gguf::{Header, TensorInfo};
use crate::gpu::Gpu;
use crate::quantize::{Plan, Policy};
use crate::tokenizer::{ChatTemplate, Tokenizer};
use crate::{Error, Result};

/// Takes the bytes of a model's tensors as they arrive.
pub(crate) struct Incoming {
    /// In the order of the file's directory: bytes, and what takes them until the last has come.
    tensors: Vec<(u64, Option<TensorWriter>)>,
}

impl Incoming {
    /// The model that `header` announces, with room on the device for all its weights, which `policy` may have quantised.
    ///
    /// # Errors
    /// Why it can't be run: see [`Error`].
    pub(crate) fn new(gpu: &Gpu, header: Header, policy: Option<&Policy>) -> Result<(Model, Self)> {
        let mut metadata = header.metadata;
        let mut spec = ModelSpec::from_metadata(&metadata)?;
        spec.tied_head = !header.tensors.iter().any(|tensor| tensor.name == OUTPUT_HEAD);
        let plan = policy.map_or_else(|| Ok(Plan::default()), |policy| Plan::new(policy, &header.tensors))?;
        let places = check_tensors(gpu, &spec, &header.tensors, &plan)?;
        let tokenizer = Tokenizer::from_metadata(&mut metadata).map_err(|error| reason(&error));
        let chat_template = match &tokenizer {
            Ok(tokenizer) => ChatTemplate::from_metadata(&metadata, tokenizer).map_err(|error| reason(&error)),
            Err(reason) => Err(reason.clone()),
        };
        let parameters = header.tensors.iter().map(|tensor| tensor.shape.iter().product::<u64>()).sum();
        let (mut weights, mut staging) = (Weights::new(gpu, &spec)?, Staging::default());
        let writer = |info: &TensorInfo| {
            let begin = |(role, fusion): &Place| {
                weights.begin(gpu, &spec, (*role, fusion.as_ref()), info, plan.of(info), &mut staging)
            };
            let writer = places.get(&info.name).map(begin);
            Ok((info.bytes, writer.transpose()?))
        };
        let tensors = header.tensors.iter().map(writer).collect::<Result<_>>()?;
        Ok((Model { spec, weights, parameters, tokenizer, chat_template }, Self { tensors }))
    }

    /// Takes the bytes of a tensor that follow its first `offset`.
    pub(crate) fn data(&mut self, gpu: &Gpu, tensor: usize, offset: u64, bytes: &[u8]) {
        let Some((size, place)) = self.tensors.get_mut(tensor) else { return };
        if let Some(writer) = place {
            writer.push(gpu, bytes);
        }
        if offset + bytes.len() as u64 == *size
            && let Some(writer) = place.take()
        {
            writer.finish(gpu);
        }
    }
}

/// The text of an error without the name of its kind, which is added again when it's given out.
fn reason(error: &Error) -> String {
    match error {
        Error::Tokenizer { reason } | Error::ChatTemplate { reason } => reason.clone(),
        other => other.to_string(),
    }
}
