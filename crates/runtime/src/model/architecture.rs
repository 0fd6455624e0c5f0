//! From metadata to [`ModelSpec`]: one mapping an architecture.

use wgslm_shaders::Attention;

use super::{ModelSpec, RopeSpec};
use crate::gguf::Metadata;
use crate::{Error, Result};

type Mapping = fn(&Metadata) -> Result<ModelSpec>;

const ARCHITECTURES: &[(&str, Mapping)] = &[("llama", llama)];

/// The names of the architectures that can be run, comma separated.
#[must_use]
pub fn supported_architectures() -> String {
    ARCHITECTURES.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}

impl ModelSpec {
    /// Reads a model's metadata.
    ///
    /// # Errors
    /// [`Error::UnsupportedArchitecture`], or [`Error::MissingMetadata`] and [`Error::InvalidMetadata`] with the key.
    pub fn from_metadata(metadata: &Metadata) -> Result<Self> {
        let architecture = metadata.require_str("general.architecture")?;
        let mapping = ARCHITECTURES.iter().find(|(name, _)| *name == architecture);
        let (_, mapping) = mapping.ok_or_else(|| Error::UnsupportedArchitecture {
            architecture: architecture.to_owned(),
            supported: supported_architectures(),
        })?;
        mapping(metadata)
    }
}

/// Llama and what is built like it. Source of the keys:
/// <https://github.com/ggml-org/ggml/blob/master/docs/gguf.md#llm>.
fn llama(metadata: &Metadata) -> Result<ModelSpec> {
    let width = positive(metadata, "llama.embedding_length")?;
    let heads = positive(metadata, "llama.attention.head_count")?;
    let kv_heads = match metadata.u32("llama.attention.head_count_kv")? {
        None => heads,
        Some(_) => positive(metadata, "llama.attention.head_count_kv")?,
    };
    if heads % kv_heads != 0 {
        return Err(invalid("llama.attention.head_count_kv", format!("{kv_heads} doesn't divide {heads} heads")));
    }
    let head_width = match metadata.u32("llama.attention.key_length")? {
        Some(length) => length,
        None if width % heads == 0 => width / heads,
        None => return Err(invalid("llama.attention.head_count", format!("{heads} doesn't divide the width {width}"))),
    };
    let widest = Attention::MAX_HEAD_PAIRS * 2;
    if head_width == 0 || head_width % 2 != 0 || head_width > widest {
        let reason = format!("a head of {head_width} values can't be run (even widths up to {widest} can)");
        return Err(invalid("llama.attention.key_length", reason));
    }
    if u64::from(heads) * u64::from(head_width) > MAX_SIZE.into() {
        return Err(invalid(
            "llama.attention.head_count",
            format!("{heads} heads of {head_width} values are too many"),
        ));
    }
    if metadata.u32("llama.attention.value_length")?.is_some_and(|length| length != head_width) {
        return Err(invalid(
            "llama.attention.value_length",
            "values of another width than keys can't be run".to_owned(),
        ));
    }
    if metadata.u32("llama.expert_count")?.is_some_and(|count| count > 0) {
        return Err(invalid("llama.expert_count", "mixtures of experts can't be run yet".to_owned()));
    }
    let vocabulary = match metadata.u32("llama.vocab_size")? {
        Some(size) => size,
        None => u32::try_from(metadata.require_strings("tokenizer.ggml.tokens")?.len()).unwrap_or(u32::MAX),
    };
    Ok(ModelSpec {
        architecture: "llama".to_owned(),
        name: metadata.str("general.name")?.unwrap_or_default().to_owned(),
        layers: positive(metadata, "llama.block_count")?,
        width,
        heads,
        kv_heads,
        head_width,
        feed_forward_width: positive(metadata, "llama.feed_forward_length")?,
        vocabulary: if vocabulary > 0 { vocabulary } else { positive(metadata, "llama.vocab_size")? },
        context_length: positive(metadata, "llama.context_length")?,
        norm_epsilon: metadata.require_f32("llama.attention.layer_norm_rms_epsilon")?,
        rope: rope(metadata, head_width)?,
        tied_head: false,
    })
}

fn rope(metadata: &Metadata, head_width: u32) -> Result<RopeSpec> {
    let width = metadata.u32("llama.rope.dimension_count")?.unwrap_or(head_width);
    if width % 2 != 0 || width > head_width {
        let reason = format!("{width} values of a head of {head_width} can't be rotated");
        return Err(invalid("llama.rope.dimension_count", reason));
    }
    let base = f64::from(metadata.f32("llama.rope.freq_base")?.unwrap_or(10_000.0));
    if !(base.is_finite() && base > 0.0) {
        return Err(invalid("llama.rope.freq_base", format!("{base} should be above 0")));
    }
    let factor = match metadata.str("llama.rope.scaling.type")? {
        None | Some("none") => 1.0,
        Some("linear") => f64::from(metadata.require_f32("llama.rope.scaling.factor")?),
        Some(other) => {
            return Err(invalid("llama.rope.scaling.type", format!("{other} can't be run (none and linear can)")));
        }
    };
    if !(factor.is_finite() && factor > 0.0) {
        return Err(invalid("llama.rope.scaling.factor", format!("{factor} should be above 0")));
    }
    let frequencies = (0..width / 2).map(|pair| (base.powf(-2.0 * f64::from(pair) / f64::from(width)) / factor) as f32);
    // GGUF stores llama's queries and keys so that the pairs stand side by side.
    Ok(RopeSpec { frequencies: frequencies.collect(), pair_step: 1, magnitude: 1.0 })
}

/// The largest size that is believed: far above any model's, far below where sums and products overflow.
const MAX_SIZE: u32 = 1 << 24;

/// A size: an integer from 1 to [`MAX_SIZE`].
fn positive(metadata: &Metadata, key: &str) -> Result<u32> {
    let number = metadata.require_u32(key)?;
    if (1..=MAX_SIZE).contains(&number) {
        Ok(number)
    } else {
        Err(invalid(key, format!("{number} should be from 1 to {MAX_SIZE}")))
    }
}

fn invalid(key: &str, reason: String) -> Error {
    Error::InvalidMetadata { key: key.to_owned(), reason }
}
