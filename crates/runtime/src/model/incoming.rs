//! A model built from its header, and the tensors that arrive after it.

use std::collections::HashMap;

use wgslm_formats::gguf::TensorInfo;
use wgslm_formats::quantise::{Plan, Policy};
use wgslm_formats::source::ModelHeader;
use wgslm_gpu::Gpu;

use super::places::{Place, check_tensors, unexpected};
use super::quantised_rows::Staging;
use super::repacker::Repacker;
use super::tensor_writer::TensorWriter;
use super::weights::Way;
use super::{ModelSpec, Weights};
use crate::{Device, Error, Result};

/// The tensors of a model, whose bytes are arriving.
pub(crate) struct Incoming {
    /// The tensors, in the order of the header.
    tensors: Vec<IncomingTensor>,
    /// Repacks those that the device repacks; absent where it repacks none.
    pub(crate) repacker: Option<Repacker>,
}

/// A tensor whose bytes are arriving.
struct IncomingTensor {
    /// The offset at which the bytes that came last end.
    end: u64,
    /// Bytes still to come.
    left: u64,
    /// The writer of the tensor's bytes, until the last has come; absent where the device repacks them.
    writer: Option<TensorWriter>,
    /// The error to return where the values of a scale are not all 1; scales have no other use.
    not_ones: Option<Error>,
}

impl Incoming {
    /// The weights of a model with this header, all allocated on the device, quantised by `policy` where given; and the number of weights
    /// in the tensors that are used.
    ///
    /// # Errors
    /// Why they can't be used: see [`Error`].
    pub(crate) fn new(
        device: &Device,
        (spec, header): (&ModelSpec, &ModelHeader),
        policy: Option<&Policy>,
    ) -> Result<(Weights, u64, Self)> {
        let plan = policy.map_or_else(|| Ok(Plan::default()), |policy| Plan::new(policy, &header.tensors))?;
        let places = check_tensors(device, spec, header, &plan)?;
        let weights_of = |tensor: &TensorInfo| tensor.shape.iter().product::<u64>();
        let kept = header.tensors.iter().filter(|tensor| places.weights.contains_key(&tensor.name));
        let parameters = kept.map(weights_of).sum();
        let (mut weights, mut staging) = (Weights::new(device.gpu(), spec)?, Staging::default());
        let mut repacked = HashMap::new();
        let incoming = |(index, info): (usize, &TensorInfo)| {
            let begin = |(role, fusion): &Place| {
                weights.begin(device, (*role, fusion.as_ref()), info, plan.of(info), &mut staging)
            };
            let writer = match places.weights.get(&info.name).map(begin).transpose()? {
                Some(Way::Host(writer)) => Some(writer),
                Some(Way::Device(rows)) => {
                    repacked.insert(index, rows);
                    None
                }
                None => None,
            };
            let not_ones = places.scales.contains(&info.name).then(|| unexpected(spec, &info.name));
            Ok(IncomingTensor { end: 0, left: info.bytes, writer, not_ones })
        };
        let tensors = header.tensors.iter().enumerate().map(incoming).collect::<Result<_>>()?;
        let repacks = !repacked.is_empty();
        let repacker = repacks.then(|| Repacker::new(device.gpu(), repacked, header.bytes())).transpose()?;
        Ok((weights, parameters, Self { tensors, repacker }))
    }

    /// Takes the bytes at `offset` of a tensor. Each byte comes once; a piece that doesn't follow the last one begins at a row,
    /// and the last one ended with a row.
    ///
    /// # Errors
    /// [`Error::ScatteredRows`], [`UnexpectedTensor`](wgslm_formats::Error::UnexpectedTensor) of a scale that isn't 1, or what the device
    /// reports.
    pub(crate) fn data(&mut self, gpu: &Gpu, tensor: usize, offset: u64, bytes: &[u8]) -> Result<()> {
        if let Some(repacker) = self.repacker.as_mut().filter(|repacker| repacker.takes(tensor)) {
            return repacker.push(tensor, offset, bytes);
        }
        let Some(incoming) = self.tensors.get_mut(tensor) else { return Ok(()) };
        if incoming.not_ones.is_some() && !are_ones(offset, bytes) {
            return incoming.not_ones.take().map_or(Ok(()), Err);
        }
        let Some(writer) = &mut incoming.writer else { return Ok(()) };
        if offset != incoming.end {
            writer.seek(gpu, offset)?;
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

    /// Bytes of the staging buffers through which the device gets rows to be repacked, which are made as they are needed.
    pub(crate) fn staging_bytes(&self) -> u64 {
        self.repacker.as_ref().map_or(0, Repacker::staging_bytes)
    }

    /// True for a tensor that the device repacks.
    pub(crate) fn is_repacked(&self, tensor: usize) -> bool {
        self.repacker.as_ref().is_some_and(|repacker| repacker.takes(tensor))
    }

    /// Has the device repack the last rows. All of its buffers but those of the weights go with it.
    pub(crate) fn finish(self) {
        if let Some(mut repacker) = self.repacker {
            repacker.flush();
        }
    }
}

/// True where the bytes at `offset` of an F32 tensor are those of ones.
fn are_ones(offset: u64, bytes: &[u8]) -> bool {
    let ones = 1_f32.to_le_bytes();
    bytes.iter().zip(ones.iter().cycle().skip(offset as usize % ones.len())).all(|(byte, one)| byte == one)
}

#[cfg(test)]
mod tests {
    use wgslm_formats::gguf::TensorType;
    use wgslm_formats::quantise::Stored;
    use wgslm_gpu::ReadbackRing;

    use super::*;
    use crate::DeviceOptions;
    use crate::model::tensors::TensorRole;

    const ROWS: u64 = 96;

    /// The bytes on the device of an F16 matrix of so many columns, whose parts, given as (first row, end row), arrive in this order.
    fn arrived(device: &Device, columns: u64, parts: &[(u64, u64)]) -> Result<Vec<u8>> {
        let gpu = device.gpu();
        let row_bytes = columns * 2;
        let bytes: Vec<u8> = (0..ROWS * row_bytes).map(|place| (place * 7 % 251) as u8).collect();
        let info = TensorInfo {
            name: "experts".to_owned(),
            kind: TensorType::F16,
            shape: vec![columns, ROWS],
            offset: 0,
            bytes: bytes.len() as u64,
        };
        let mut weights = Weights::default();
        let stored = Stored::Blocks(info.kind);
        let place = (TensorRole::Matrix, None);
        let (writer, rows) = match weights.begin(device, place, &info, stored, &mut Staging::default())? {
            Way::Host(writer) => (Some(writer), None),
            Way::Device(rows) => (None, Some(HashMap::from([(0, rows)]))),
        };
        let tensor = IncomingTensor { end: 0, left: info.bytes, writer, not_ones: None };
        let repacker = rows.map(|rows| Repacker::new(gpu, rows, info.bytes)).transpose()?;
        let mut incoming = Incoming { tensors: vec![tensor], repacker };
        for (first, end) in parts {
            let part = &bytes[(first * row_bytes) as usize..(end * row_bytes) as usize];
            for (index, piece) in part.chunks(1000).enumerate() {
                incoming.data(gpu, 0, first * row_bytes + index as u64 * 1000, piece)?;
            }
        }
        assert!(incoming.tensors[0].writer.is_none(), "all of it has come");
        incoming.finish();
        let codes = &weights.matrix("experts")?.parts[0].codes;
        let mut ring = ReadbackRing::new(gpu, 1, codes.size());
        Ok(pollster::block_on(gpu.read(codes, codes.size(), &mut ring))?)
    }

    #[test]
    fn parts_of_a_tensor_may_come_in_any_order() {
        for adapter in pollster::block_on(Device::adapters()) {
            let options = DeviceOptions { device: Some(adapter.index.to_string()), ..DeviceOptions::default() };
            for (interleaved, repacked) in [(true, false), (false, false), (true, true), (false, true)] {
                let (interleaved_rows, repacked_rows) = (Some(interleaved), Some(repacked));
                let options = DeviceOptions { interleaved_rows, repacked_rows, ..options.clone() };
                let device = pollster::block_on(Device::open(&options)).expect("the adapter opens");
                // The longer rows don't fit a staging buffer of a model of this size.
                for columns in [64, 4096] {
                    let arrived = |parts: &[(u64, u64)]| arrived(&device, columns, parts);
                    let whole = arrived(&[(0, ROWS)]).expect("it fits");
                    for parts in [&[(64, 96), (0, 32), (32, 64)][..], &[(32, 96), (0, 32)]] {
                        assert_eq!(arrived(parts).expect("it fits"), whole, "{parts:?}");
                    }
                    // The CPU writes interleaved rows together.
                    match arrived(&[(48, 96), (0, 48)]) {
                        Ok(bytes) => assert!((!interleaved || repacked) && bytes == whole),
                        Err(error) => {
                            assert!(interleaved && !repacked && error.code() == "scattered-rows", "{error}");
                        }
                    }
                }
            }
        }
    }
}
