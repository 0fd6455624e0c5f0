//! Tests of both stages of `argmax`: the largest logit, and draws that are the same on every device.

use wgslm_shaders::cpu::Resources;
use wgslm_shaders::{Bounds, Launch, Output, Sample, SamplePhase, SampleStage, SampleVariant, Variant};

use crate::case::{Agreement, Case, UNTOUCHED, check};
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
        let outputs = [2, 0, 1].map(|slot| Output {
            sampled: 2 - slot,
            slot,
            mask: slot % 2,
            position: 5000,
            ..Output::default()
        });
        cases_of(label, vocabulary, vocabulary, &logits, &outputs)
    })
    .collect()
}

/// Cases of many draws from few likely tokens, among which the noise decides.
fn drawn(vocabulary: usize, temperature: f32, draws: u32) -> [Case; 2] {
    let mut random = Random::new(vocabulary as u64);
    let outputs: Vec<Output> = (0..draws)
        .map(|i| Output {
            sampled: i,
            slot: i % SLOTS,
            mask: i % 2,
            refused: i / 2 % 2,
            inverse_temperature: 1.0 / temperature,
            seed: random.word(),
            position: i * 7,
            // One draw in three is truncated.
            top_k: if i % 3 == 1 { 5 } else { 0 },
            ..Output::default()
        })
        .collect();
    let stride = vocabulary + 3;
    // The gap between rows holds logits that would always win.
    let mut logits: Vec<f32> =
        strided(&mut random, outputs.len(), vocabulary, stride, 1e3).into_iter().map(|value| 4.0 * value).collect();
    // Tokens that are never chosen, whatever the temperature.
    logits.chunks_mut(stride).for_each(|row| row[vocabulary / 3] = f32::MIN);
    cases_of(&format!("{draws} at temperature {temperature}"), vocabulary, stride, &logits, &outputs)
}

/// A case of each stage, the second on the candidates that the reference finds in the first.
fn cases_of(label: &str, vocabulary: usize, stride: usize, logits: &[f32], outputs: &[Output]) -> [Case; 2] {
    let params = Sample { vocabulary: vocabulary as u32, stride: stride as u32, phase: 0, again: 0 };
    let [partials, argmax] = SampleVariant::ARGMAX.map(|stage| stage.0);
    let mut resources = resources(params, outputs, logits);
    params.reference(&SampleVariant::Truncate.into(), outputs.len(), &mut resources);
    let case = |variant, resources| {
        let start = (params, variant, outputs.len());
        Case::new(format!("{label}, vocabulary {vocabulary}"), Agreement::Exact, start, resources)
    };
    let first = case(partials, resources.clone());
    params.reference(&partials.into(), outputs.len(), &mut resources);
    [first, case(argmax, resources)]
}

/// Slots that the outputs of cases are of, at most.
pub(crate) const SLOTS: u32 = 3;

/// What all kernels of the choice of a token read and write, but for what only `adjust` does: an output more than there are, which
/// must stay unwritten.
pub(crate) fn resources(params: Sample, outputs: &[Output], logits: &[f32]) -> Resources {
    let words = |width: u32| vec![UNTOUCHED.to_bits(); (outputs.len() + 1) * width as usize];
    Resources::default()
        .with("outputs", outputs)
        .with("logits", logits)
        .with("masks", &masks(params.vocabulary))
        .with(
            "bounds",
            &vec![Bounds { least: UNTOUCHED, greatest: 7, center: UNTOUCHED, distance: UNTOUCHED }; outputs.len() + 1],
        )
        .with("maxima", &words(Sample::chunks(params.vocabulary)))
        .with("moments", &words(Sample::MOMENTS_WORDS))
        .with("candidates", &words(Sample::chunks(params.vocabulary)))
        .with("sampled", &words(1))
        .with("history", &vec![0u32; (SLOTS * Output::HISTORY) as usize])
}

/// `resources`, with those of the stages that truncate.
pub(crate) fn truncated(params: Sample, outputs: &[Output], logits: &[f32]) -> Resources {
    let words = |width: u32| vec![UNTOUCHED.to_bits(); (outputs.len() + 1) * width as usize];
    resources(params, outputs, logits)
        .with("histogram", &words(Sample::HISTOGRAM_WORDS))
        .with("band", &words(Sample::band_words(params.vocabulary)))
}

/// Stages with their parameters.
pub(crate) fn launches(params: Sample, stages: &[SampleStage]) -> Vec<(Sample, Variant)> {
    let launch = |(variant, phase): &(SampleVariant, SamplePhase)| {
        (Sample { phase: *phase as u32, ..params }, (*variant).into())
    };
    stages.iter().map(launch).collect()
}

/// Two rows of allowed tokens, which leave out one in five and one in three.
fn masks(vocabulary: u32) -> Vec<u32> {
    let words = Sample::mask_words(vocabulary) as usize;
    let mut masks = vec![u32::MAX; 2 * words];
    for (row, first, step) in [(0, 4, 5), (1, 2, 3)] {
        (first..vocabulary as usize)
            .step_by(step)
            .for_each(|token| masks[row * words + token / 32] &= !(1 << (token % 32)));
    }
    masks
}

#[test]
fn every_device_chooses_the_same_token() {
    check(cases());
}
