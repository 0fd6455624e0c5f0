//! Rotary position embeddings from metadata.

use wgslm_formats::Result;

use super::keys::Keys;
use crate::model::RopeSpec;

/// The pairs of a head's values that rotate together.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Pairs {
    /// Neighbouring values, as in GGUF files of llama and of models converted like it.
    Neighbours,
    /// Each value and the one half the rotated width after it.
    Halves,
}

/// The name of the tensor of factors that any file may have.
const FACTORS: &str = "rope_freqs.weight";

/// The parameters of YaRN's ramp.
struct Ramp {
    /// Rotations within the original context above which a pair isn't scaled (beta fast).
    fast: f32,
    /// Rotations within the original context below which a pair is scaled fully (beta slow).
    slow: f32,
    /// The multiplier of the logarithm by which the magnitude is reduced.
    log_multiplier: f32,
}

impl Keys<'_> {
    /// The rope of the model's own base and scaling.
    pub(super) fn rope(&self, head_width: u32, pairs: Pairs) -> Result<RopeSpec> {
        let base = self.positive_f32("rope.freq_base")?.unwrap_or(10_000.0);
        self.rope_of_base(head_width, pairs, base)
    }

    /// The rope of a base, with the model's own scaling.
    pub(super) fn rope_of_base(&self, head_width: u32, pairs: Pairs, base: f32) -> Result<RopeSpec> {
        let rope = self.unscaled_rope(head_width, pairs, base)?;
        let scaled = match self.str("rope.scaling.type")? {
            Some("none") => Ok(rope),
            Some("longrope") => self.by_length(self.linear(rope)?),
            None | Some("linear") => self.linear(rope),
            Some("yarn") => self.yarn(rope, base),
            Some(other) => {
                let reason = format!("{other} can't be run (none, linear, yarn and longrope can)");
                return Err(self.invalid("rope.scaling.type", reason));
            }
        };
        let attention_factor = self.positive_f32("rope.scaling.attn_factor")?.unwrap_or(1.0);
        scaled.map(|rope| RopeSpec { magnitude: rope.magnitude * attention_factor, ..rope })
    }

    /// A rope of this base, without scaling.
    pub(super) fn unscaled_rope(&self, head_width: u32, pairs: Pairs, base: f32) -> Result<RopeSpec> {
        let width = self.u32("rope.dimension_count")?.unwrap_or(head_width);
        if width % 2 != 0 || width > head_width {
            let reason = format!("{width} values of a head of {head_width} can't be rotated");
            return Err(self.invalid("rope.dimension_count", reason));
        }
        let exponent = |pair: u32| -2.0 * f64::from(pair) / f64::from(width);
        let frequencies = (0..width / 2).map(|pair| f64::from(base).powf(exponent(pair)) as f32).collect();
        Ok(RopeSpec {
            frequencies,
            pair_step: if pairs == Pairs::Neighbours { 1 } else { width / 2 },
            magnitude: 1.0,
            factors: vec![(u32::MAX, FACTORS)],
        })
    }

    /// The factor by which the context is longer than the original one; 1 where the file has none, or a 0.
    fn factor(&self) -> Result<f32> {
        // Old files have the second key.
        let key = match self.f32("rope.scaling.factor")? {
            Some(_) => "rope.scaling.factor",
            None => "rope.scale_linear",
        };
        Ok(self.positive_or_off(key)?.unwrap_or(1.0))
    }

    /// The length of the original context, which the model was first trained for.
    fn original_context(&self) -> Result<u32> {
        match self.u32("rope.scaling.original_context_length")? {
            None | Some(0) => self.size("context_length"),
            Some(_) => self.size("rope.scaling.original_context_length"),
        }
    }

    /// LongRoPE (Ding et al. 2024): a factor for each pair, from one tensor for contexts up to the original one, and another for
    /// longer ones.
    pub(super) fn by_length(&self, rope: RopeSpec) -> Result<RopeSpec> {
        let original = self.original_context()?;
        let factors = vec![(original, "rope_factors_short.weight"), (u32::MAX, "rope_factors_long.weight")];
        Ok(RopeSpec { factors, ..rope })
    }

    /// Linear scaling, which moves all positions closer together (Chen et al. 2023).
    fn linear(&self, mut rope: RopeSpec) -> Result<RopeSpec> {
        let factor = self.factor()?;
        rope.frequencies.iter_mut().for_each(|frequency| *frequency /= factor);
        Ok(rope)
    }

    /// The ramp's parameters: the paper's, or the file's for Mistral 3.
    fn ramp(&self) -> Result<Ramp> {
        let number = |name: &str, default| match self.architecture {
            "mistral3" => Ok(self.f32(name)?.unwrap_or(default)),
            _ => Ok(default),
        };
        Ok(Ramp {
            fast: number("rope.scaling.yarn_beta_fast", 32.0)?,
            slow: number("rope.scaling.yarn_beta_slow", 1.0)?,
            log_multiplier: number("rope.scaling.yarn_log_multiplier", 0.0)?,
        })
    }

    /// YaRN (Peng et al. 2023): pairs that rotate often within the original context keep their frequencies, those that rotate
    /// less than once are scaled linearly, and there is a ramp between.
    fn yarn(&self, mut rope: RopeSpec, base: f32) -> Result<RopeSpec> {
        let factor = self.factor()?;
        let original = self.original_context()?;
        let Ramp { fast, slow, log_multiplier } = self.ramp()?;
        let width = 2.0 * rope.frequencies.len() as f32;
        // The pair that rotates `turns` times within the original context.
        let pair_of =
            |turns: f32| width * (original as f32 / (turns * 2.0 * std::f32::consts::PI)).ln() / (2.0 * base.ln());
        let low = pair_of(fast).floor().max(0.0);
        let high = pair_of(slow).ceil().min(width - 1.0);
        for (pair, frequency) in rope.frequencies.iter_mut().enumerate() {
            let kept = 1.0 - ((pair as f32 - low) / (high - low).max(0.001)).clamp(0.0, 1.0);
            *frequency = *frequency / factor * (1.0 - kept) + *frequency * kept;
        }
        let grown = |multiplier: f32| 1.0 + 0.1 * multiplier * factor.max(1.0).ln();
        rope.magnitude *= grown(1.0) / grown(log_multiplier);
        Ok(rope)
    }
}
