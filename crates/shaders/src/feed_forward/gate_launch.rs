//! Parameters of `gate`.

use bytemuck::{Pod, Zeroable};

use super::{GateVariant, gate_reference};
use crate::encoding::Encoding;
use crate::kernel::Kernel;
use crate::launch::{Extent, FamilyLaunch};
use crate::resources::Resources;

/// `y = activation(gate) * up`, where a row of `x` holds the gate's values and then up's, or the values to be activated alone, and `y` lies in planes or is
/// encoded: see [`crate::Quantise`].
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
pub struct Gate {
    /// Values of the gate.
    pub width: u32,
    /// The stride of `x`, in f32.
    pub x_stride: u32,
    /// The stride of `y`, in f32.
    pub y_stride: u32,
    /// Groups of 32 in a row of `y`.
    pub y_groups: u32,
    /// The function of the gate: see [`crate::Activation`].
    pub activation: u32,
    /// 0 where there is no up.
    pub gated: u32,
}

impl FamilyLaunch for Gate {
    type Variant = GateVariant;

    const KERNELS: &'static [Kernel] = &[Kernel::Gate];

    fn grid(&self, variant: &Self::Variant, extent: Extent) -> [u32; 3] {
        let invocations = match variant.encoding {
            None => self.width,
            Some(Encoding::F16) => self.y_groups * 4,
            Some(Encoding::Int8 | Encoding::Int16) => self.y_groups,
        };
        [invocations.div_ceil(64), extent.count, 1]
    }

    fn reference(&self, variant: &Self::Variant, count: usize, resources: &mut Resources) {
        gate_reference::gate(self, variant.encoding, count, resources);
    }
}
