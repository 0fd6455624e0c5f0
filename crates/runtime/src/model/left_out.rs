//! Tensors in a file that aren't run. Those that answers to text don't depend on are left out, with a warning.

use std::collections::BTreeMap;

use super::ModelSpec;

/// The parts of models that aren't run, by the prefix of their tensors' names.
const PARTS: [(&str, &str); 5] = [
    ("v.", "vision encoder"),
    ("a.", "audio encoder"),
    ("mm.", "projector of images and sound"),
    ("resampler.", "projector of images and sound"),
    ("mtp.", NEXTN),
];
const NEXTN: &str = "head that predicts tokens after the next";
/// The suffix of input scales, which only NVFP4 uses.
const INPUT_SCALE: &str = ".input_scale";

/// The part of a model that tensor `name` belongs to, if answers to text are the same without it; `None` where its name doesn't
/// tell. `nextn_layers` layers come after those that are run.
pub(super) fn part(spec: &ModelSpec, nextn_layers: u32, name: &str) -> Option<&'static str> {
    if name.ends_with(INPUT_SCALE) {
        return Some("scales of inputs");
    }
    if let Some((layer, _)) = name.strip_prefix("blk.").and_then(|rest| rest.split_once('.')) {
        let after = layer.parse::<usize>().ok()?.checked_sub(spec.layers.len())?;
        return (after < nextn_layers as usize).then_some(NEXTN);
    }
    PARTS.iter().find(|(start, _)| name.starts_with(start)).map(|(_, part)| *part)
}

/// Warns of tensors that are left out: a line for each part.
pub(super) fn warn<'a>(tensors: impl Iterator<Item = (&'static str, &'a str)>) {
    let mut parts: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (part, tensor) in tensors {
        parts.entry(part).or_default().push(tensor);
    }
    for (part, tensors) in parts {
        let first = tensors.first().copied().unwrap_or_default();
        tracing::warn!(first, tensors = tensors.len(), "the model's {part} isn't run; answers to text don't need it");
    }
}

#[cfg(test)]
mod tests {
    use wgslm_formats::gguf::Value;

    use super::*;
    use crate::model::architecture::metadata_of;

    #[test]
    fn what_is_left_out_is_told_from_what_answers_need() {
        let layers = [("block_count", Value::U64(3)), ("nextn_predict_layers", Value::U64(1))];
        let metadata = metadata_of("llama", &layers);
        let spec = ModelSpec::from_metadata(&metadata).expect("it can be run");
        assert_eq!(spec.layers.len(), 2, "the head's layer is not among them");
        for (name, expected) in [
            ("v.blk.0.attn_q.weight", true),
            ("mm.input_projection.weight", true),
            ("a.conv1d.1.weight", true),
            ("mtp.fc.weight", true),
            ("blk.2.nextn.eh_proj.weight", true),
            ("blk.2.attn_q.weight", true),
            ("blk.0.attn_q.input_scale", true),
            ("blk.1.nextn.eh_proj.weight", false),
            ("blk.3.attn_q.weight", false),
            ("blk.0.attn_q_norm.weight", false),
            ("blk.x.attn_q.weight", false),
            ("vision.weight", false),
            ("output.lora_a", false),
        ] {
            assert_eq!(part(&spec, 1, name).is_some(), expected, "{name}");
        }
        assert_eq!(part(&spec, 0, "blk.2.attn_q.weight"), None, "nothing says that it is a head's");
    }
}
