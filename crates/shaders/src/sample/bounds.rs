//! Keys of logits and what truncation leaves of them, as `logits.wgsl` and `bounds.wgsl` have them.

use bytemuck::{Pod, Zeroable};

use super::SamplePhase;
use crate::resources::Resources;
use crate::{Bias, Output, Sample};

/// What truncation leaves of an output's logits.
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub struct Bounds {
    /// The least logit.
    pub least: f32,
    /// The key of the greatest: a logit as an integer in the same order.
    pub greatest: u32,
    /// The expected logit.
    pub center: f32,
    /// The largest distance of a logit from it.
    pub distance: f32,
}

impl Bounds {
    /// The bounds that all logits lie in.
    pub const NONE: Self = Self { least: f32::MIN, greatest: u32::MAX, center: 0.0, distance: f32::MAX };

    /// True for a logit that counts.
    #[must_use]
    pub fn hold(&self, logit: f32) -> bool {
        logit >= self.least && key_of(logit) <= self.greatest && (logit - self.center).abs() <= self.distance
    }
}

/// A logit as an integer in the same order; 0 for what is not a number.
pub(super) fn key_of(logit: f32) -> u32 {
    let magnitude = logit.abs().to_bits();
    match () {
        () if logit.is_nan() => 0,
        () if logit.is_sign_negative() => 0x8000_0000 - magnitude,
        () => 0x8000_0000 + magnitude,
    }
}

/// The logit of a key; f32's least for keys below its key.
pub(super) fn logit_of(key: u32) -> f32 {
    match key.checked_sub(0x8000_0000) {
        Some(magnitude) => f32::from_bits(magnitude),
        None => (-f32::from_bits(0x8000_0000 - key)).max(f32::MIN),
    }
}

impl Sample {
    /// The logits of an output.
    pub(super) fn logits<'a>(&self, resources: &'a Resources, index: usize) -> &'a [f32] {
        &resources.get::<f32>("logits")[index * self.stride as usize..][..self.vocabulary as usize]
    }

    /// Tells the tokens that a mask has.
    pub(super) fn allowed<'a>(&self, resources: &'a Resources, mask: u32) -> impl Fn(u32) -> bool + use<'a> {
        let row = &resources.get::<u32>("masks")[(mask * Self::mask_words(self.vocabulary)) as usize..];
        |token| row[token as usize / 32] >> (token % 32) & 1 != 0
    }

    /// The key of each of an output's logits; 0 for those that don't count in the phase.
    pub(super) fn keys(&self, resources: &Resources, (index, output): (usize, &Output)) -> Vec<u32> {
        if self.phase == SamplePhase::Logprobs as u32 {
            return self.logits(resources, index).iter().copied().map(key_of).collect();
        }
        let allowed = self.allowed(resources, output.mask_in_use());
        let first = self.phase == SamplePhase::Top as u32 || self.phase == SamplePhase::Few as u32;
        let bounds = if first { None } else { Some(resources.get::<Bounds>("bounds")[index]) };
        let key = |(token, logit): (u32, &f32)| {
            let counts = allowed(token) && *logit != Bias::NEVER;
            if counts && bounds.is_none_or(|bounds| bounds.hold(*logit)) { key_of(*logit) } else { 0 }
        };
        (0..).zip(self.logits(resources, index)).map(key).collect()
    }

    /// True where an output takes part in the phase.
    pub(super) fn takes_part(&self, output: &Output) -> bool {
        self.is_due(output)
            && match self.phase {
                0 | 5 => output.truncates(),
                3 => output.has_xtc(),
                4 => output.wants_logprobs(),
                _ => output.has_typical_p(),
            }
    }

    /// True where the output's keys are counted in the phase.
    pub(super) fn by_count(&self, output: &Output) -> bool {
        match self.phase {
            0 => (1..self.vocabulary).contains(&output.top_k),
            4 => output.alternatives > 1,
            5 => true,
            _ => false,
        }
    }

    /// True where their probabilities are.
    pub(super) fn by_probability(&self, output: &Output) -> bool {
        match self.phase {
            0 => output.has_top_p() && !output.has_typical_p(),
            1 => true,
            2 => output.has_top_p(),
            _ => false,
        }
    }
}
