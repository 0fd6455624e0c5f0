//! Tests that what devices draw follows softmax of what is left.

use pollster::block_on;
use wgslm_gpu::{Gpu, execute};
use wgslm_shaders::cpu::Resources;
use wgslm_shaders::{Bounds, Extent, Output, Sample, SampleStage, SampleVariant};

use crate::adapters::adapters;
use crate::sampling::{launches, truncated};

/// At temperature 1 tokens 0 and 4 have 0.358 each, 1 has 0.132, 6 has 0.080, 2 has 0.048, 3 has 0.018, 7 has 0.007. The masks leave
/// out token 4, or tokens 2 and 5.
const LOGITS: [f32; 8] = [2.0, 1.0, 0.0, -1.0, 2.0, -30.0, 0.5, -2.0];
const DRAWS: u32 = 20_000;

/// Runs stages on these resources, and leaves in them what the stages write.
fn run(gpu: &Gpu, params: Sample, stages: &[SampleStage], resources: &mut Resources) {
    let extent = Extent { count: resources.get::<Output>("outputs").len() as u32, context: 0 };
    for (launch, stage) in launches(params, stages) {
        let written = block_on(execute(gpu, launch, stage, extent, resources)).expect("it runs");
        written.iter().for_each(|(name, words)| resources.set(name, words));
    }
}

/// How often each token is drawn. All draws are of the same logits, so their bounds are looked for once.
fn frequencies(gpu: &Gpu, asked: Output, temperature: f32) -> [f64; LOGITS.len()] {
    let params = Sample { vocabulary: LOGITS.len() as u32, stride: 0, phase: 0, again: 0 };
    let mut one = truncated(params, &[asked], &LOGITS);
    let stages = [&SampleVariant::TRUNCATION[..], &SampleVariant::TYPICAL, &SampleVariant::XTC].concat();
    run(gpu, params, &stages, &mut one);
    let inverse_temperature = 1.0 / temperature;
    let output = |i| Output { sampled: i, position: i, seed: 3, inverse_temperature, ..asked };
    let outputs: Vec<Output> = (0..DRAWS).map(output).collect();
    let mut all = Resources::default()
        .with("outputs", &outputs)
        .with("logits", &LOGITS)
        .with("masks", one.get::<u32>("masks"))
        .with("bounds", &vec![one.get::<Bounds>("bounds")[0]; outputs.len()])
        .with("candidates", &vec![0u32; outputs.len()])
        .with("sampled", &vec![0u32; outputs.len()])
        .with("history", one.get::<u32>("history"));
    run(gpu, params, &SampleVariant::ARGMAX, &mut all);
    let mut counts = [0.0; LOGITS.len()];
    all.get::<u32>("sampled").iter().for_each(|token| counts[*token as usize] += 1.0);
    counts
}

#[test]
fn draws_follow_softmax_of_what_is_left() {
    let off = Output::default();
    let cases: [(f32, Output, &[usize]); 5] = [
        (1.6, off, &[0, 1, 2, 3, 5, 6, 7]),
        (0.7, Output { mask: 1, refused: 1, top_k: 5, ..off }, &[0, 1, 3, 4, 6]),
        (1.6, Output { mask: 1, refused: 1, typical_p: 0.95, min_p: 0.2, ..off }, &[0, 1, 4, 6]),
        (0.7, Output { top_p: 0.85, ..off }, &[0, 1, 6]),
        (1.6, Output { xtc_threshold: 0.1, ..off }, &[2, 3, 5, 6, 7]),
    ];
    for gpu in adapters() {
        for (temperature, asked, kept) in cases {
            let frequencies = frequencies(gpu, asked, temperature);
            let mut weights = [0.0; LOGITS.len()];
            kept.iter().for_each(|token| weights[*token] = f64::from(LOGITS[*token] / temperature).exp());
            let total: f64 = weights.iter().sum();
            let mut statistic = 0.0;
            for (token, (observed, weight)) in frequencies.into_iter().zip(weights).enumerate() {
                let expected = weight / total * f64::from(DRAWS);
                let what = format!("{}: token {token} of {asked:?}: {observed}", gpu.adapter().name);
                match expected {
                    0.0 => assert!(observed == 0.0, "{what} instead of none"),
                    expected if expected < 5.0 => assert!(observed < 20.0, "{what}, {expected:.1} expected"),
                    _ => statistic += (observed - expected).powi(2) / expected,
                }
            }
            // With 6 degrees of freedom chance alone exceeds this once in a hundred thousand.
            assert!(statistic < 32.3, "{}: {asked:?} at {temperature}: {statistic:.1}", gpu.adapter().name);
        }
    }
}
