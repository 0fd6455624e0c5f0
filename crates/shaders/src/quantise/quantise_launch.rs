//! Parameters of `quantise`.

use bytemuck::{Pod, Zeroable};

use super::quantise_reference;
use crate::kernel::Kernel;
use crate::launch::{Extent, Launch};
use crate::resources::Resources;
use crate::variant::Variant;

/// `codes_x`: `x`, which lies in planes, encoded as the variant has it; for [`crate::Encoding::Int8`] `scales_x` too. A row takes
/// [`crate::Encoding::group_bytes`] of codes a group, and a pair of scales.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
pub struct Quantise {
    /// Groups of 32 in a row.
    pub groups: u32,
    /// Of `x`, in vec4.
    pub x_stride: u32,
}

impl Launch for Quantise {
    fn params(&self) -> &[u8] {
        bytemuck::bytes_of(self)
    }

    fn grid(&self, _: &Variant, extent: Extent) -> [u32; 3] {
        [self.groups.div_ceil(64), extent.count, 1]
    }

    fn reference(&self, variant: &Variant, count: usize, resources: &mut Resources) {
        quantise_reference::quantise(self, variant, count, resources);
    }

    fn kernels(&self) -> &'static [Kernel] {
        &[Kernel::Quantise]
    }
}
