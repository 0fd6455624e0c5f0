//! Parameters of `quantise`.

use bytemuck::{Pod, Zeroable};

use super::{QuantiseVariant, quantise_reference};
use crate::kernel::Kernel;
use crate::launch::{Extent, FamilyLaunch};
use crate::resources::Resources;

/// `codes_x`: `x`, which lies in planes, encoded as the variant has it; and `scales_x` where there are codes. A row takes
/// [`crate::Encoding::group_bytes`] a group, and a pair of scales.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
pub struct Quantise {
    /// Groups of 32 in a row.
    pub groups: u32,
    /// The stride of `x`, in vec4.
    pub x_stride: u32,
    /// Rows that there is room for.
    pub rows: u32,
}

impl FamilyLaunch for Quantise {
    type Variant = QuantiseVariant;

    const KERNELS: &'static [Kernel] = &[Kernel::Quantise];

    fn grid(&self, _: &Self::Variant, extent: Extent) -> [u32; 3] {
        [self.groups.div_ceil(64), extent.count, 1]
    }

    fn reference(&self, variant: &Self::Variant, count: usize, resources: &mut Resources) {
        if let QuantiseVariant::Quantise { encoding, input } = *variant {
            quantise_reference::quantise(self, (encoding, input), count, resources);
        }
    }
}
