//! Parameters of `matvec`, `matmul`, `matmul_row_per_lane`.

use bytemuck::{Pod, Zeroable};

use crate::cpu::{self, Resources};
use crate::format::LANE_INTERLEAVE;
use crate::launch::{Launch, MAX_GRID};
use crate::variant::{Kernel, Variant};

/// `y = weight * x`, or the part of it that one part of a split weight makes.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
pub struct Linear {
    /// Of the weight: values of `y` that this dispatch makes for each token.
    pub rows: u32,
    /// Groups of 32 in a row of the weight.
    pub groups: u32,
    /// Tokens for which there is room in `x` and `y`.
    pub columns: u32,
    /// Of `x`, in vec4.
    pub x_stride: u32,
    /// Of `y`, in f32.
    pub y_stride: u32,
    /// Where in a row of `y` this dispatch's values begin.
    pub y_offset: u32,
}

impl Launch for Linear {
    fn params(&self) -> &[u8] {
        bytemuck::bytes_of(self)
    }

    fn grid(&self, variant: &Variant, count: u32) -> [u32; 3] {
        match variant.kernel {
            Kernel::Matmul => [self.rows.div_ceil(64), count.div_ceil(64), 1],
            Kernel::MatmulRowPerLane => {
                [self.rows.div_ceil(4 * LANE_INTERLEAVE), count.div_ceil(if variant.tokens4 { 4 } else { 1 }), 1]
            }
            _ => [self.rows.min(MAX_GRID), count, 1],
        }
    }

    fn reference(&self, variant: &Variant, count: usize, resources: &mut Resources) {
        cpu::linear(self, variant, count, resources);
    }

    fn kernels(&self) -> &'static [Kernel] {
        &[Kernel::Matvec, Kernel::Matmul, Kernel::MatmulRowPerLane]
    }
}
