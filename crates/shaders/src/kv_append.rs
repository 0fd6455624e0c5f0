//! Parameters of `kv_append`.

use bytemuck::{Pod, Zeroable};

use crate::cpu::{self, Resources};
use crate::launch::Launch;
use crate::variant::{Kernel, Variant};

/// Writes keys and values to the KV cache.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
pub struct KvAppend {
    /// Pairs of values in a token's keys, and in its values: KV heads * head width / 2.
    pub pairs: u32,
    /// Of `k` and `v`, in pairs.
    pub stride: u32,
}

impl Launch for KvAppend {
    fn params(&self) -> &[u8] {
        bytemuck::bytes_of(self)
    }

    fn grid(&self, _: &Variant, count: u32) -> [u32; 3] {
        [self.pairs.div_ceil(64), count, 1]
    }

    fn reference(&self, _: &Variant, count: usize, resources: &mut Resources) {
        cpu::kv_append(self, count, resources);
    }

    fn kernels(&self) -> &'static [Kernel] {
        &[Kernel::KvAppend]
    }
}
