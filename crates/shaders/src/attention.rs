//! Parameters of `attention`.

use bytemuck::{Pod, Zeroable};

use crate::cpu::{self, Resources};
use crate::launch::Launch;
use crate::variant::{Kernel, Variant};

/// Causal attention over the KV cache.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
pub struct Attention {
    /// Query heads.
    pub heads: u32,
    /// KV heads; they divide the query heads.
    pub kv_heads: u32,
    /// Half the width of a head; at most [`Attention::MAX_HEAD_PAIRS`].
    pub head_pairs: u32,
    /// Of `q` and `y`, in pairs.
    pub stride: u32,
    /// Of the scores: 1 / sqrt(head width), as a rule.
    pub scale: f32,
}

impl Attention {
    /// The widest head the kernel takes, in pairs.
    pub const MAX_HEAD_PAIRS: u32 = 128;
}

impl Launch for Attention {
    fn params(&self) -> &[u8] {
        bytemuck::bytes_of(self)
    }

    fn grid(&self, _: &Variant, count: u32) -> [u32; 3] {
        [self.heads, count, 1]
    }

    fn reference(&self, _: &Variant, count: usize, resources: &mut Resources) {
        cpu::attention(self, count, resources);
    }

    fn kernels(&self) -> &'static [Kernel] {
        &[Kernel::Attention]
    }
}
