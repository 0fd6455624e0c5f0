//! Parameters of the kernels that choose tokens.

use bytemuck::{Pod, Zeroable};

use super::{
    Logprobs, SamplePhase, SampleVariant, adjust_reference, argmax_reference, logprobs_reference, refuse_reference,
    truncate_few_reference, truncate_reference, truncate_stages_reference, xtc_reference,
};
use crate::Output;
use crate::kernel::Kernel;
use crate::launch::{Extent, FamilyLaunch};
use crate::resources::Resources;

/// Logits a workgroup looks at where several share a vocabulary, as `sample_params.wgsl` has it.
pub(crate) const CHUNK: u32 = 2048;

/// Bins of an output's histogram, as `bins.wgsl` has it.
pub(crate) const BINS: usize = 1024;

/// Chooses the next token of each output, in llama.cpp's order: biases and penalties change logits (`adjust`); top-k, typical-p,
/// top-p, min-p and XTC find the bounds of those that count (the stages of `truncate`, `xtc`); of the tokens that do,
/// `argmax_partials` chooses the best of each chunk of the vocabulary, and `argmax` the best of those. Where truncation
/// has led to a token that the output's mask doesn't have (`refuse`), all but `adjust` run again with that mask. Each stage does nothing
/// for outputs that don't ask for it.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
pub struct Sample {
    /// Tokens to choose from.
    pub vocabulary: u32,
    /// The stride of `logits`, in f32.
    pub stride: u32,
    /// The [`SamplePhase`].
    pub phase: u32,
    /// 1 where a token is chosen again for the outputs that were refused theirs, and for no others.
    pub again: u32,
}

impl Sample {
    /// The token of an output with a logit that is no finite number.
    pub const NOT_FINITE: u32 = u32::MAX;
    /// Words of an output's `histogram`.
    pub const HISTOGRAM_WORDS: u32 = 2 * BINS as u32;
    /// Words of an output's `moments`.
    pub const MOMENTS_WORDS: u32 = 4;
    /// Words of an output's `bounds`.
    pub const BOUNDS_WORDS: u32 = 4;
    /// Words of an output's `logprobs`.
    pub const LOGPROBS_WORDS: u32 = (size_of::<Logprobs>() / 4) as u32;
    /// The parameters for rows of logits that follow each other.
    #[must_use]
    pub const fn new(vocabulary: u32, phase: SamplePhase) -> Self {
        Self { vocabulary, stride: vocabulary, phase: phase as u32, again: 0 }
    }

    /// These parameters for the outputs that were refused their tokens.
    #[must_use]
    pub const fn again(self) -> Self {
        Self { again: 1, ..self }
    }

    /// True where a token is to be chosen for an output.
    pub(super) fn is_due(&self, output: &Output) -> bool {
        self.again == 0 || output.refused != 0
    }

    /// Chunks of the vocabulary: `maxima` has a key for each and `candidates` a token, an output a row.
    #[must_use]
    pub const fn chunks(vocabulary: u32) -> u32 {
        vocabulary.div_ceil(CHUNK)
    }

    /// Words of a row of `masks` or `breakers`: a bit for each token.
    #[must_use]
    pub const fn mask_words(vocabulary: u32) -> u32 {
        vocabulary.div_ceil(32)
    }

    /// Words of an output's `changes`: a count, and pairs of a token and its logit, for as many changes as there can be.
    #[must_use]
    pub fn changes_words(vocabulary: u32) -> u32 {
        1 + 2 * (Output::BIASES + 2 * Output::HISTORY).min(3 * vocabulary)
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
        Kernel::Adjust,
        Kernel::TruncateMaxima,
        Kernel::TruncateMoments,
        Kernel::TruncateHistogram,
        Kernel::TruncateBand,
        Kernel::Truncate,
        Kernel::TruncateFew,
        Kernel::Xtc,
        Kernel::ArgmaxPartials,
        Kernel::Argmax,
        Kernel::Refuse,
        Kernel::Logprobs,
        Kernel::LogprobsChosen,
    ];

    fn grid(&self, variant: &Self::Variant, extent: Extent) -> [u32; 3] {
        [if variant.is_single() { 1 } else { Self::chunks(self.vocabulary) }, extent.count, 1]
    }

    fn reference(&self, variant: &Self::Variant, count: usize, resources: &mut Resources) {
        match variant {
            SampleVariant::Adjust => adjust_reference::adjust(self, count, resources),
            SampleVariant::TruncateMaxima => truncate_stages_reference::truncate_maxima(self, count, resources),
            SampleVariant::TruncateMoments => truncate_stages_reference::truncate_moments(self, count, resources),
            SampleVariant::TruncateHistogram => truncate_stages_reference::truncate_histogram(self, count, resources),
            SampleVariant::TruncateBand => truncate_stages_reference::truncate_band(self, count, resources),
            SampleVariant::Truncate => truncate_reference::truncate(self, count, resources),
            SampleVariant::TruncateFew => truncate_few_reference::truncate_few(self, count, resources),
            SampleVariant::Xtc => xtc_reference::xtc(self, count, resources),
            SampleVariant::ArgmaxPartials => argmax_reference::argmax_partials(self, count, resources),
            SampleVariant::Argmax => argmax_reference::argmax(self, count, resources),
            SampleVariant::Refuse => refuse_reference::refuse(self, count, resources),
            SampleVariant::Logprobs => logprobs_reference::logprobs(self, count, resources),
            SampleVariant::LogprobsChosen => logprobs_reference::logprobs_chosen(self, count, resources),
        }
    }
}
