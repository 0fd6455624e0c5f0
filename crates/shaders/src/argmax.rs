//! Parameters of `argmax_partials` and `argmax`, its two stages.

use bytemuck::{Pod, Zeroable};

use crate::cpu::{self, Resources};
use crate::kernel::Kernel;
use crate::launch::{Extent, Launch};
use crate::variant::Variant;

/// Logits a workgroup of `argmax_partials` looks at, as `wgsl/shared/candidates.wgsl` has it.
pub(crate) const CHUNK: u32 = 2048;

/// Chooses the next token of each output: `argmax_partials` the best of each chunk of the vocabulary, `argmax` the best of those.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
pub struct Argmax {
    /// Tokens to choose from.
    pub vocabulary: u32,
    /// Of `logits`, in f32.
    pub stride: u32,
}

impl Argmax {
    /// Chunks of the vocabulary: `candidates` has a token for each, an output a row.
    #[must_use]
    pub const fn chunks(vocabulary: u32) -> u32 {
        vocabulary.div_ceil(CHUNK)
    }
}

impl Launch for Argmax {
    fn params(&self) -> &[u8] {
        bytemuck::bytes_of(self)
    }

    fn grid(&self, variant: &Variant, extent: Extent) -> [u32; 3] {
        [if variant.kernel == Kernel::ArgmaxPartials { Self::chunks(self.vocabulary) } else { 1 }, extent.count, 1]
    }

    fn reference(&self, variant: &Variant, count: usize, resources: &mut Resources) {
        if variant.kernel == Kernel::ArgmaxPartials {
            cpu::argmax_partials(self, count, resources);
        } else {
            cpu::argmax(self, count, resources);
        }
    }

    fn kernels(&self) -> &'static [Kernel] {
        &[Kernel::ArgmaxPartials, Kernel::Argmax]
    }
}
