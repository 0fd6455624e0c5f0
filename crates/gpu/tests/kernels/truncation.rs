//! Tests of the stages of `truncate`, which find the least logit that top-k, top-p and min-p leave.

use wgslm_shaders::cpu::Resources;
use wgslm_shaders::{Launch, Output, Sample, SampleVariant};

use crate::case::{Agreement, Case, UNTOUCHED, check};
use crate::random::{Random, strided};
use crate::sampling::banned;

const VOCABULARIES: [usize; 7] = [1, 7, 255, 2047, 2049, 5003, 20_011];

pub(crate) fn cases() -> Vec<Case> {
    VOCABULARIES.iter().flat_map(|vocabulary| of(*vocabulary)).collect()
}

/// Combinations of (top-k, top-p, min-p) without min-p, whose thresholds every device finds exactly.
fn asked(vocabulary: usize) -> Vec<(u32, f32, f32)> {
    let size = vocabulary as u32;
    let top_k = [1, 2, 40, 1024, 1025, size - size / 3, size, size + 1, u32::MAX];
    let mut asked: Vec<_> = top_k.iter().flat_map(|k| [(*k, 0.0, 0.0), (*k, 0.83, 0.0)]).collect();
    // Nearer to 1, the last bits of the device's exponentials would decide among tokens of almost no probability.
    asked.extend([1e-30, 0.05, 0.437, 0.9, 0.99, 0.999].map(|p| (0, p, 0.0)));
    // Truncation that is off, which leaves the threshold unwritten.
    asked.extend([(0, 0.0, 0.0), (0, 1.0, 0.0)]);
    asked
}

fn of(vocabulary: usize) -> Vec<Case> {
    let exact = asked(vocabulary);
    // The last bits of logarithms differ between devices.
    let min_p = [1e-30, 0.01, 0.3, 1.0].iter().flat_map(|p| [(0, 0.0, *p), (40, 0.0, *p), (100, 0.95, *p)]).collect();
    let mut random = Random::new(vocabulary as u64);
    let mut cases = Vec::new();
    for (agreement, asked) in [(Agreement::Exact, exact), (Agreement::OfEach(1e-6), min_p)] {
        for (label, change) in CONTENTS {
            let outputs: Vec<Output> = (0..)
                .zip(&asked)
                .map(|(slot, (top_k, top_p, min_p))| Output {
                    slot,
                    top_k: *top_k,
                    top_p: *top_p,
                    min_p: *min_p,
                    ..Output::default()
                })
                .collect();
            let stride = vocabulary + 3;
            // The gap between rows holds logits that would always be the largest.
            let mut logits = strided(&mut random, outputs.len(), vocabulary, stride, 1e9);
            for row in logits.chunks_mut(stride) {
                for (token, logit) in row[..vocabulary].iter_mut().enumerate() {
                    *logit = change(token, *logit);
                }
            }
            let params = Sample { vocabulary: vocabulary as u32, stride: stride as u32 };
            let band = Sample::band_words(params.vocabulary) as usize;
            // One row more than there are outputs, which must stay unwritten.
            let words = |width: usize| vec![UNTOUCHED.to_bits(); (outputs.len() + 1) * width];
            let resources = Resources::default()
                .with("outputs", &outputs)
                .with("banned", &banned(vocabulary))
                .with("logits", &logits)
                .with("maxima", &words(Sample::chunks(params.vocabulary) as usize))
                .with("histogram", &words(Sample::HISTOGRAM_WORDS as usize))
                .with("band", &words(band))
                .with("thresholds", &words(1));
            cases.extend(of_stages(
                &format!("{label}, vocabulary {vocabulary}"),
                agreement,
                params,
                outputs.len(),
                &resources,
            ));
        }
    }
    cases
}

/// A case of all stages in a row on the device, and a case of each stage on the reference's results of those before it.
fn of_stages(label: &str, agreement: Agreement, params: Sample, count: usize, resources: &Resources) -> Vec<Case> {
    let stages = SampleVariant::TRUNCATION;
    let all = Case::of_stages(label, agreement, (params, &stages.map(Into::into), count), resources.clone());
    let mut before = resources.clone();
    let mut cases = vec![all];
    // For large vocabularies, comparing each stage's results would take too long.
    let stages = if params.vocabulary > 10_000 { &stages[..0] } else { &stages };
    for stage in stages.iter().copied() {
        let agreement = match stage {
            // Of each probability the last digits are the device's.
            SampleVariant::TruncateHistogram => Agreement::Wide(1e-5),
            SampleVariant::TruncateBand => Agreement::AnyOrder(Sample::band_words(params.vocabulary) as usize),
            SampleVariant::TruncateMaxima => Agreement::Exact,
            _ => agreement,
        };
        cases.push(Case::new(label, agreement, (params, stage, count), before.clone()));
        params.reference(&stage.into(), count, &mut before);
    }
    cases
}

type Change = fn(usize, f32) -> f32;

/// Logits with one peculiarity each, made from random values between -1 and 1.
const CONTENTS: [(&str, Change); 7] = [
    ("peaked", |_, value| 12.0 * value * value * value),
    ("flat", |_, value| value - 3.0),
    ("ties of both signs", |_, value| (3.0 * value).round()),
    ("all equal", |_, _| 2.5),
    ("very negative", |_, value| -3e38 + value * 1e36),
    ("the least there is, but for a few", |token, value| if token % 5 == 3 { value } else { f32::NEG_INFINITY }),
    ("one NaN", |token, value| if token == 2 { f32::NAN } else { 5.0 * value }),
];

#[test]
fn every_device_leaves_the_same_logits() {
    check(cases());
}
