//! Parameters of `norm_heads`.

use bytemuck::{Pod, Zeroable};

use super::{NormVariant, norm_heads_reference};
use crate::kernel::Kernel;
use crate::launch::{Extent, FamilyLaunch};
use crate::resources::Resources;

/// RMS norm of queries and keys, in place: of each head for itself, or of all heads at once.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
pub struct NormHeads {
    /// Units of the queries that are normalised each for itself.
    pub queries: u32,
    /// Values of such a unit.
    pub query_width: u32,
    /// Units of the keys.
    pub keys: u32,
    /// Values of such a unit.
    pub key_width: u32,
    /// The stride of a row, which holds the queries, then the keys, in f32.
    pub stride: u32,
    /// Keeps the root from zero.
    pub epsilon: f32,
}

impl FamilyLaunch for NormHeads {
    type Variant = NormVariant;

    const KERNELS: &'static [Kernel] = &[Kernel::NormHeads];

    fn grid(&self, _: &Self::Variant, extent: Extent) -> [u32; 3] {
        [self.queries + self.keys, extent.count, 1]
    }

    fn reference(&self, _: &Self::Variant, count: usize, resources: &mut Resources) {
        norm_heads_reference::norm_heads(self, count, resources);
    }
}
