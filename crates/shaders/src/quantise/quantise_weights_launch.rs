//! Parameters of `quantise_weights`.

use bytemuck::{Pod, Zeroable};

use super::{QuantiseVariant, quantise_weights_reference};
use crate::format::{DOUBLE_QUANTISED_GROUPS, WeightFormat};
use crate::kernel::Kernel;
use crate::launch::{Extent, FamilyLaunch};
use crate::resources::Resources;

/// Invocations of a workgroup.
const WORKGROUP_SIZE: u32 = 64;

/// `codes`, `scales`: rows of `source` in the variant's format and layout.
///
/// `source` begins with [`QuantiseWeights::SOURCE_HEADER`] words: the row of the matrix that its first row is, the number of
/// its rows, and two that don't count. The rows follow, in f32 or two f16 or bf16 a word. What isn't finite counts as zero.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
pub struct QuantiseWeights {
    /// Groups of 32 in a row.
    pub groups: u32,
    /// The kind of floats in the source: a [`FloatKind`] as a number.
    pub kind: u32,
    /// Words of codes in a row.
    pub code_words: u32,
    /// Words of scales in a row.
    pub scale_words: u32,
    /// Invocations that share [`DOUBLE_QUANTISED_GROUPS`] groups of a row.
    pub lanes: u32,
}

/// Floats of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum FloatKind {
    /// IEEE 754's of 32 bits.
    F32 = 0,
    /// IEEE 754's of 16 bits.
    F16 = 1,
    /// The upper half of an f32.
    BF16 = 2,
}

impl QuantiseWeights {
    /// Words before the rows of `source`.
    pub const SOURCE_HEADER: usize = 4;

    /// For rows of `groups` groups of `kind`, to be written in `format`.
    #[must_use]
    pub fn new(format: WeightFormat, kind: FloatKind, groups: usize) -> Self {
        let lanes = groups.min(DOUBLE_QUANTISED_GROUPS).div_ceil(4).next_power_of_two();
        Self {
            groups: groups as u32,
            kind: kind as u32,
            code_words: (groups * format.code_words()) as u32,
            scale_words: format.scale_words(groups) as u32,
            lanes: lanes as u32,
        }
    }
}

impl FamilyLaunch for QuantiseWeights {
    type Variant = QuantiseVariant;

    const KERNELS: &'static [Kernel] = &[Kernel::QuantiseWeights];

    fn grid(&self, _: &Self::Variant, extent: Extent) -> [u32; 3] {
        let rows = WORKGROUP_SIZE / self.lanes.max(1);
        [extent.count.div_ceil(rows.max(1)), self.groups.div_ceil(DOUBLE_QUANTISED_GROUPS as u32), 1]
    }

    fn reference(&self, variant: &Self::Variant, _: usize, resources: &mut Resources) {
        if let QuantiseVariant::QuantiseWeights(layout) = *variant {
            quantise_weights_reference::quantise_weights(self, layout, resources);
        }
    }
}
