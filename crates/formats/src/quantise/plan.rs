//! The storage of each tensor of a file under a policy.

use std::collections::{BTreeSet, HashMap};

use wgslm_shaders::WeightFormat;
use wgslm_shaders::format::GROUP;

use super::pattern::matches;
use super::{Kind, Policy};
use crate::gguf::{TensorInfo, TensorType, float_kind, weight_format};
use crate::{Error, Result};

/// The storage of a tensor's weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    /// Blocks of a GGUF type.
    Blocks(TensorType),
    /// A device format that floats are quantised to.
    Quantised(WeightFormat),
}

impl Stored {
    /// The format on the device; `None` for types that can't be run.
    pub fn format(self) -> Option<WeightFormat> {
        match self {
            Self::Blocks(kind) => weight_format(kind),
            Self::Quantised(format) => Some(format),
        }
    }
}

/// Patterns of the matrices that stay floats: they are small, and mostly select what is computed. llama.cpp keeps them too
/// (`llama_tensor_get_type` and its like in <https://github.com/ggml-org/llama.cpp/blob/master/src/llama-quant.cpp>).
const FLOATS: [&str; 4] = ["*ffn_gate_inp*", "position_embd.*", "token_types.*", "*conv*"];

/// True if a tensor is a matrix whose storage may change.
fn changes(tensor: &TensorInfo) -> bool {
    let name = &tensor.name;
    tensor.shape.len() > 1 && name.ends_with(".weight") && !FLOATS.iter().any(|pattern| matches(pattern, name))
}

/// The new storage of those tensors of a file that change, by name.
#[derive(Debug, Default)]
pub struct Plan {
    changed: HashMap<String, Stored>,
}

impl Plan {
    /// Plans the storage of `tensors` under `policy`. Only matrices change: weights with rows and columns. Quantised matrices
    /// aren't quantised again, and rows that aren't whole groups of 32 weights are kept.
    ///
    /// # Errors
    /// [`Error::AlreadyQuantised`] where the policy asks for quantised weights and there are no floats to quantise.
    pub fn new(policy: &Policy, tensors: &[TensorInfo]) -> Result<Self> {
        let last_block = tensors.iter().filter_map(|tensor| block(&tensor.name)).max().unwrap_or(0);
        let patterns: Vec<String> =
            policy.rules.iter().map(|rule| rule.pattern.replace("blk.last.", &format!("blk.{last_block}."))).collect();
        let mut used = vec![false; patterns.len()];
        let (mut changed, mut refused, mut floats) = (HashMap::new(), BTreeSet::new(), false);
        for tensor in tensors {
            let rule = patterns.iter().position(|pattern| matches(pattern, &tensor.name));
            let kind = rule.map_or(policy.default, |rule| policy.rules[rule].kind);
            used.iter_mut().zip(&patterns).for_each(|(used, pattern)| *used |= matches(pattern, &tensor.name));
            let Some(source) = weight_format(tensor.kind).filter(|_| changes(tensor)) else { continue };
            floats |= !source.has_scales();
            let target = kind.format(policy.double_quant);
            if target.is_some() && source.has_scales() {
                refused.insert(tensor.kind.name());
            } else if target.is_some() && !tensor.row_len().is_multiple_of(GROUP as u64) {
                tracing::warn!(
                    tensor = tensor.name,
                    "its rows aren't whole groups of {GROUP} weights: it's kept as it is"
                );
            } else if let Some(stored) = stored(kind, target, tensor.kind) {
                changed.insert(tensor.name.clone(), stored);
            }
        }
        // The rules of a named policy are for models of any tensors.
        let named = Policy::mixed().rules;
        for (rule, _) in policy.rules.iter().zip(used).filter(|(rule, used)| !used && !named.contains(rule)) {
            tracing::warn!(pattern = rule.pattern, "no tensor has a name that this pattern of the policy matches");
        }
        let kinds = refused.into_iter().collect::<Vec<_>>().join(", ");
        if !kinds.is_empty() && !floats && changed.is_empty() {
            return Err(Error::AlreadyQuantised { kinds });
        }
        if !kinds.is_empty() {
            tracing::info!(kinds, "tensors that are quantised already are kept as they are");
        }
        Ok(Self { changed })
    }

    /// The storage of `tensor`.
    pub fn of(&self, tensor: &TensorInfo) -> Stored {
        self.changed.get(&tensor.name).copied().unwrap_or(Stored::Blocks(tensor.kind))
    }
}

/// The new storage of a tensor of type `from`; `None` where it doesn't change.
fn stored(kind: Kind, target: Option<WeightFormat>, from: TensorType) -> Option<Stored> {
    let stored = match kind {
        Kind::F16 => Stored::Blocks(TensorType::F16),
        Kind::F32 => Stored::Blocks(TensorType::F32),
        _ => Stored::Quantised(target.filter(|_| float_kind(from).is_some())?),
    };
    (stored != Stored::Blocks(from)).then_some(stored)
}

/// The block that a tensor belongs to.
fn block(name: &str) -> Option<u32> {
    name.strip_prefix("blk.")?.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tensor(name: &str, kind: TensorType, shape: &[u64]) -> TensorInfo {
        TensorInfo { name: name.to_owned(), kind, shape: shape.to_vec(), offset: 0, bytes: 0 }
    }

    fn tensors(kind: TensorType) -> Vec<TensorInfo> {
        let mut all = vec![
            tensor("token_embd.weight", kind, &[256, 8]),
            tensor("output_norm.weight", TensorType::F32, &[256]),
            tensor("odd.weight", kind, &[256 + 16, 8]),
            tensor("blk.1.ffn_gate_inp.weight", kind, &[256, 8]),
            tensor("blk.1.ffn_up_exps.bias", kind, &[256, 8]),
        ];
        for block in [0, 1, 10, 2] {
            all.push(tensor(&format!("blk.{block}.attn_q.weight"), kind, &[256, 8]));
            all.push(tensor(&format!("blk.{block}.ffn_up.weight"), kind, &[256, 8]));
        }
        all
    }

    const Q4: Stored = Stored::Quantised(WeightFormat::Q4_0);
    const Q8: Stored = Stored::Quantised(WeightFormat::Q8_0);
    const F16: Stored = Stored::Blocks(TensorType::F16);

    #[test]
    fn a_mixed_policy_keeps_sensitive_tensors_finer() {
        let tensors = tensors(TensorType::F16);
        let plan = Plan::new(&Policy::mixed(), &tensors).expect("there are floats");
        for (name, stored) in [
            ("token_embd.weight", Q8),
            ("blk.0.ffn_up.weight", Q8),
            ("blk.1.ffn_up.weight", Q4),
            ("blk.2.ffn_up.weight", Q4),
            ("blk.10.ffn_up.weight", Q8),
            ("blk.1.attn_q.weight", Q8),
            ("output_norm.weight", Stored::Blocks(TensorType::F32)),
            ("odd.weight", F16),
            ("blk.1.ffn_gate_inp.weight", F16),
            ("blk.1.ffn_up_exps.bias", F16),
        ] {
            let tensor = tensors.iter().find(|tensor| tensor.name == name).expect("it is one of them");
            assert_eq!(plan.of(tensor), stored, "{name}");
        }
    }

    #[test]
    fn the_first_rule_that_matches_decides() {
        let policy = r#"{"rules": [{"pattern": "blk.1.*", "kind": "keep"}, {"pattern": "blk.*.ffn_*", "kind": "q4"},
            {"pattern": "blk.*", "kind": "nf4"}, {"pattern": "nothing", "kind": "q4"}], "default": "q8", "double_quant": true}"#;
        let tensors = tensors(TensorType::BF16);
        let plan = Plan::new(&policy.parse().expect("it is one"), &tensors).expect("there are floats");
        for (name, stored) in [
            ("blk.1.ffn_up.weight", Stored::Blocks(TensorType::BF16)),
            ("blk.10.ffn_up.weight", Stored::Quantised(WeightFormat::Q4_DQ)),
            ("blk.10.attn_q.weight", Stored::Quantised(WeightFormat::NF4_DQ)),
            ("token_embd.weight", Stored::Quantised(WeightFormat::Q8_DQ)),
        ] {
            let tensor = tensors.iter().find(|tensor| tensor.name == name).expect("it is one of them");
            assert_eq!(plan.of(tensor), stored, "{name}");
        }
    }

    #[test]
    fn what_is_quantised_is_not_quantised_again() {
        let mut tensors = tensors(TensorType::Q4_1);
        let error = Plan::new(&Policy::uniform(Kind::Q8), &tensors).expect_err("there is nothing to quantise");
        assert_eq!(error.code(), "already-quantized");
        assert!(error.to_string().contains("Q4_1"), "{error}");
        // Quantised weights can become floats, and a file of both has its floats quantised.
        let plan = Plan::new(&Policy::uniform(Kind::F16), &tensors).expect("any type can be dequantised");
        assert_eq!(plan.of(&tensors[0]), F16);
        tensors[0].kind = TensorType::F32;
        let plan = Plan::new(&Policy::uniform(Kind::Q8), &tensors).expect("there are floats");
        assert_eq!((plan.of(&tensors[0]), plan.of(&tensors[2])), (Q8, Stored::Blocks(TensorType::Q4_1)));
    }
}
