//! Tests of the stages of `truncate` and of `xtc`, which find what top-k, typical-p, top-p, min-p and XTC leave.

use wgslm_shaders::cpu::Resources;
use wgslm_shaders::{Launch, Output, Sample, SampleStage, SampleVariant, Variant};

use crate::case::{Agreement, Case, check};
use crate::random::{Random, strided};
use crate::sampling::{SLOTS, launches, truncated};

const VOCABULARIES: [usize; 7] = [1, 7, 255, 2047, 2049, 5003, 20_011];

pub(crate) fn cases() -> Vec<Case> {
    let of_all = VOCABULARIES.iter().flat_map(|vocabulary| of(*vocabulary));
    let of_some = [7, 2049, 5003].iter().flat_map(|vocabulary| typical_and_xtc(*vocabulary));
    let of_few = [7, 257, 2049, 20_011].iter().flat_map(|vocabulary| few(*vocabulary));
    of_all.chain(of_some).chain(of_few).chain(draws()).collect()
}

/// Cases of everything that narrows few logits, in one stage.
fn few(vocabulary: usize) -> Vec<Case> {
    let rest = [
        (0.0, 0.0, 0.0, 0.0),
        (0.0, 0.7, 0.02, 0.0),
        (0.5, 0.0, 0.0, 0.0),
        (0.9, 0.8, 0.0, 0.02),
        (0.2, 0.0, 0.3, 0.0),
        (0.0, 0.0, 0.0, 0.003),
        (0.95, 0.95, 0.01, 0.05),
    ];
    let outputs = |top_k: u32| {
        rest.map(|(typical_p, top_p, min_p, xtc_threshold)| Output {
            top_k,
            typical_p,
            top_p,
            min_p,
            xtc_threshold,
            ..Output::default()
        })
    };
    // An output that isn't narrowed stays as it is.
    let outputs: Vec<Output> = [1, 2, 40, 255, 256].into_iter().flat_map(outputs).chain([Output::default()]).collect();
    let mut random = Random::new(vocabulary as u64 + 61);
    let mut cases = Vec::new();
    for content in CONTENTS {
        // As below, ties at a distance from the expected logit are decided by the device's last bits.
        let plain = !["peaked", "flat", "one NaN"].contains(&content.0);
        let outputs: Vec<Output> = outputs.iter().copied().filter(|output| !plain || !output.has_typical_p()).collect();
        let (params, resources) = filled(vocabulary, content, outputs, &mut random);
        let count = resources.get::<Output>("outputs").len();
        let agreement = Agreement::SameLogits(params.stride as usize);
        let stages = launches(params, &SampleVariant::FEW);
        let case = Case::of_stages(
            format!("{}, vocabulary {vocabulary}, few", content.0),
            agreement,
            (&stages, count),
            resources,
        );
        cases.push(case.expecting((&stages[stages.len() - 1..], count)));
    }
    cases
}

/// Cases of many draws after everything that narrows them, in one step with draws that ask for less: the draws, the refusals of masks,
/// and the draws after those.
fn draws() -> Vec<Case> {
    let mut random = Random::new(5);
    let outputs: Vec<Output> = (0..600)
        .map(|i| Output {
            sampled: i,
            slot: i % SLOTS,
            mask: i / 2 % 2,
            position: i,
            seed: random.word(),
            inverse_temperature: 0.7,
            top_k: i % 3 * 60,
            typical_p: 0.9 * (i % 2) as f32,
            top_p: if i % 5 < 3 { 0.9 } else { 1.0 },
            min_p: 0.02 * (i % 4) as f32,
            xtc_threshold: 0.03 * (i % 7 / 4) as f32,
            ..Output::default()
        })
        .collect();
    let (params, resources) = random_logits(257, CONTENTS[0], &outputs, &mut random);
    let draw =
        [&SampleVariant::TRUNCATION[..], &SampleVariant::TYPICAL, &SampleVariant::XTC, &SampleVariant::ARGMAX].concat();
    let [first, again] = [params, params.again()].map(|params| launches(params, &draw));
    let refuse = launches(params, &SampleVariant::REFUSE);
    let read = [
        SampleVariant::Truncate,
        SampleVariant::Xtc,
        SampleVariant::ArgmaxPartials,
        SampleVariant::Argmax,
        SampleVariant::Refuse,
    ]
    .map(Variant::from);
    let case = |label, stages: &[&[(Sample, Variant)]]| {
        let stages = stages.concat();
        let references: Vec<_> = stages.iter().copied().filter(|(_, stage)| read.contains(stage)).collect();
        let case = Case::of_stages(label, Agreement::Exact, (&stages, outputs.len()), resources.clone());
        case.expecting((&references, outputs.len()))
    };
    vec![
        case("draws", &[&first]),
        case("refusals", &[&first, &refuse]),
        case("draws after refusals", &[&first, &refuse, &again]),
    ]
}

/// Combinations of (top-k, top-p, min-p) without min-p, whose thresholds every device finds exactly.
fn asked(vocabulary: usize) -> Vec<(u32, f32, f32)> {
    let size = vocabulary as u32;
    let top_k = [1, 2, 40, 1024, 1025, size - size / 3, size, size + 1, u32::MAX];
    let mut asked: Vec<_> = top_k.iter().flat_map(|k| [(*k, 0.0, 0.0), (*k, 0.83, 0.0)]).collect();
    // Nearer to 1, the last bits of the device's exponentials would decide among tokens of almost no probability.
    let shares: &[f32] =
        if vocabulary > 10_000 { &[1e-30, 0.437, 0.9] } else { &[1e-30, 0.05, 0.437, 0.9, 0.99, 0.999] };
    asked.extend(shares.iter().map(|p| (0, *p, 0.0)));
    // Truncation that is off, which leaves the bounds unwritten.
    asked.extend([(0, 0.0, 0.0), (0, 1.0, 0.0)]);
    asked
}

fn of(vocabulary: usize) -> Vec<Case> {
    let exact = asked(vocabulary);
    // The last bits of logarithms differ between devices.
    let min_p = [1e-30, 0.01, 0.3, 1.0].iter().flat_map(|p| [(0, 0.0, *p), (40, 0.0, *p), (100, 0.95, *p)]).collect();
    // With this seed no threshold is within a millionth of another token, where the device's exponentials would decide.
    let mut random = Random::new(vocabulary as u64 + 27);
    let mut cases = Vec::new();
    for (agreement, asked) in [(Agreement::Exact, exact), (Agreement::OfEach(1e-6), min_p)] {
        for content in CONTENTS {
            let outputs: Vec<Output> = asked
                .iter()
                .map(|(top_k, top_p, min_p)| Output {
                    top_k: *top_k,
                    top_p: *top_p,
                    min_p: *min_p,
                    ..Output::default()
                })
                .collect();
            let (params, resources) = filled(vocabulary, content, outputs.clone(), &mut random);
            let label = format!("{}, vocabulary {vocabulary}", content.0);
            cases.extend(of_stages(&label, agreement, params, outputs.len(), &resources));
        }
    }
    cases
}

/// Outputs on random logits of some content, every other with the second mask, which every other of those has refused a token.
fn filled(vocabulary: usize, content: Content, mut outputs: Vec<Output>, random: &mut Random) -> (Sample, Resources) {
    outputs.iter_mut().step_by(2).for_each(|output| output.mask = 1);
    outputs.iter_mut().step_by(4).for_each(|output| output.refused = 1);
    random_logits(vocabulary, content, &outputs, random)
}

/// Outputs on random logits of some content.
fn random_logits(vocabulary: usize, content: Content, outputs: &[Output], random: &mut Random) -> (Sample, Resources) {
    let stride = vocabulary + 3;
    // The gap between rows holds logits that would always be the largest.
    let mut logits = strided(random, outputs.len(), vocabulary, stride, 1e9);
    for row in logits.chunks_mut(stride) {
        for (token, logit) in row[..vocabulary].iter_mut().enumerate() {
            *logit = content.1(token, *logit);
        }
    }
    let params = Sample { vocabulary: vocabulary as u32, stride: stride as u32, phase: 0, again: 0 };
    (params, truncated(params, outputs, &logits))
}

/// A case of all stages in a row on the device, and a case of each stage on the reference's results of those before it.
fn of_stages(label: &str, agreement: Agreement, params: Sample, count: usize, resources: &Resources) -> Vec<Case> {
    let stages = launches(params, &SampleVariant::TRUNCATION);
    let all = Case::of_stages(label, agreement, (&stages, count), resources.clone());
    let mut before = resources.clone();
    let mut cases = vec![all];
    // For large vocabularies, comparing each stage's results would take too long.
    let stages = if params.vocabulary > 10_000 { &[] } else { &SampleVariant::TRUNCATION[..] };
    for (stage, _) in stages.iter().copied() {
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

/// Cases of typical-p and of XTC, alone and after others: all stages in a row, and the sums on the reference's results.
fn typical_and_xtc(vocabulary: usize) -> Vec<Case> {
    let off = Output::default();
    let k = vocabulary as u32 / 2;
    let typical = [0.05, 0.2, 0.5, 0.9].iter().flat_map(|typical_p| {
        let typical_p = *typical_p;
        [
            Output { typical_p, ..off },
            Output { typical_p, top_k: k, ..off },
            Output { typical_p, top_p: 0.7, ..off },
            Output { typical_p, top_k: k, top_p: 0.8, min_p: 0.02, ..off },
            Output { typical_p, min_p: 0.3, ..off },
        ]
    });
    // Outputs without typical-p stay as top-k leaves them.
    let typical: Vec<Output> = typical.chain([off, Output { top_k: k, ..off }]).collect();
    let xtc = [f32::MIN_POSITIVE, 0.003, 0.1].map(|xtc_threshold| Output { xtc_threshold, ..off });
    let after = |output: &Output| Output { xtc_threshold: 0.02, ..*output };
    let xtc: Vec<Output> = xtc.into_iter().chain(typical.iter().map(after)).chain(typical[..3].to_vec()).collect();
    let truncation = &SampleVariant::TRUNCATION[..];
    let sums = [truncation, &SampleVariant::TYPICAL[..2]].concat();
    let rest = [truncation, &SampleVariant::TYPICAL].concat();
    let all = [truncation, &SampleVariant::TYPICAL, &SampleVariant::XTC].concat();
    let asked: [(&[SampleStage], &[Output]); 3] = [(&sums, &typical), (&rest, &typical), (&all, &xtc)];
    // As above.
    let mut random = Random::new(vocabulary as u64 + 43);
    let mut cases = Vec::new();
    // Where ties decide, distances from the expected logit would be told apart by the device's last bits.
    for content in CONTENTS.into_iter().filter(|content| ["peaked", "flat", "one NaN"].contains(&content.0)) {
        for (stages, outputs) in asked {
            let (params, resources) = filled(vocabulary, content, outputs.to_vec(), &mut random);
            let last = stages[stages.len() - 1].0;
            let agreement = match last {
                SampleVariant::TruncateMoments => Agreement::Wide(1e-5),
                _ => Agreement::SameLogits(params.stride as usize),
            };
            // What the references of stages write that these don't read is left out.
            let read = [SampleVariant::Truncate, SampleVariant::Xtc];
            let references: Vec<SampleStage> =
                stages.iter().copied().filter(|(stage, _)| read.contains(stage)).collect();
            let references = if last == SampleVariant::TruncateMoments { stages } else { &references };
            let label = format!("{}, vocabulary {vocabulary}, typical-p", content.0);
            let count = outputs.len();
            let case = Case::of_stages(label, agreement, (&launches(params, stages), count), resources);
            cases.push(case.expecting((&launches(params, references), count)));
        }
    }
    cases
}

type Content = (&'static str, fn(usize, f32) -> f32);

/// Logits with one peculiarity each, made from random values between -1 and 1.
const CONTENTS: [Content; 7] = [
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
