//! Parameters of `repack`.

use bytemuck::{Pod, Zeroable};

use super::packing::groups_in;
use super::{RepackVariant, repack_reference};
use crate::kernel::Kernel;
use crate::launch::{Extent, FamilyLaunch, MAX_GRID};
use crate::layout::WeightLayout;
use crate::resources::Resources;

/// Invocations of a workgroup.
const WORKGROUP_SIZE: u64 = 64;

/// `codes`, `scales`: rows of a matrix from their blocks in `source`, which begin at any byte. At least a word follows the last.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
pub struct Repack {
    /// Groups of 32 in a row.
    pub groups: u32,
    /// Rows in the source.
    pub rows: u32,
    /// The row of the matrix that the source's first row is.
    pub first_row: u32,
    /// The source's first byte in its buffer.
    pub source_byte: u32,
    /// Bytes of a row in the source.
    pub row_bytes: u32,
    /// Words of scales in a row.
    pub scale_words: u32,
    /// Words of scales proper in a row.
    pub pure_scale_words: u32,
    /// Rows of the matrix that stand side by side.
    pub interleave: u32,
}

impl Repack {
    /// For rows of `row_length` weights in so many bytes, to be written in `layout`: those from `source_byte` on, from `first_row` on.
    #[must_use]
    pub fn new(
        layout: WeightLayout,
        (row_length, row_bytes): (usize, usize),
        (source_byte, first_row, rows): (u32, u32, u32),
    ) -> Self {
        let groups = groups_in(row_length);
        Self {
            groups: groups as u32,
            rows,
            first_row,
            source_byte,
            row_bytes: row_bytes as u32,
            scale_words: layout.format.scale_words(groups) as u32,
            pure_scale_words: layout.format.pure_scale_words(groups) as u32,
            interleave: layout.interleave,
        }
    }
}

impl FamilyLaunch for Repack {
    type Variant = RepackVariant;

    const KERNELS: &'static [Kernel] = &[Kernel::Repack];

    fn grid(&self, _: &Self::Variant, _: Extent) -> [u32; 3] {
        let rows = u64::from(self.rows.next_multiple_of(self.interleave.max(1)));
        let workgroups = (rows * u64::from(self.groups)).div_ceil(WORKGROUP_SIZE);
        let most = u64::from(MAX_GRID);
        [workgroups.min(most) as u32, workgroups.div_ceil(most) as u32, 1]
    }

    fn reference(&self, variant: &Self::Variant, _: usize, resources: &mut Resources) {
        repack_reference::repack(self, variant.0, resources);
    }
}
