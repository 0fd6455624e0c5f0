//! Quantisation policies: the kind of weights that each tensor gets, by its name.

use std::str::FromStr;

use serde::Deserialize;
use wgslm_shaders::WeightFormat;

use crate::{Error, Result};

/// The kind of weights that a matrix gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// 8 bits with an f16 scale for each 32 weights: GGUF's Q8_0.
    Q8,
    /// 4 bits with an f16 scale for each 32 weights: GGUF's Q4_0.
    Q4,
    /// 4 bits that stand for the quantiles of a normal distribution, with an f16 scale for each 32 weights (QLoRA, Dettmers et
    /// al. 2023, has 64): no GGUF type.
    Nf4,
    /// Floats of 16 bits, from any type.
    F16,
    /// Floats of 32 bits, from any type.
    F32,
    /// The type that the matrix has.
    #[default]
    Keep,
}

impl Kind {
    /// The format of the quantised weights, whose scales are quantised too with `double_quant`; `None` for floats and `Keep`.
    pub(super) fn format(self, double_quant: bool) -> Option<WeightFormat> {
        let (plain, double) = match self {
            Self::Q8 => (WeightFormat::Q8_0, WeightFormat::Q8_DQ),
            Self::Q4 => (WeightFormat::Q4_0, WeightFormat::Q4_DQ),
            Self::Nf4 => (WeightFormat::NF4, WeightFormat::NF4_DQ),
            Self::F16 | Self::F32 | Self::Keep => return None,
        };
        Some(if double_quant { double } else { plain })
    }
}

/// A quantisation policy: the kind of weights that each matrix gets.
///
/// Its text is a name (`q8`, `q4`, `nf4`, `mixed`, each with `-dq` after it for doubly quantised scales, `f16` or `f32`) or a
/// JSON object such as `{"rules": [{"pattern": "blk.*.ffn_*", "kind": "q4"}], "default": "q8", "double_quant": true}`. In place
/// of `kind` a rule may have `bits`, 8 or 4. Without `default`, matrices that no rule matches are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// The rules, of which the first whose pattern matches a tensor's name applies.
    pub rules: Vec<Rule>,
    /// The kind of the matrices that no rule matches.
    pub default: Kind,
    /// True if scales are quantised too: a signed byte each, and an f32 for each 256 scales of a row.
    pub double_quant: bool,
}

/// The kind of weights for the matrices whose names match a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// A tensor name in which `*` stands for any characters and `blk.last.` for the prefix of the last block.
    pub pattern: String,
    /// The kind of their weights.
    pub kind: Kind,
}

impl Policy {
    /// The names of policies, for messages.
    pub const NAMES: &str = "q8, q4, nf4, mixed (each also with -dq), f16 or f32";

    /// The policy that gives every matrix the same kind.
    #[must_use]
    pub fn uniform(kind: Kind) -> Self {
        Self { default: kind, ..Self::default() }
    }

    /// The policy `mixed`: 8 bits for embeddings, output head, attention and the first and last blocks, which lose most by
    /// rounding; 4 bits for the rest.
    #[must_use]
    pub fn mixed() -> Self {
        let finer = ["token_embd.*", "output.*", "*attn*", "blk.0.*", "blk.last.*"];
        let rules = finer.map(|pattern| Rule { pattern: pattern.to_owned(), kind: Kind::Q8 }).to_vec();
        Self { rules, default: Kind::Q4, double_quant: false }
    }

    fn named(name: &str) -> Option<Self> {
        let (plain, double_quant) = name.strip_suffix("-dq").map_or((name, false), |plain| (plain, true));
        let policy = match plain {
            "q8" => Self::uniform(Kind::Q8),
            "q4" => Self::uniform(Kind::Q4),
            "nf4" => Self::uniform(Kind::Nf4),
            "mixed" => Self::mixed(),
            "f16" if !double_quant => Self::uniform(Kind::F16),
            "f32" if !double_quant => Self::uniform(Kind::F32),
            _ => return None,
        };
        Some(Self { double_quant, ..policy })
    }
}

impl FromStr for Policy {
    type Err = Error;

    /// Reads a name or a JSON object.
    ///
    /// # Errors
    /// [`Error::QuantizePolicy`] for anything else.
    fn from_str(text: &str) -> Result<Self> {
        if text.trim_start().starts_with('{') {
            let json: Json =
                serde_json::from_str(text).map_err(|error| invalid(format!("its JSON can't be read: {error}")))?;
            return json.try_into();
        }
        Self::named(text)
            .ok_or_else(|| invalid(format!("{text:?} is unknown; it should be {}, or a JSON object", Self::NAMES)))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Json {
    #[serde(default)]
    rules: Vec<JsonRule>,
    #[serde(default)]
    default: Kind,
    #[serde(default, alias = "doubleQuant")]
    double_quant: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JsonRule {
    pattern: String,
    kind: Option<Kind>,
    bits: Option<u32>,
}

impl TryFrom<Json> for Policy {
    type Error = Error;

    fn try_from(json: Json) -> Result<Self> {
        let rule = |JsonRule { pattern, kind, bits }: JsonRule| {
            let kind = match (kind, bits) {
                (Some(kind), None) => kind,
                (None, Some(8)) => Kind::Q8,
                (None, Some(4)) => Kind::Q4,
                (None, Some(bits)) => {
                    return Err(invalid(format!("{pattern:?} asks for {bits} bits; it should be 8 or 4")));
                }
                _ => return Err(invalid(format!("{pattern:?} should have either a kind or bits"))),
            };
            Ok(Rule { pattern, kind })
        };
        let rules = json.rules.into_iter().map(rule).collect::<Result<_>>()?;
        Ok(Self { rules, default: json.default, double_quant: json.double_quant })
    }
}

fn invalid(reason: String) -> Error {
    Error::QuantizePolicy { reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_json_say_the_same() {
        let rule = |pattern: &str, kind| Rule { pattern: pattern.to_owned(), kind };
        let all = |kind, double_quant| Policy { double_quant, ..Policy::uniform(kind) };
        for (text, policy) in [
            ("q8", all(Kind::Q8, false)),
            ("q4-dq", all(Kind::Q4, true)),
            ("nf4", all(Kind::Nf4, false)),
            ("f16", all(Kind::F16, false)),
            ("mixed", Policy::mixed()),
            ("mixed-dq", Policy { double_quant: true, ..Policy::mixed() }),
            ("{}", Policy::default()),
            (r#" {"default": "nf4", "doubleQuant": true}"#, all(Kind::Nf4, true)),
            (
                r#"{"rules": [{"pattern": "blk.*", "kind": "f32"}, {"pattern": "*", "bits": 8}], "double_quant": false}"#,
                Policy { rules: vec![rule("blk.*", Kind::F32), rule("*", Kind::Q8)], ..Policy::default() },
            ),
        ] {
            assert_eq!(text.parse::<Policy>().map_err(|error| error.to_string()), Ok(policy), "{text}");
        }
    }

    #[test]
    fn what_is_no_policy_is_told() {
        for (text, message) in [
            ("q5", "mixed (each also with -dq)"),
            ("f16-dq", "mixed (each also with -dq)"),
            ("", "mixed (each also with -dq)"),
            ("{", "its JSON"),
            (r#"{"default": "q5"}"#, "unknown variant `q5`"),
            (r#"{"ruels": []}"#, "unknown field `ruels`"),
            (r#"{"rules": [{"pattern": "a"}]}"#, "either a kind or bits"),
            (r#"{"rules": [{"pattern": "a", "kind": "q4", "bits": 4}]}"#, "either a kind or bits"),
            (r#"{"rules": [{"pattern": "a", "bits": 3}]}"#, "it should be 8 or 4"),
        ] {
            let error = text.parse::<Policy>().expect_err(text);
            assert_eq!(error.code(), "quantize-policy", "{text}");
            assert!(error.to_string().contains(message), "{text}: {error}");
        }
    }
}
