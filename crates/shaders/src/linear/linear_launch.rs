//! Parameters of `matvec` and of all whose names begin with `matmul`.

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
    /// Of the weight: values of `y` that this dispatch makes for each token.
    pub rows: u32,
    /// Groups of 32 in a row of the weight.
    pub groups: u32,
    /// Tokens for which there is room in `x` and `y`.
    pub columns: u32,
    /// Of `x`, in vec4; rows of `codes_x` follow each other.
    pub x_stride: u32,
    /// Of `y`, in f32.
    pub y_stride: u32,
    /// Which value of a row of `y` is the first that this dispatch makes.
    pub y_offset: u32,
    /// 0: rows of `y` lie value by value; else in planes of this many groups.
    pub y_groups: u32,
    /// 1: what is made is added to `y`.
    pub accumulate: u32,
    /// n > 0: `y = activation(weight * x) * (weight from row n on * x)` (`matvec`).
    pub gate_rows: u32,
    /// n > 0: `x` is RMS-normalised over n values first, with the weights in `norm` (`matvec`).
    pub norm_width: u32,
    /// Of the norm.
    pub epsilon: f32,
    /// n > 0: `bias[n - 1 + row]` is added to `weight * x`.
    pub bias: u32,
    /// Of the gate or, without gates, of what is made: see [`Activation`].
    pub activation: u32,
    /// What is made is multiplied by this.
    pub scale: f32,
    /// n > 0: then `v` becomes `n * tanh(v / n)`.
    pub soft_cap: f32,
    /// With experts: the first whose rows the weight holds.
    pub first_expert: u32,
    /// With experts: how many the weight holds, `rows` rows each.
    pub expert_count: u32,
    /// With experts: tokens of `y` for each row of `x`.
    pub per_row: u32,
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
        Kernel::Matmul,
        Kernel::MatmulCooperative,
        Kernel::MatmulInt8,
        Kernel::MatmulRowPerLane,
        Kernel::MatmulRowPerLaneInt8,
    ];

    fn grid(&self, variant: &Self::Variant, extent: Extent) -> [u32; 3] {
        match variant.kernel {
            LinearKernel::Matmul(tile) | LinearKernel::MatmulInt8(tile) => {
                [self.rows.div_ceil(tile.rows), extent.count.div_ceil(tile.tokens), 1]
            }
            LinearKernel::MatmulCooperative(tile) => {
                [self.rows.div_ceil(tile.side), extent.count.div_ceil(tile.side), 1]
            }
            LinearKernel::MatmulRowPerLane(tokens) | LinearKernel::MatmulRowPerLaneInt8(tokens) => {
                [self.rows.div_ceil(4 * LANE_INTERLEAVE), extent.count.div_ceil(tokens.count()), 1]
            }
            LinearKernel::Matvec { shape, .. } => {
                let rows = if self.gate_rows > 0 { shape.rows / 2 } else { shape.rows };
                let groups = self.rows.div_ceil(rows);
                [groups.min(MAX_GRID), extent.count.div_ceil(shape.columns), groups.div_ceil(MAX_GRID)]
            }
        }
    }

    fn reference(&self, variant: &Self::Variant, count: usize, resources: &mut Resources) {
        linear_reference::linear(self, variant, count, resources);
    }
}
