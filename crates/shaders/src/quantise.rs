//! Parameters of `quantise`.

use bytemuck::{Pod, Zeroable};

use crate::cpu::{self, Resources};
use crate::launch::{Extent, Launch};
use crate::variant::{Kernel, Variant};

/// `codes_x`, `scales_x`: `x`, which lies in planes, in signed codes of 8 bits. A row has `2 * groups` vec4 of codes and `groups`
/// pairs of scales, as `wgsl/shared/quantise.wgsl` has them.
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

    fn reference(&self, _: &Variant, count: usize, resources: &mut Resources) {
        cpu::quantise(self, count, resources);
    }

    fn kernels(&self) -> &'static [Kernel] {
        &[Kernel::Quantise]
    }
}
