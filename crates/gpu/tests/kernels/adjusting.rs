//! Tests of `adjust`: biases, penalties of the last tokens, and DRY.

use wgslm_shaders::cpu::Resources;
use wgslm_shaders::{Bias, Output, Sample, SampleVariant};

use crate::case::{Agreement, Case, check};
use crate::random::{Random, strided};
use crate::sampling::{SLOTS, launches, resources};

pub(crate) fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = [3, 40, 2500].iter().flat_map(|vocabulary| of(*vocabulary)).collect();
    cases.push(choices());
    cases
}

/// Options, each alone and all together.
fn asked() -> Vec<Output> {
    let off = Output::default();
    let dry = Output {
        dry_multiplier: 0.8,
        dry_base: 1.75,
        dry_allowed_length: 2,
        dry_most_length: 160,
        dry_last_n: Output::HISTORY,
        ..off
    };
    let all = Output {
        repetition_penalty: 1.3,
        frequency_penalty: 0.1,
        presence_penalty: -0.2,
        penalty_last_n: 300,
        biases: 9,
        ..dry
    };
    vec![
        off,
        Output { biases: 1, ..off },
        Output { biases: Output::BIASES, ..off },
        Output { repetition_penalty: 1.5, penalty_last_n: 64, ..off },
        Output { repetition_penalty: 0.5, penalty_last_n: 1, ..off },
        Output { frequency_penalty: 0.3, penalty_last_n: Output::HISTORY, ..off },
        Output { presence_penalty: 2.0, penalty_last_n: 257, ..off },
        // A window of no tokens.
        Output { presence_penalty: 2.0, ..off },
        dry,
        Output { dry_allowed_length: 0, dry_last_n: 100, ..dry },
        Output { dry_allowed_length: 5, dry_most_length: 6, dry_base: 1.0, ..dry },
        Output { dry_last_n: 3, ..dry },
        all,
        Output { alternatives: 3, ..all },
    ]
}

fn of(vocabulary: usize) -> Vec<Case> {
    let mut random = Random::new(vocabulary as u64);
    let mut cases = Vec::new();
    for (label, token) in HISTORIES {
        for position in [0, 1, 65, 2048, 5000] {
            let fit = |output: Output| output.biases.min(vocabulary as u32);
            let outputs: Vec<Output> = (0..)
                .zip(asked())
                .map(|(i, output)| Output { slot: i % SLOTS, position, biases: fit(output), ..output })
                .collect();
            let (params, resources) = filled(vocabulary, &outputs, &mut random);
            let history: Vec<u32> = (0..SLOTS * Output::HISTORY)
                .map(|place| match token(place % Output::HISTORY, random.word()) {
                    // What a step leaves that ran ahead of a failure.
                    word if word % 97 == 5 => Sample::NOT_FINITE,
                    word => word % vocabulary as u32,
                })
                .collect();
            let resources = resources.with("history", &history);
            let label = format!("{label}, vocabulary {vocabulary}, position {position}");
            let start = (params, SampleVariant::Adjust, outputs.len());
            // In what order `changes` come is up to the device: `choices` reads them.
            cases.push(Case::new(label, Agreement::OfEach(2e-5), start, resources).only(&["logits"]));
        }
    }
    cases
}

type History = (&'static str, fn(u32, u32) -> u32);

/// Histories by place and a random number: with much and little repetition.
const HISTORIES: [History; 4] = [
    ("one token", |_, _| 1),
    ("a phrase of 37 tokens with a slip now and then", |place, random| {
        if random.is_multiple_of(50) { random >> 8 } else { place % 37 * 7 }
    }),
    ("two tokens", |_, random| random >> 31),
    ("random", |_, random| random >> 8),
];

/// Logits, biases and breakers; some logits are of tokens that are never chosen, and some no finite numbers.
fn filled(vocabulary: usize, outputs: &[Output], random: &mut Random) -> (Sample, Resources) {
    let stride = vocabulary + 3;
    let params = Sample { vocabulary: vocabulary as u32, stride: stride as u32, phase: 0, again: 0 };
    let mut logits = strided(random, outputs.len(), vocabulary, stride, 1e3);
    for row in logits.chunks_mut(stride) {
        row[..vocabulary].iter_mut().for_each(|logit| *logit *= 10.0);
        for (place, value) in [(7, f32::NAN), (14, f32::INFINITY), (21, f32::NEG_INFINITY), (28, f32::MIN)] {
            if place < vocabulary {
                row[place] = value;
            }
        }
    }
    let mut biases = Vec::new();
    for _ in 0..SLOTS {
        let mut tokens = random.shuffled(vocabulary);
        tokens.resize(Output::BIASES as usize, 0);
        let value = |i: usize| if i % 4 == 3 { Bias::NEVER } else { i as f32 * 0.5 - 3.0 };
        biases.extend(tokens.into_iter().enumerate().map(|(i, token)| Bias { token, value: value(i) }));
    }
    let words = (SLOTS * Sample::mask_words(vocabulary as u32)) as usize;
    // One token in 64 is a breaker.
    let breakers: Vec<u32> = (0..words).map(|_| (1 << (random.word() % 32)) & random.word()).collect();
    let resources = resources(params, outputs, &logits)
        .with("biases", &biases)
        .with("breakers", &breakers)
        .with("changes", &vec![u32::MAX; (outputs.len() + 1) * Sample::changes_words(vocabulary as u32) as usize])
        .with("logprobs", &vec![0u32; (outputs.len() + 1) * Sample::LOGPROBS_WORDS as usize]);
    (params, resources)
}

/// A case of the log-probabilities of tokens that are chosen after their logits were changed.
fn choices() -> Case {
    let vocabulary = 64;
    let outputs: Vec<Output> = (0..40)
        .map(|i| Output {
            sampled: i,
            slot: i % SLOTS,
            position: 40 + i,
            alternatives: (i % 5).min(1),
            biases: i % 3 * 20,
            frequency_penalty: 0.2 * (i % 2) as f32,
            penalty_last_n: 30,
            dry_multiplier: 0.1 * (i % 4) as f32,
            dry_base: 1.2,
            dry_allowed_length: 1,
            dry_most_length: 100,
            dry_last_n: 64,
            ..Output::default()
        })
        .collect();
    let mut random = Random::new(64);
    let (params, resources) = filled(vocabulary, &outputs, &mut random);
    let history: Vec<u32> = (0..SLOTS * Output::HISTORY).map(|_| random.word() % 16).collect();
    let mut logits = resources.get::<f32>("logits").to_vec();
    logits.iter_mut().filter(|logit| !logit.is_finite()).for_each(|logit| *logit = 0.5);
    let resources = resources.with("history", &history).with("logits", &logits);
    let stages = [&SampleVariant::ADJUST[..], &SampleVariant::ARGMAX, &SampleVariant::CHOSEN].concat();
    let start = (&launches(params, &stages)[..], outputs.len());
    Case::of_stages("chosen after changes", Agreement::Logprobs(1e-6), start, resources).expecting(start)
}

#[test]
fn every_device_adjusts_logits_alike() {
    check(cases());
}
