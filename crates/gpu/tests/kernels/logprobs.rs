//! Tests of log-probabilities, before any logit is changed.

use wgslm_shaders::{Output, Sample, SampleVariant};

use crate::case::{Agreement, Case, check};
use crate::random::{Random, strided};
use crate::sampling::{launches, truncated};

pub(crate) fn cases() -> Vec<Case> {
    [1, 7, 2049, 20_011].iter().flat_map(|vocabulary| of(*vocabulary)).collect()
}

type Content = (&'static str, fn(f32) -> f32);

fn of(vocabulary: usize) -> Vec<Case> {
    let contents: [Content; 3] = [
        ("peaked", |value| 12.0 * value * value * value),
        ("ties", |value| (3.0 * value).round()),
        ("equal", |_| -2.5),
    ];
    let mut random = Random::new(vocabulary as u64);
    let case = |(label, content): Content| {
        let outputs =
            [0, 1, 2, 6, Output::ALTERNATIVES + 1].map(|alternatives| Output { alternatives, ..Output::default() });
        let stride = vocabulary + 3;
        let logits = strided(&mut random, outputs.len(), vocabulary, stride, 1e9);
        // The gap holds what would always be the likeliest.
        let value = |(i, value): (usize, f32)| if i % stride < vocabulary { content(value) } else { value };
        let logits: Vec<f32> = logits.into_iter().enumerate().map(value).collect();
        let params = Sample { vocabulary: vocabulary as u32, stride: stride as u32, phase: 0, again: 0 };
        let resources = truncated(params, &outputs, &logits)
            .with("logprobs", &vec![7u32; (outputs.len() + 1) * Sample::LOGPROBS_WORDS as usize]);
        let start = (&launches(params, &SampleVariant::LOGPROBS)[..], outputs.len());
        Case::of_stages(format!("{label}, vocabulary {vocabulary}"), Agreement::Logprobs(1e-6), start, resources)
    };
    contents.map(case).into()
}

#[test]
fn every_device_finds_the_same_log_probabilities() {
    check(cases());
}
