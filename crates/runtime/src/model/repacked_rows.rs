//! Rows of a matrix that are repacked on the device, from their bytes as a file has them.

use wgslm_formats::gguf::TensorInfo;
use wgslm_gpu::{AsGiven, Buffer, ProgramBuilder};
use wgslm_shaders::{Repack, RepackVariant, WeightLayout};

use super::Matrix;
use super::weights::MatrixPart;

/// The rows of a tensor, and the parts of the matrix that they belong to.
pub(super) struct RepackedRows {
    pub(super) variant: RepackVariant,
    layout: WeightLayout,
    row_length: usize,
    pub(super) row_bytes: u64,
    /// The row of the matrix at which the tensor begins.
    first_row: u64,
    parts: Vec<MatrixPart>,
}

impl RepackedRows {
    /// The rows of `tensor`, which begin at `first_row` of `matrix`.
    pub(super) fn new(tensor: &TensorInfo, first_row: u32, matrix: &Matrix) -> Self {
        Self {
            variant: RepackVariant(tensor.kind),
            layout: matrix.layout,
            row_length: tensor.row_len() as usize,
            row_bytes: tensor.row_bytes().max(1),
            first_row: first_row.into(),
            parts: matrix.parts.clone(),
        }
    }

    /// Appends the dispatches that repack the whole rows among `bytes` bytes, which begin at a row and at byte `offset` of the tensor,
    /// and at byte `at` of the buffer `source`.
    pub(super) fn repack(
        &self,
        builder: &mut ProgramBuilder<AsGiven>,
        (source, grids): (&Buffer, &Buffer),
        (at, offset, bytes): (u64, u64, u64),
    ) {
        let first = self.first_row + offset / self.row_bytes;
        let end = first + bytes / self.row_bytes;
        for part in &self.parts {
            let part_first = u64::from(part.first);
            let (from, to) = (first.max(part_first), end.min(part_first + u64::from(part.rows)));
            if from >= to {
                continue;
            }
            let byte = at + (from - first) * self.row_bytes;
            let place = (byte as u32, (from - part_first) as u32, (to - from) as u32);
            let params = Repack::new(self.layout, (self.row_length, self.row_bytes as usize), place);
            let mut resources = vec![("source", source), ("grids", grids), ("codes", &part.codes)];
            resources.extend(part.scales.as_ref().map(|scales| ("scales", scales)));
            builder.dispatch(params, self.variant, AsGiven, &resources);
        }
    }
}
