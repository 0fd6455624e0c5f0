//! Parameters of the kernels that choose tokens: the stages of `truncate` and of `argmax`.

use bytemuck::{Pod, Zeroable};

use super::{SampleVariant, argmax_reference, truncate_reference, truncate_stages_reference};
use crate::kernel::Kernel;
use crate::launch::{Extent, FamilyLaunch};
use crate::resources::Resources;

/// Logits a workgroup looks at where several share a vocabulary, as `logits.wgsl` has it.
pub(crate) const CHUNK: u32 = 2048;

/// Bins of an output's histogram, as `bins.wgsl` has it.
pub(crate) const BINS: usize = 1024;

/// Chooses the next token of each output. For outputs with top-k, top-p or min-p, [`SampleVariant::TRUNCATION`] finds the least logit that
/// counts; then, of the tokens that do, `argmax_partials` chooses the best of each chunk of the vocabulary, and `argmax` the best
/// of those.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
pub struct Sample {
    /// Tokens to choose from.
    pub vocabulary: u32,
    /// The stride of `logits`, in f32.
    pub stride: u32,
}

impl Sample {
    /// The token of an output with a logit that is no finite number.
    pub const NOT_FINITE: u32 = u32::MAX;
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

impl FamilyLaunch for Sample {
    type Variant = SampleVariant;

    const KERNELS: &'static [Kernel] = &[
        Kernel::TruncateMaxima,
        Kernel::TruncateHistogram,
        Kernel::TruncateBand,
        Kernel::Truncate,
        Kernel::ArgmaxPartials,
        Kernel::Argmax,
    ];

    fn grid(&self, variant: &Self::Variant, extent: Extent) -> [u32; 3] {
        let single = matches!(variant, SampleVariant::Truncate | SampleVariant::Argmax);
        [if single { 1 } else { Self::chunks(self.vocabulary) }, extent.count, 1]
    }

    fn reference(&self, variant: &Self::Variant, count: usize, resources: &mut Resources) {
        match variant {
            SampleVariant::TruncateMaxima => truncate_stages_reference::truncate_maxima(self, count, resources),
            SampleVariant::TruncateHistogram => truncate_stages_reference::truncate_histogram(self, count, resources),
            SampleVariant::TruncateBand => truncate_stages_reference::truncate_band(self, count, resources),
            SampleVariant::Truncate => truncate_reference::truncate(self, count, resources),
            SampleVariant::ArgmaxPartials => argmax_reference::argmax_partials(self, count, resources),
            SampleVariant::Argmax => argmax_reference::argmax(self, count, resources),
        }
    }
}
