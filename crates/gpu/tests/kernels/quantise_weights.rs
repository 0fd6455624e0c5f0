//! Tests that `quantise_weights` writes the same bits on every device.

use half::{bf16, f16};
use wgslm_shaders::cpu::{Resources, quantise_row, weight_row};
use wgslm_shaders::format::{GROUP, Scales};
use wgslm_shaders::{FloatKind, Launch, QuantiseVariant, QuantiseWeights, WeightFormat, WeightLayout};

use crate::case::{Agreement, Case, UNTOUCHED, check};
use crate::random::Random;

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for layout in WeightFormat::QUANTISED_HERE.into_iter().flat_map(WeightLayout::both) {
        // (first row, rows, groups in a row): with blocks of scales that are short, one group long, and whole.
        for (first, rows, groups, kind) in [
            (0, 1, 1, FloatKind::F32),
            (3, 37, 5, FloatKind::F16),
            (33, 2, 257, FloatKind::BF16),
            (1, 70, 18, FloatKind::F16),
            (0, 3, 256, FloatKind::F32),
        ] {
            let mut random = Random::new((rows * groups) as u64);
            // Groups of very different sizes.
            let size = |i: usize| 2f32.powi((i / GROUP * 7 % 23) as i32 - 11);
            let values = random.values(rows * groups * GROUP);
            let values: Vec<f32> = values.iter().enumerate().map(|(i, value)| value * size(i)).collect();
            cases.push(case(layout, (first, rows, groups), kind, &values));
        }
        for kind in [FloatKind::F32, FloatKind::F16, FloatKind::BF16] {
            cases.push(case(layout, (0, 2, ODD.len() / 2), kind, &odd_groups()));
        }
    }
    cases
}

type OfIndex = fn(usize) -> f32;

/// Unusual groups of weights, each a factor and the function of the index that it multiplies.
const ODD: [(f32, OfIndex); 12] = [
    (0.0, |_| 0.0),
    // Values halfway between codes, and the largest magnitude with both signs.
    (1.0, |i| {
        if i == 3 {
            -127.0
        } else if i == 7 {
            127.0
        } else {
            i as f32 + 0.5
        }
    }),
    (1.0, |i| if i == 0 { -8.0 } else { i as f32 / 4.0 }),
    // Values that are subnormal in f16, that f16 rounds to zero, and that are subnormal even in f32.
    (1e-6, |i| i as f32 - 9.0),
    (1e-12, |i| i as f32 - 9.0),
    (1e-25, |i| i as f32 - 9.0),
    (1e-40, |i| i as f32 - 9.0),
    // Scales that overflow f16.
    (3e30, |i| i as f32 - 15.5),
    (1e9, |i| i as f32 - 15.5),
    (1.0, |i| {
        if i % 9 == 4 {
            f32::INFINITY
        } else if i % 9 == 5 {
            f32::NAN
        } else {
            1.0 - i as f32
        }
    }),
    (1.0, |i| if i == 31 { f32::MAX } else { 1.0 }),
    (1.0, |i| if i == 17 { -1.0 } else { 0.0 }),
];

fn odd_groups() -> Vec<f32> {
    ODD.iter().flat_map(|(factor, of)| (0..GROUP).map(move |i| factor * of(i))).collect()
}

/// Packs values into words, as a file stores them.
fn words_of(kind: FloatKind, values: &[f32]) -> Vec<u32> {
    let pairs = |bits: &dyn Fn(f32) -> u16| {
        values.chunks(2).map(|pair| u32::from(bits(pair[0])) | u32::from(bits(pair[1])) << 16).collect()
    };
    match kind {
        FloatKind::F32 => values.iter().map(|value| value.to_bits()).collect(),
        FloatKind::F16 => pairs(&|value| f16::from_f32(value).to_bits()),
        FloatKind::BF16 => pairs(&|value| bf16::from_f32(value).to_bits()),
    }
}

fn case(layout: WeightLayout, (first, rows, groups): (usize, usize, usize), kind: FloatKind, values: &[f32]) -> Case {
    let params = QuantiseWeights::new(layout.format, kind, groups);
    let mut source = vec![first as u32, rows as u32, 0, 0];
    source.extend(words_of(kind, values));
    // One row more than the dispatch quantises, which must stay unwritten.
    source.extend(vec![0x3f80_3f80; groups * GROUP]);
    let stored = (first + rows + 1).next_multiple_of(layout.interleave as usize);
    let untouched = |words: u32| vec![UNTOUCHED; stored * words as usize];
    let resources = Resources::default()
        .with("source", &source)
        .with("codes", &untouched(params.code_words))
        .with("scales", &untouched(params.scale_words));
    let label = format!("{rows} rows of {groups} groups from {first}, {kind:?}");
    Case::new(label, Agreement::Exact, (params, QuantiseVariant::QuantiseWeights(layout), rows), resources)
}

#[test]
fn weights_are_quantised_to_the_bits_of_the_reference() {
    check(cases());
}

/// The largest error of a quantised weight, relative to the largest magnitude of its group.
fn bound(format: WeightFormat) -> f32 {
    let step = match format {
        // Half a step of a 127th, and a scale rounded to f16.
        WeightFormat::Q8_0 | WeightFormat::Q8_DQ => 0.0045,
        // The largest positive value may lie a step beyond the last code.
        WeightFormat::Q4_0 | WeightFormat::Q4_DQ => 0.126,
        // Half of the widest gap between codes, or the part cut off at the smallest scale tried.
        _ => 0.26,
    };
    // Half a step of the quantised scales, relative to a group whose scale is an eighth of the block's largest, as in the test.
    if format.scales() == Scales::Bytes { step + 8.0 / 254.0 } else { step }
}

#[test]
fn weights_stay_within_what_their_format_can_hold() {
    const GROUPS: usize = 300;
    let mut random = Random::new(9);
    let size = |i: usize| [1.0, 0.5, 0.25, 0.125][i / GROUP % 4];
    let values = random.values(GROUPS * GROUP);
    let values: Vec<f32> = values.iter().enumerate().map(|(i, value)| value * size(i)).collect();
    for format in WeightFormat::QUANTISED_HERE {
        let params = QuantiseWeights::new(format, FloatKind::F32, GROUPS);
        let source = [&[0, 1, 0, 0][..], &words_of(FloatKind::F32, &values)].concat();
        let mut resources = Resources::default()
            .with("source", &source)
            .with("codes", &vec![0u32; params.code_words as usize])
            .with("scales", &vec![0u32; params.scale_words as usize]);
        let layout = WeightLayout { format, interleave: 1 };
        params.reference(&QuantiseVariant::QuantiseWeights(layout).into(), 1, &mut resources);
        let found = weight_row(layout, resources.get("codes"), resources.get("scales"), 0, GROUPS);
        for (group, (found, wanted)) in found.chunks(GROUP).zip(values.chunks(GROUP)).enumerate() {
            let largest = wanted.iter().fold(0.0f32, |largest, value| largest.max(value.abs()));
            let worst = found.iter().zip(wanted).fold(0.0f32, |worst, (a, b)| worst.max((a - b).abs()));
            assert!(worst <= bound(format) * largest, "{}, group {group}: {}", format.name(), worst / largest);
        }
        // The CPU's quantiser writes the same scales.
        let row = quantise_row(format, &values);
        assert_eq!(row.scale_words, resources.get::<u32>("scales"), "{}", format.name());
    }
}
