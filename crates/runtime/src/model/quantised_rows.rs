//! Matrices that are quantised on the device as their rows arrive.

use wgslm_formats::gguf::{TensorInfo, float_kind};
use wgslm_gpu::{AsGiven, Buffer, Gpu, Program, ProgramBuilder};
use wgslm_shaders::format::GROUP;
use wgslm_shaders::{Extent, QuantiseVariant, QuantiseWeights};

use super::Matrix;
use crate::Result;

/// Bytes of rows quantised at a time, roughly.
const BATCH_BYTES: u64 = 1 << 20;

/// Bytes of the header before the rows in the buffer that the kernel reads.
const HEADER_BYTES: u64 = (QuantiseWeights::SOURCE_HEADER * 4) as u64;

/// The buffer through which rows reach the kernel. One serves all tensors, since each submit reads it before the next write.
#[derive(Default)]
pub(crate) struct Staging {
    buffer: Option<Buffer>,
}

impl Staging {
    /// The buffer, with room for at least `bytes` bytes of rows.
    fn get(&mut self, gpu: &Gpu, bytes: u64) -> Result<Buffer> {
        let size = HEADER_BYTES + bytes;
        match &self.buffer {
            Some(buffer) if buffer.size() >= size => Ok(buffer.clone()),
            _ => {
                let size = size.max((HEADER_BYTES + BATCH_BYTES).min(gpu.capabilities().max_binding));
                Ok(self.buffer.insert(gpu.storage_buffer("rows to be quantised", size)?).clone())
            }
        }
    }
}

/// Quantises rows of floats into the parts of a matrix, with the kernel `quantise_weights`.
pub(super) struct QuantisedRows {
    staging: Buffer,
    row_bytes: usize,
    /// The first row of each part, and the program that writes the part.
    parts: Vec<(usize, Program<AsGiven>)>,
}

impl QuantisedRows {
    /// Prepares to quantise the rows of `tensor`, floats in whole groups of 32, to the format of `matrix`.
    ///
    /// # Errors
    /// [`TooLarge`](wgslm_gpu::Error::TooLarge) where not even a row fits a binding.
    pub(super) fn new(gpu: &Gpu, staging: &mut Staging, tensor: &TensorInfo, matrix: &Matrix) -> Result<Self> {
        let staging = staging.get(gpu, tensor.row_bytes())?;
        let layout = matrix.layout;
        let kind = float_kind(tensor.kind).unwrap_or(wgslm_shaders::FloatKind::F32);
        let params = QuantiseWeights::new(layout.format, kind, (tensor.row_len() as usize).div_ceil(GROUP));
        let variant = QuantiseVariant::QuantiseWeights(layout);
        let program = |part: &super::weights::MatrixPart| {
            let mut resources = vec![("source", &staging), ("codes", &part.codes)];
            resources.extend(part.scales.as_ref().map(|scales| ("scales", scales)));
            let mut builder = ProgramBuilder::default();
            builder.dispatch(params, variant, AsGiven, &resources);
            (part.first as usize, builder.build(gpu))
        };
        let parts = matrix.parts.iter().map(program).collect();
        Ok(Self { staging, row_bytes: tensor.row_bytes() as usize, parts })
    }

    /// Rows to write at a time.
    pub(super) fn batch(&self) -> usize {
        let room = (self.staging.size() - HEADER_BYTES) as usize;
        (room.min(BATCH_BYTES as usize) / self.row_bytes.max(1)).max(1)
    }

    /// Quantises whole rows, [`Self::batch`] of them at most, from row `first` of the matrix on.
    pub(super) fn write(&self, gpu: &Gpu, first: usize, bytes: &[u8]) {
        let end = first + bytes.len() / self.row_bytes;
        let mut row = first;
        while row < end {
            let index = self.parts.partition_point(|(first, _)| *first <= row) - 1;
            let (part_first, program) = &self.parts[index];
            let part_end = self.parts.get(index + 1).map_or(end, |(next, _)| end.min(*next));
            let rows = (part_end - row) as u32;
            let header = [(row - part_first) as u32, rows, 0, 0];
            gpu.write(&self.staging, 0, bytemuck::cast_slice(&header));
            let slice = &bytes[(row - first) * self.row_bytes..(part_end - first) * self.row_bytes];
            gpu.write(&self.staging, HEADER_BYTES, slice);
            gpu.run([(program, Extent { count: rows, context: 0 })]);
            row = part_end;
        }
    }
}
