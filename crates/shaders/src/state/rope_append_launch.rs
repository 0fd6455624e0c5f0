//! Parameters of `rope_append`.

use bytemuck::{Pod, Zeroable};

use super::{StateVariant, rope_append_reference};
use crate::encoding::KvFormat;
use crate::fragments::kv_cache::KvAddressing;
use crate::kernel::Kernel;
use crate::launch::{Extent, FamilyLaunch};
use crate::resources::Resources;

/// Turns queries and keys by their positions, and puts keys and values into the KV cache.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
pub struct RopeAppend {
    /// Query heads.
    pub heads: u32,
    /// KV heads.
    pub kv_heads: u32,
    /// Half the width of a head.
    pub head_pairs: u32,
    /// Rotated pairs of a head; what follows them stays as it is.
    pub pairs: u32,
    /// From the first to the second value of a pair: 1, or half the rotated width.
    pub pair_step: u32,
    /// The stride of `qkv`, in f32.
    pub stride: u32,
    /// The stride of `query`, in f32.
    pub query_stride: u32,
    /// The rotated pairs are scaled by this: 1 but for YaRN.
    pub magnitude: f32,
    /// The place of the layer's keys and values in their buffers.
    pub cache: KvAddressing,
}

impl FamilyLaunch for RopeAppend {
    type Variant = StateVariant;

    const KERNELS: &'static [Kernel] = &[Kernel::RopeAppend];

    fn grid(&self, variant: &Self::Variant, extent: Extent) -> [u32; 3] {
        let lanes = match variant {
            // No group of values with one scale is of two workgroups.
            StateVariant::RopeAppend(KvFormat::Q8) => self.head_pairs.next_multiple_of(32),
            _ => self.head_pairs,
        };
        [((self.heads + 2 * self.kv_heads) * lanes).div_ceil(64), extent.count, 1]
    }

    fn reference(&self, variant: &Self::Variant, count: usize, resources: &mut Resources) {
        if let StateVariant::RopeAppend(kv) = *variant {
            rope_append_reference::rope_append(self, kv, count, resources);
        }
    }
}
