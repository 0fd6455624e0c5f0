//! Parameters of the kernels that choose tokens: the stages of `truncate` and of `argmax`.

use bytemuck::{Pod, Zeroable};

use super::{argmax_reference, truncate_reference, truncate_stages_reference};
use crate::kernel::Kernel;
use crate::launch::{Extent, Launch};
use crate::resources::Resources;
use crate::variant::Variant;

/// Logits a workgroup looks at where several share a vocabulary, as `logits.wgsl` has it.
pub(crate) const CHUNK: u32 = 2048;

/// Bins of an output's histogram, as `bins.wgsl` has it.
pub(crate) const BINS: usize = 1024;

/// Chooses the next token of each output. For outputs with top-k, top-p or min-p, [`Self::TRUNCATION`] finds the least logit that
/// counts; then, of the tokens that do, `argmax_partials` chooses the best of each chunk of the vocabulary, and `argmax` the best
/// of those.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
pub struct Sample {
    /// Tokens to choose from.
    pub vocabulary: u32,
    /// Of `logits`, in f32.
    pub stride: u32,
}

impl Sample {
    /// What stands for the token of an output with a logit that is no finite number.
    pub const NOT_FINITE: u32 = u32::MAX;
    /// The stages that find the least logit that counts, in their order.
    pub const TRUNCATION: [Kernel; 4] =
        [Kernel::TruncateMaxima, Kernel::TruncateHistogram, Kernel::TruncateBand, Kernel::Truncate];
    /// The stages that choose a token, in their order.
    pub const ARGMAX: [Kernel; 2] = [Kernel::ArgmaxPartials, Kernel::Argmax];
    /// Words of an output's `histogram`.
    pub const HISTOGRAM_WORDS: u32 = 2 * BINS as u32;

    /// Chunks of the vocabulary: `maxima` has a key for each and `candidates` a token, an output a row.
    #[must_use]
    pub const fn chunks(vocabulary: u32) -> u32 {
        vocabulary.div_ceil(CHUNK)
    }

    /// Words of `banned`: a bit for each token.
    #[must_use]
    pub const fn banned_words(vocabulary: u32) -> u32 {
        vocabulary.div_ceil(32)
    }

    /// Words of an output's `band`: a count, and room for the key of every token.
    #[must_use]
    pub const fn band_words(vocabulary: u32) -> u32 {
        vocabulary + 1
    }
}

impl Launch for Sample {
    fn params(&self) -> &[u8] {
        bytemuck::bytes_of(self)
    }

    fn grid(&self, variant: &Variant, extent: Extent) -> [u32; 3] {
        let single = matches!(variant.kernel, Kernel::Truncate | Kernel::Argmax);
        [if single { 1 } else { Self::chunks(self.vocabulary) }, extent.count, 1]
    }

    fn reference(&self, variant: &Variant, count: usize, resources: &mut Resources) {
        match variant.kernel {
            Kernel::TruncateMaxima => truncate_stages_reference::truncate_maxima(self, count, resources),
            Kernel::TruncateHistogram => truncate_stages_reference::truncate_histogram(self, count, resources),
            Kernel::TruncateBand => truncate_stages_reference::truncate_band(self, count, resources),
            Kernel::Truncate => truncate_reference::truncate(self, count, resources),
            Kernel::ArgmaxPartials => argmax_reference::argmax_partials(self, count, resources),
            _ => argmax_reference::argmax(self, count, resources),
        }
    }

    fn kernels(&self) -> &'static [Kernel] {
        &[
            Kernel::TruncateMaxima,
            Kernel::TruncateHistogram,
            Kernel::TruncateBand,
            Kernel::Truncate,
            Kernel::ArgmaxPartials,
            Kernel::Argmax,
        ]
    }
}
