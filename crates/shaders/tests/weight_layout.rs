//! Where a weight lies in memory, spelled out by hand: the kernels and their references both build on it.

use wgslm_shaders::cpu::weight_row;
use wgslm_shaders::format::{GROUP, LANE_INTERLEAVE, SUPER_BLOCK_GROUPS, interleaved, plane_index};
use wgslm_shaders::{WeightFormat, WeightLayout};

#[test]
fn rows_stand_one_after_the_other_or_side_by_side() {
    // (row, word, words in a row, interleave) and the index.
    for ((row, word, words, interleave), index) in [
        ((0, 0, 5, 1), 0),
        ((0, 4, 5, 1), 4),
        ((1, 0, 5, 1), 5),
        ((33, 2, 5, 1), 167),
        ((0, 1, 5, 32), 32),
        ((31, 0, 5, 32), 31),
        ((31, 4, 5, 32), 159),
        // The 33rd row begins the second group of rows, after all 5 words of the first 32 rows.
        ((32, 0, 5, 32), 160),
        ((33, 1, 5, 32), 193),
    ] {
        assert_eq!(interleaved(row, word, words, interleave), index, "row {row}, word {word}");
    }
}

#[test]
fn activations_lie_in_planes_of_quads() {
    for ((i, groups), index) in
        [((0, 1), 0), ((5, 1), 5), ((0, 3), 0), ((3, 3), 3), ((4, 3), 12), ((31, 3), 87), ((32, 3), 4), ((37, 3), 17)]
    {
        assert_eq!(plane_index(i, groups), index, "value {i} of {groups} groups");
    }
}

/// Two halves in a word, by their values: exact ones.
fn halves(low: f32, high: f32) -> u32 {
    let bits = |value: f32| u32::from(half::f16::from_f32(value).to_bits());
    bits(low) | bits(high) << 16
}

/// One row of a super-block of Q4_K or Q6_K: codes, scales, and the weights they stand for.
fn super_block(format: WeightFormat) -> (Vec<u32>, Vec<u32>, Vec<f32>) {
    let weights = SUPER_BLOCK_GROUPS * GROUP;
    let bits = if format == WeightFormat::Q4_K { 4 } else { 6 };
    let code = |k: usize| (k as u32 * 7 + k as u32 / 32) % (1 << bits);
    let byte = |group: usize, i: usize| (group * 53 + i * 90 + 5) as u8;
    let mut codes = Vec::new();
    for first in (0..weights).step_by(GROUP) {
        // Byte i of a group holds the nibbles of weights i and 16 + i, then two words the upper bits, a half of the group each.
        for word in 0..4 {
            let nibbles = |i: usize| (code(first + 4 * word + i) & 15) | (code(first + 16 + 4 * word + i) & 15) << 4;
            codes.push((0..4).map(|i| nibbles(i) << (8 * i)).sum());
        }
        if bits == 6 {
            let upper = |k: usize| (code(first + k) >> 4) << (k % 4 * 8 + k % 16 / 4 * 2);
            codes.extend([0, 16].map(|half| (half..half + 16).map(upper).sum::<u32>()));
        }
    }
    let mut scales = vec![halves(0.5, 0.125)];
    scales.extend((0..4).map(|pair| u32::from_le_bytes([0, 1, 2, 3].map(|i| byte(2 * pair + i / 2, i % 2)))));
    let weight = |k: usize| {
        let (group, half, code) = (k / GROUP, k % GROUP / 16, code(k) as f32);
        match format {
            WeightFormat::Q4_K => 0.5 * f32::from(byte(group, 0)) * code - 0.125 * f32::from(byte(group, 1)),
            _ => 0.5 * f32::from(byte(group, half) as i8) * (code - 32.0),
        }
    };
    (codes, scales, (0..weights).map(weight).collect())
}

/// One row of three groups: codes, scales, and the weights they stand for.
fn example(format: WeightFormat) -> (Vec<u32>, Vec<u32>, Vec<f32>) {
    let weights = 3 * GROUP;
    let value = |k: usize| k as f32 / 8.0 - 5.0;
    // Codes of 4 and 8 bits that run through all their values, differently in each group.
    let nibble = |k: usize| (k as u32 * 7 + k as u32 / 32) % 16;
    let signed = |k: usize| (k as i32 * 37 % 256 - 128) as i8;
    let scale = |k: usize| [0.5, -2.0, 0.0625][k / GROUP];
    let minimum = |k: usize| [-4.0, 1.5, 0.25][k / GROUP];
    // Byte i of a group holds weight i in its low half and weight 16 + i in its high half.
    let nibbles: Vec<u32> = (0..weights / 8)
        .map(|word| {
            let first = word / 4 * GROUP + word % 4 * 4;
            (0..4).map(|byte| (nibble(first + byte) | nibble(first + byte + 16) << 4) << (8 * byte)).sum()
        })
        .collect();
    let scales = vec![halves(0.5, -2.0), halves(0.0625, 99.0)];
    let all = |weight: &dyn Fn(usize) -> f32| (0..weights).map(weight).collect::<Vec<f32>>();
    match format {
        WeightFormat::F32 => ((0..weights).map(|k| value(k).to_bits()).collect(), Vec::new(), all(&value)),
        WeightFormat::F16 => (
            (0..weights / 2).map(|word| halves(value(2 * word), value(2 * word + 1))).collect(),
            Vec::new(),
            all(&value),
        ),
        WeightFormat::BF16 => {
            let upper = |k: usize| value(k).to_bits() >> 16;
            (
                (0..weights / 2).map(|word| upper(2 * word) | upper(2 * word + 1) << 16).collect(),
                Vec::new(),
                all(&value),
            )
        }
        WeightFormat::Q4_0 => (nibbles, scales, all(&|k| scale(k) * (nibble(k) as f32 - 8.0))),
        WeightFormat::Q4_1 => {
            let pairs = [0, 32, 64].map(|k| halves(scale(k), minimum(k))).to_vec();
            (nibbles, pairs, all(&|k| scale(k) * nibble(k) as f32 + minimum(k)))
        }
        WeightFormat::Q4_K | WeightFormat::Q6_K => super_block(format),
        WeightFormat::Q8_0 => {
            let codes =
                (0..weights / 4).map(|word| u32::from_le_bytes([0, 1, 2, 3].map(|i| signed(4 * word + i) as u8)));
            (codes.collect(), scales, all(&|k| scale(k) * f32::from(signed(k))))
        }
    }
}

/// Codes that stand group by group as their planes have them: four words of every group, then the next four.
fn in_planes(format: WeightFormat, codes: &[u32]) -> Vec<u32> {
    let groups: Vec<&[u32]> = codes.chunks(format.code_words()).collect();
    let planes = (0..format.code_words()).step_by(4);
    planes.flat_map(|plane| groups.iter().flat_map(move |group| group[plane..].iter().take(4))).copied().collect()
}

#[test]
fn every_format_means_what_its_definition_says() {
    for format in WeightFormat::ALL {
        let (codes, scales, weights) = example(format);
        let codes = in_planes(format, &codes);
        let groups = weights.len() / GROUP;
        let expected = (groups * format.code_words(), format.scale_words(groups));
        assert_eq!((codes.len(), scales.len()), expected, "{}", format.name());
        let read = weight_row(WeightLayout { format, interleave: 1 }, &codes, &scales, 0, groups);
        assert_eq!(read, weights, "{}", format.name());

        // The same row as the 35th of an interleaved matrix, every other word of which is different.
        let spread = |words: &[u32]| {
            let mut plane = vec![u32::MAX; 64 * words.len()];
            for (word, value) in words.iter().enumerate() {
                plane[32 * words.len() + 32 * word + 2] = *value;
            }
            plane
        };
        let layout = WeightLayout { format, interleave: LANE_INTERLEAVE };
        assert_eq!(weight_row(layout, &spread(&codes), &spread(&scales), 34, groups), weights, "{}", format.name());
    }
}
