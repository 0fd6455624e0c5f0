//! Converts config.json's rotary position embedding (`rope_scaling` or `rope_parameters`) to GGUF's keys and tensors.

use std::f64::consts::TAU;

use super::config::{Config, invalid, lacks};
use super::keys::{HEADS, WIDTH};
use super::model_types::ModelType;
use crate::Result;
use crate::gguf::Value;

/// The base of rope where config.json has none.
const BASE: f64 = 10_000.0;

/// A tensor of factors that divide the rope frequencies: GGUF stores it where config.json has a formula or a list.
#[derive(Debug, PartialEq)]
pub(super) struct Factors {
    /// The tensor's name in GGUF.
    pub(super) name: &'static str,
    /// The factor of each pair of values.
    pub(super) values: Vec<f32>,
}

/// The parameters of rotary position embedding in config.json.
pub(super) struct Rope {
    base: Option<f64>,
    /// The base in layers with a sliding window, where it differs.
    sliding_base: Option<f64>,
    /// The width of a head, where config.json gives it.
    pub(super) head_width: Option<u64>,
    /// The number of values of a head that are rotated.
    width: u64,
    context: u64,
    scaling: Option<Config>,
}

impl Rope {
    pub(super) fn of(model: &ModelType, config: &Config) -> Result<Self> {
        // The newer form has all parameters in one object, or in an object for each kind of layer.
        let parameters = config.object("rope_parameters")?;
        let full = parameters.as_ref().map(|parameters| parameters.object("full_attention")).transpose()?.flatten();
        let sliding =
            parameters.as_ref().map(|parameters| parameters.object("sliding_attention")).transpose()?.flatten();
        let scaling = match (full.or(parameters), config.object("rope_scaling")?) {
            (Some(newer), _) => Some(newer),
            (None, older) => older,
        };
        let number = |name: &str| match scaling.as_ref().map(|scaling| scaling.number(&[name])).transpose()?.flatten() {
            Some(number) => Ok::<_, crate::Error>(Some(number)),
            None => config.number(&[name]),
        };
        let base = match number("rope_theta")? {
            Some(base) => Some(base),
            None => config.number(&["rotary_emb_base"])?.or(model.rope_base),
        };
        let sliding_base = match sliding {
            Some(sliding) => sliding.number(&["rope_theta"])?,
            None => config.number(&["rope_local_base_freq"])?,
        };
        let given = if model.ignores_head_width { None } else { config.count(&["head_dim"])?.or(model.head_width) };
        let head_width = match given {
            Some(width) => width,
            None => config.require_count(WIDTH)? / config.require_count(HEADS)?,
        };
        let part = number("partial_rotary_factor")?.unwrap_or(1.0);
        let width = (head_width as f64 * part) as u64;
        let context = config.count(&["max_position_embeddings", "n_positions"])?.unwrap_or_default();
        Ok(Self { base, sliding_base, head_width: given, width, context, scaling })
    }

    /// Sets the keys with `set`; returns the tensors.
    pub(super) fn write(self, set: &mut impl FnMut(&str, Value)) -> Result<Vec<Factors>> {
        set("rope.dimension_count", Value::U64(self.width));
        if let Some(base) = self.base {
            set("rope.freq_base", Value::F64(base));
        }
        if let Some(base) = self.sliding_base {
            set("rope.freq_base_swa", Value::F64(base));
        }
        let Some(scaling) = &self.scaling else { return Ok(Vec::new()) };
        let kind = match scaling.text("rope_type")? {
            Some(kind) => Some(kind),
            None => scaling.text("type")?,
        };
        match kind.as_deref() {
            None | Some("default") => Ok(Vec::new()),
            Some("linear") => {
                set("rope.scaling.type", Value::String("linear".to_owned()));
                set("rope.scaling.factor", Value::F64(required(scaling, "factor")?));
                Ok(Vec::new())
            }
            Some("yarn") => {
                set("rope.scaling.type", Value::String("yarn".to_owned()));
                set("rope.scaling.factor", Value::F64(required(scaling, "factor")?));
                let original = scaling.count(&["original_max_position_embeddings"])?.unwrap_or(self.context);
                set("rope.scaling.original_context_length", Value::U64(original));
                for (names, key) in [
                    (&["extrapolation_factor"][..], "rope.scaling.yarn_ext_factor"),
                    (&["attention_factor", "attn_factor"], "rope.scaling.yarn_attn_factor"),
                    (&["beta_fast"], "rope.scaling.yarn_beta_fast"),
                    (&["beta_slow"], "rope.scaling.yarn_beta_slow"),
                ] {
                    if let Some(value) = scaling.number(names)? {
                        set(key, Value::F64(value));
                    }
                }
                Ok(Vec::new())
            }
            Some("llama3") => Ok(vec![Factors { name: "rope_freqs.weight", values: self.llama3(scaling)? }]),
            Some("longrope" | "su") => {
                set("rope.scaling.type", Value::String("longrope".to_owned()));
                let list = |name: &str| -> Result<Vec<f32>> {
                    let values = scaling.numbers(name)?.ok_or_else(|| lacks(&[name]))?;
                    if values.len() as u64 != self.width / 2 {
                        let reason = format!(
                            "{name} has {} values; it should have one for each pair of the {} rotated values",
                            values.len(),
                            self.width
                        );
                        return Err(invalid(reason));
                    }
                    Ok(values.into_iter().map(|value| value as f32).collect())
                };
                Ok(vec![
                    Factors { name: "rope_factors_long.weight", values: list("long_factor")? },
                    Factors { name: "rope_factors_short.weight", values: list("short_factor")? },
                ])
            }
            Some(other) => Err(invalid(format!(
                "rope scaling {other} can't be run (default, linear, yarn, llama3 and longrope can)"
            ))),
        }
    }

    /// Llama 3.1's scaling: long wavelengths are scaled by the factor, short ones are kept, and those between are interpolated.
    /// Source: `_compute_llama3_parameters` of
    /// <https://github.com/huggingface/transformers/blob/main/src/transformers/modeling_rope_utils.py>.
    fn llama3(&self, scaling: &Config) -> Result<Vec<f32>> {
        let factor = required(scaling, "factor")?;
        let low = scaling.number(&["low_freq_factor"])?.unwrap_or(1.0);
        let high = scaling.number(&["high_freq_factor"])?.unwrap_or(4.0);
        let original = scaling.number(&["original_max_position_embeddings"])?.unwrap_or(8192.0);
        if !(factor > 0.0 && low > 0.0 && high > low && original > 0.0) {
            return Err(invalid(
                "its rope scaling should have factors above 0, and high_freq_factor above low_freq_factor".to_owned(),
            ));
        }
        if self.width > 1 << 16 {
            return Err(invalid(format!("heads of {} values are too wide", self.width)));
        }
        let base = self.base.unwrap_or(BASE);
        let factors = (0..self.width / 2).map(|pair| {
            let wave = TAU * base.powf(2.0 * pair as f64 / self.width as f64);
            let between = (original / wave - low) / (high - low);
            let scaled = match wave {
                wave if wave < original / high => 1.0,
                wave if wave > original / low => factor,
                _ => 1.0 / ((1.0 - between) / factor + between),
            };
            scaled as f32
        });
        Ok(factors.collect())
    }
}

fn required(scaling: &Config, name: &str) -> Result<f64> {
    scaling.number(&[name])?.ok_or_else(|| lacks(&[name]))
}
