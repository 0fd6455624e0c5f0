//! Draws follow softmax: the reference's, which the kernels' tests hold every device to, draw by draw.

use wgslm_shaders::cpu::Resources;
use wgslm_shaders::{Bounds, Launch, Output, Sample, SamplePhase, SampleVariant};

const LOGITS: [f32; 8] = [2.0, 1.0, 0.0, -1.0, 2.0, -30.0, 0.5, -2.0];

/// The tokens that these (seed, step) draw at a temperature.
fn draws(temperature: f32, seeds_and_steps: impl Iterator<Item = (u32, u32)>) -> Vec<u32> {
    draws_with(Output::default(), temperature, seeds_and_steps)
}

/// The same, truncated as `output` asks.
fn draws_with(output: Output, temperature: f32, seeds_and_steps: impl Iterator<Item = (u32, u32)>) -> Vec<u32> {
    draws_from(&LOGITS, output, temperature, seeds_and_steps)
}

fn draws_from(
    logits: &[f32],
    output: Output,
    temperature: f32,
    seeds_and_steps: impl Iterator<Item = (u32, u32)>,
) -> Vec<u32> {
    let drawn = |(sampled, (seed, position))| Output {
        sampled,
        inverse_temperature: 1.0 / temperature,
        seed,
        position,
        ..output
    };
    let outputs: Vec<Output> = (0..).zip(seeds_and_steps).map(drawn).collect();
    let vocabulary = logits.len() as u32;
    let mut resources = Resources::default()
        .with("outputs", &outputs)
        .with("logits", &logits.repeat(outputs.len()))
        .with("masks", &vec![u32::MAX; Sample::mask_words(vocabulary) as usize])
        .with("bounds", &vec![Bounds { least: f32::NAN, greatest: 0, center: f32::NAN, distance: 0.0 }; outputs.len()])
        .with("candidates", &vec![u32::MAX; outputs.len()])
        .with("sampled", &vec![u32::MAX; outputs.len()])
        .with("history", &vec![0u32; Output::HISTORY as usize]);
    for (stage, phase) in [
        (SampleVariant::Truncate, SamplePhase::Top),
        (SampleVariant::Truncate, SamplePhase::Typical),
        (SampleVariant::Truncate, SamplePhase::Rest),
        (SampleVariant::Xtc, SamplePhase::Xtc),
        (SampleVariant::ArgmaxPartials, SamplePhase::Top),
        (SampleVariant::Argmax, SamplePhase::Top),
    ] {
        Sample::new(vocabulary, phase).reference(&stage.into(), outputs.len(), &mut resources);
    }
    resources.get::<u32>("sampled").to_vec()
}

/// Pearson's chi-square of the draws against softmax(logits / temperature), over the tokens expected at least five times.
fn chi_square(temperature: f32, draws: &[u32]) -> f64 {
    chi_square_of(&[0, 1, 2, 3, 4, 5, 6, 7], temperature, draws)
}

/// The same against the softmax of the logits of the tokens that are `kept`; others must not come at all.
fn chi_square_of(kept: &[usize], temperature: f32, draws: &[u32]) -> f64 {
    let mut weights = [0.0; LOGITS.len()];
    for token in kept {
        weights[*token] = f64::from(LOGITS[*token] / temperature).exp();
    }
    let total: f64 = weights.iter().sum();
    (0..)
        .zip(weights)
        .map(|(token, weight)| {
            let expected = weight / total * draws.len() as f64;
            let observed = draws.iter().filter(|drawn| **drawn == token).count() as f64;
            if weight == 0.0 {
                assert!(observed == 0.0, "token {token} came, which is truncated");
                return 0.0;
            }
            if expected < 5.0 {
                assert!(observed < 20.0, "token {token} came {observed} times where {expected:.1} were expected");
                return 0.0;
            }
            (observed - expected).powi(2) / expected
        })
        .sum()
}

#[test]
fn frequencies_follow_softmax() {
    const DRAWS: u32 = 40_000;
    // With 7 degrees of freedom chance alone exceeds this once in a hundred thousand.
    const LIMIT: f64 = 34.9;
    for temperature in [0.5, 1.0, 2.5] {
        for (what, drawn) in [
            ("the steps of a seed", draws(temperature, (0..DRAWS).map(|step| (42, step)))),
            ("the seeds of a step", draws(temperature, (0..DRAWS).map(|seed| (seed, 7)))),
            ("seed and step together", draws(temperature, (0..DRAWS).map(|i| (i, i)))),
        ] {
            let statistic = chi_square(temperature, &drawn);
            assert!(statistic < LIMIT, "{what} at temperature {temperature}: {statistic:.1}");
        }
    }
}

#[test]
fn truncated_draws_follow_softmax_of_what_is_left() {
    // At temperature 1 tokens 0 and 4 have 0.358 each, 1 has 0.132, 6 has 0.080, 2 has 0.048, 3 has 0.018, 7 has 0.007.
    let off = Output::default();
    let cases: [(Output, &[usize]); 17] = [
        (Output { top_k: 1, ..off }, &[0, 4]),
        (Output { top_k: 3, ..off }, &[0, 1, 4]),
        (Output { top_k: 8, ..off }, &[0, 1, 2, 3, 4, 5, 6, 7]),
        (Output { top_p: 0.75, ..off }, &[0, 1, 4]),
        (Output { top_p: 0.9, ..off }, &[0, 1, 4, 6]),
        (Output { min_p: 0.2, ..off }, &[0, 1, 4, 6]),
        (Output { min_p: 1.0, ..off }, &[0, 4]),
        // Of what top-k leaves, tokens 0 and 4 have 0.84.
        (Output { top_k: 3, top_p: 0.82, ..off }, &[0, 4]),
        (Output { top_k: 5, top_p: 0.98, min_p: 0.15, ..off }, &[0, 1, 4, 6]),
        // The expected logit is 1.57.
        (Output { typical_p: 0.7, ..off }, &[0, 4]),
        (Output { typical_p: 0.75, ..off }, &[0, 1, 4]),
        (Output { top_k: 4, typical_p: 0.9, ..off }, &[0, 1, 4]),
        // Of what is left, tokens 0 and 4 have 0.42 each, 1 has 0.16.
        (Output { typical_p: 0.75, top_p: 0.9, ..off }, &[0, 1, 4]),
        (Output { typical_p: 0.75, min_p: 0.5, ..off }, &[0, 4]),
        (Output { xtc_threshold: 0.1, ..off }, &[1, 2, 3, 5, 6, 7]),
        // Equally likely tokens stay together.
        (Output { xtc_threshold: 0.2, ..off }, &[0, 1, 2, 3, 4, 5, 6, 7]),
        (Output { min_p: 0.1, xtc_threshold: 0.06, ..off }, &[2, 6]),
    ];
    for (output, kept) in cases {
        for temperature in [0.5, 1.0, 2.5] {
            let drawn = draws_with(output, temperature, (0..20_000).map(|step| (11, step)));
            let statistic = chi_square_of(kept, temperature, &drawn);
            assert!(statistic < 34.9, "{output:?} at temperature {temperature}: {statistic:.1}");
        }
    }
}

#[test]
fn typical_p_may_leave_out_the_likeliest_token() {
    // It has a probability of 0.46, and the expected logit is 1.86: nearer to all others.
    let mut logits = [0.0; 64];
    logits[9] = 4.0;
    for (typical_p, likeliest) in [(0.5, false), (0.6, true)] {
        let output = Output { typical_p, ..Output::default() };
        let drawn = draws_from(&logits, output, 1.0, (0..200).map(|step| (5, step)));
        assert_eq!(drawn.contains(&9), likeliest, "typical-p {typical_p}");
    }
}

#[test]
fn a_draw_depends_on_seed_and_step_alone() {
    let first = draws(1.0, (0..64).map(|step| (3, step)));
    assert_eq!(first, draws(1.0, (0..64).map(|step| (3, step))));
    let reversed: Vec<u32> = draws(1.0, (0..64).rev().map(|step| (3, step))).into_iter().rev().collect();
    assert_eq!(first, reversed);
    assert_ne!(first, draws(1.0, (0..64).map(|step| (4, step))));
}
