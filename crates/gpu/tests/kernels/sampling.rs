//! Tests of both stages of `argmax`: the largest logit, and draws that are the same on every device.

use wgslm_shaders::cpu::Resources;
use wgslm_shaders::{Launch, Output, Sample, SampleVariant};

use crate::case::{Agreement, Case, check};
use crate::random::{Random, strided};

const VOCABULARIES: [usize; 8] = [1, 7, 256, 257, 2047, 2049, 5003, 49_152];

pub(crate) fn cases() -> Vec<Case> {
    let chosen = VOCABULARIES.iter().flat_map(|vocabulary| greedy(*vocabulary));
    let draws = VOCABULARIES.iter().flat_map(|vocabulary| [0.2, 1.0, 3.0].map(|t| drawn(*vocabulary, t, 13)));
    // Enough draws to include a near tie that an imprecise logarithm would decide differently.
    chosen.chain(draws.chain([drawn(257, 1.0, 6001)]).flatten()).collect()
}

/// Cases of the largest logit, each on logits with one peculiarity.
fn greedy(vocabulary: usize) -> Vec<Case> {
    let mut random = Random::new(vocabulary as u64);
    let mut rows = |change: &dyn Fn(usize, f32) -> f32| -> Vec<f32> {
        (0..3)
            .flat_map(|_| random.values(vocabulary))
            .enumerate()
            .map(|(i, value)| change(i % vocabulary, value))
            .collect()
    };
    let middle = vocabulary / 2;
    [
        ("random", rows(&|_, value| value)),
        ("negative", rows(&|_, value| -1e4 + value * 1e3)),
        ("ties", rows(&|_, value| (3.0 * value).round())),
        ("equal", rows(&|_, _| 2.5)),
        ("the least there is", rows(&|_, _| f32::MIN)),
        ("one NaN", rows(&|token, value| if token == middle { f32::NAN } else { value })),
        ("one infinity", rows(&|token, value| if token == middle { f32::NEG_INFINITY } else { value })),
    ]
    .into_iter()
    .flat_map(|(label, logits)| {
        let outputs = [2, 0, 1].map(|slot| Output { slot, ..Output::default() });
        cases_of(label, vocabulary, vocabulary, &logits, &outputs)
    })
    .collect()
}

/// Cases of many draws from few likely tokens, among which the noise decides.
fn drawn(vocabulary: usize, temperature: f32, draws: u32) -> [Case; 2] {
    let mut random = Random::new(vocabulary as u64);
    let outputs: Vec<Output> = (0..draws)
        .map(|slot| Output {
            slot,
            inverse_temperature: 1.0 / temperature,
            seed: random.word(),
            position: slot * 7,
            // One draw in three is truncated.
            top_k: if slot % 3 == 1 { 5 } else { 0 },
            ..Output::default()
        })
        .collect();
    let stride = vocabulary + 3;
    // The gap between rows holds logits that would always win.
    let logits: Vec<f32> =
        strided(&mut random, outputs.len(), vocabulary, stride, 1e3).into_iter().map(|value| 4.0 * value).collect();
    cases_of(&format!("{draws} at temperature {temperature}"), vocabulary, stride, &logits, &outputs)
}

/// A case of each stage, the second on the candidates that the reference finds in the first.
fn cases_of(label: &str, vocabulary: usize, stride: usize, logits: &[f32], outputs: &[Output]) -> [Case; 2] {
    let params = Sample { vocabulary: vocabulary as u32, stride: stride as u32 };
    let [partials, argmax] = SampleVariant::ARGMAX;
    let chunks = Sample::chunks(params.vocabulary) as usize;
    // One row and one slot more than there are outputs, which must stay unwritten.
    let mut resources = Resources::default()
        .with("outputs", outputs)
        .with("logits", logits)
        .with("banned", &banned(vocabulary))
        .with("thresholds", &vec![f32::NAN; outputs.len()])
        .with("candidates", &vec![u32::MAX; (outputs.len() + 1) * chunks])
        .with("sampled", &vec![u32::MAX; outputs.len() + 1]);
    params.reference(&SampleVariant::Truncate.into(), outputs.len(), &mut resources);
    let case = |variant, resources| {
        let start = (params, variant, outputs.len());
        Case::new(format!("{label}, vocabulary {vocabulary}"), Agreement::Exact, start, resources)
    };
    let first = case(partials, resources.clone());
    params.reference(&partials.into(), outputs.len(), &mut resources);
    [first, case(argmax, resources)]
}

/// A bit mask of banned tokens: one in five.
pub(crate) fn banned(vocabulary: usize) -> Vec<u32> {
    let mut words = vec![0; Sample::banned_words(vocabulary as u32) as usize];
    (4..vocabulary).step_by(5).for_each(|token| words[token / 32] |= 1 << (token % 32));
    words
}

#[test]
fn every_device_chooses_the_same_token() {
    check(cases());
}
