//! Parameters of the kernels whose names begin with `matvec` or `matmul`.

use bytemuck::{Pod, Zeroable};

use super::{LinearKernel, LinearVariant, linear_reference};
use crate::format::LANE_INTERLEAVE;
use crate::kernel::Kernel;
use crate::launch::{Extent, FamilyLaunch, MAX_GRID};
use crate::resources::Resources;

/// `y = weight * x`, or the part of it that one part of a split weight makes.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
pub struct Linear {
    /// Outputs, which are rows of the weight: values of `y` that this dispatch makes for each token.
    pub outputs: u32,
    /// Groups of 32 in a row of the weight.
    pub groups: u32,
    /// Tokens for which there is room in `x` and `y`.
    pub tokens: u32,
    /// The stride of `x`, in vec4; rows of `codes_x` follow each other.
    pub x_stride: u32,
    /// The stride of `y`, in f32.
    pub y_stride: u32,
    /// The first value of a row of `y` that this dispatch makes.
    pub y_offset: u32,
    /// Groups of the planes that rows of `y` lie in; 0 where they lie value by value.
    pub y_groups: u32,
    /// 1 where the product is added to `y`.
    pub accumulate: u32,
    /// The row n of the weight with which the gated half begins, 0 for none: `y = activation(weight * x) * (weight from row n on * x)`
    /// (`matvec` and `matvec_integer`).
    pub gate_outputs: u32,
    /// Values over which `x` is RMS-normalised first, with the weights in `norm`; 0 for no norm (`matvec` and `matvec_integer`).
    pub norm_width: u32,
    /// The epsilon of the norm.
    pub epsilon: f32,
    /// 1 more than the place in `bias` of the first row's, which is added to `weight * x`; 0 for none.
    pub bias: u32,
    /// The activation of the gate or, without gates, of the product: see [`crate::Activation`].
    pub activation: u32,
    /// The factor of the product.
    pub scale: f32,
    /// The soft cap n, by which `v` then becomes `n * tanh(v / n)`; 0 for none.
    pub soft_cap: f32,
    /// The first expert whose rows the weight holds, where there are experts.
    pub first_expert: u32,
    /// The number of experts that it holds, `outputs` rows each.
    pub expert_count: u32,
    /// 1 where outputs that are left in codes are multiplied by the weights of the norm before the next matrix.
    pub next_norm: u32,
    /// Rows of `y` for each row of `x`, where there are experts.
    pub per_row: u32,
    /// The first output that the second of two weights makes (`matvec_integer_pair`).
    pub second: u32,
}

impl Default for Linear {
    fn default() -> Self {
        Self { scale: 1.0, ..Self::zeroed() }
    }
}

impl FamilyLaunch for Linear {
    type Variant = LinearVariant;

    const KERNELS: &'static [Kernel] = &[
        Kernel::Matvec,
        Kernel::MatvecInteger,
        Kernel::MatvecIntegerPair,
        Kernel::Matmul,
        Kernel::MatmulCooperative,
        Kernel::MatmulInt8,
        Kernel::MatmulRowPerLane,
        Kernel::MatmulRowPerLaneInt8,
    ];

    fn grid(&self, variant: &Self::Variant, extent: Extent) -> [u32; 3] {
        match variant.kernel {
            LinearKernel::Matmul(tile) | LinearKernel::MatmulInt8(tile) => {
                [self.outputs.div_ceil(tile.outputs), extent.count.div_ceil(tile.tokens), 1]
            }
            LinearKernel::MatmulCooperative(tile) => {
                [self.outputs.div_ceil(tile.side), extent.count.div_ceil(tile.side), 1]
            }
            LinearKernel::MatmulRowPerLane(tokens) | LinearKernel::MatmulRowPerLaneInt8(tokens) => {
                [self.outputs.div_ceil(4 * LANE_INTERLEAVE), extent.count.div_ceil(tokens.count()), 1]
            }
            LinearKernel::Matvec { shape, .. } => self.matvec_grid((shape.outputs, shape.tokens), extent),
            LinearKernel::MatvecInteger(shape) | LinearKernel::MatvecIntegerPair { shape, .. } => {
                self.matvec_grid((shape.workgroup_outputs(), shape.tokens), extent)
            }
        }
    }

    fn reference(&self, variant: &Self::Variant, count: usize, resources: &mut Resources) {
        linear_reference::linear(self, variant, count, resources);
    }
}

impl Linear {
    /// The grid where a workgroup makes `outputs` products with rows of the weight for `tokens` tokens.
    fn matvec_grid(&self, (outputs, tokens): (u32, u32), extent: Extent) -> [u32; 3] {
        let outputs = if self.gate_outputs > 0 { outputs / 2 } else { outputs };
        let groups = self.outputs.div_ceil(outputs);
        [groups.min(MAX_GRID), extent.count.div_ceil(tokens), groups.div_ceil(MAX_GRID)]
    }
}
