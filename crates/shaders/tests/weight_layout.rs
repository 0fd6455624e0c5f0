//! The layout of weights in memory, spelled out by hand: the kernels and their references both build on it.

use wgslm_shaders::cpu::weight_row;
use wgslm_shaders::format::{
    Codes, GROUP, LANE_INTERLEAVE, SUPER_BLOCK_GROUPS, Scales, TABLE, Table, interleaved, plane_index,
};
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

/// The words of a group's codes of `bits` bits, and the word of its odd bits.
fn planes(bits: u32, codes: &[u32]) -> (Vec<u32>, u32) {
    let mut words = Vec::new();
    let mut have = 0;
    if bits >= 4 {
        // Byte i holds the lowest four bits of codes i and 16 + i.
        for word in 0..4 {
            let byte = |i: usize| (codes[4 * word + i] & 15) | (codes[16 + 4 * word + i] & 15) << 4;
            words.push((0..4).map(|i| byte(i) << (8 * i)).sum());
        }
        have = 4;
    }
    if bits - have >= 2 {
        // A half of the group a word, each fourth of its codes in a byte.
        let pair = |k: usize| ((codes[k] >> have) & 3) << (k % 4 * 8 + k % 16 / 4 * 2);
        words.extend([0, 16].map(|half| (half..half + 16).map(pair).sum::<u32>()));
        have += 2;
    }
    let odd = |k: usize| ((codes[k] >> have) & 1) << (k % 4 * 8 + k / 4);
    (words, if bits > have { (0..GROUP).map(odd).sum() } else { 0 })
}

/// Scales of a row of eight groups, and the scale and minimum of each half of a group that they stand for.
fn example_scales(scales: Scales) -> (Vec<u32>, Vec<[(f32, f32); 2]>) {
    let scale = |group: usize| [0.5, -2.0, 0.0625, 1.0, -0.25, 8.0, 0.125, -1.0][group];
    let minimum = |group: usize| scale((group + 3) % 8);
    let byte = |group: usize, i: usize| (group * 53 + i * 90 + 5) as u8;
    let groups = 0..SUPER_BLOCK_GROUPS;
    let all = |of: &dyn Fn(usize, usize) -> (f32, f32)| groups.clone().map(|g| [of(g, 0), of(g, 1)]).collect();
    let super_block = |factors: u32| {
        let pair = |pair: usize| u32::from_le_bytes([0, 1, 2, 3].map(|i| byte(2 * pair + i / 2, i % 2)));
        [factors, pair(0), pair(1), pair(2), pair(3)].to_vec()
    };
    let pairs = |word: &dyn Fn(f32, f32) -> u32| (0..4).map(|i| word(scale(2 * i), scale(2 * i + 1))).collect();
    match scales {
        Scales::None => (Vec::new(), all(&|_, _| (1.0, 0.0))),
        Scales::Halves => (pairs(&halves), all(&|group, _| (scale(group), 0.0))),
        Scales::UpperHalves => {
            let word = |low: f32, high: f32| low.to_bits() >> 16 | high.to_bits() & 0xffff_0000;
            (pairs(&word), all(&|group, _| (scale(group), 0.0)))
        }
        Scales::WithMinimum => (
            groups.clone().map(|group| halves(scale(group), minimum(group))).collect(),
            all(&|group, _| (scale(group), minimum(group))),
        ),
        Scales::Bytes => {
            let four = |four: usize| u32::from_le_bytes([0, 1, 2, 3].map(|i| byte(4 * four + i, 0)));
            let scale = |group: usize, _| (0.5 * f32::from(byte(group, 0) as i8), 0.0);
            (vec![0.5f32.to_bits(), four(0), four(1)], all(&scale))
        }
        Scales::SuperBlocks => (
            super_block(halves(0.5, 0.125)),
            all(&|group, _| (0.5 * f32::from(byte(group, 0)), -0.125 * f32::from(byte(group, 1)))),
        ),
        Scales::SuperBlocksOfHalves => {
            (super_block(0.5f32.to_bits()), all(&|group, half| (0.5 * f32::from(byte(group, half) as i8), 0.0)))
        }
        Scales::SuperBlocksOfNibbles => (
            super_block(halves(0.5, 0.125)),
            all(&|group, half| (0.5 * f32::from(byte(group, half) & 15), -0.125 * f32::from(byte(group, half) >> 4))),
        ),
    }
}

/// One row of a super-block: codes group by group, scales, and the weights they stand for.
fn example(format: WeightFormat) -> (Vec<u32>, Vec<u32>, Vec<f32>) {
    let weights = SUPER_BLOCK_GROUPS * GROUP;
    let value = |k: usize| k as f32 / 8.0 - 5.0;
    // Codes that run through all their values, differently in each group.
    let code = |k: usize, bits: u32| (k as u32 * 7 + k as u32 / 32) % (1 << bits);
    let signed = |k: usize| (k as i32 * 37 % 256 - 128) as i8;
    let own_table: [i8; TABLE] = [9, -7, 100, -128, 127, 0, 1, -1, 20, 30, 40, -50, -60, -70, 80, -90];
    let (mut scales, of_halves) = example_scales(format.scales());
    let all = |of: &dyn Fn(usize) -> f32| -> Vec<f32> {
        let scaled = |k: usize| {
            let (scale, minimum) = of_halves[k / GROUP][k % GROUP / 16];
            scale * of(k) + minimum
        };
        (0..weights).map(scaled).collect()
    };
    match format.codes() {
        Codes::Words => ((0..weights).map(|k| value(k).to_bits()).collect(), scales, all(&value)),
        Codes::Halves => {
            let pair = |k: usize| match format {
                WeightFormat::F16 => halves(value(k), value(k + 1)),
                _ => value(k).to_bits() >> 16 | value(k + 1).to_bits() & 0xffff_0000,
            };
            ((0..weights).step_by(2).map(pair).collect(), scales, all(&value))
        }
        Codes::Bytes => {
            let word = |word: usize| u32::from_le_bytes([0, 1, 2, 3].map(|i| signed(4 * word + i) as u8));
            ((0..weights / 4).map(word).collect(), scales, all(&|k| f32::from(signed(k))))
        }
        Codes::Planes(bits) => {
            let mut words = Vec::new();
            for group in 0..SUPER_BLOCK_GROUPS {
                let codes: Vec<u32> = (group * GROUP..(group + 1) * GROUP).map(|k| code(k, bits)).collect();
                let (group_words, odd) = planes(bits, &codes);
                words.extend(group_words);
                if bits % 2 == 1 {
                    scales.push(odd);
                }
            }
            let zero = match format {
                WeightFormat::Q3_K => 4,
                WeightFormat::Q4_0 | WeightFormat::Q4_DQ => 8,
                WeightFormat::Q5_0 => 16,
                WeightFormat::Q6_K => 32,
                _ => 0,
            };
            let value = |k: usize| match format.table() {
                Table::None => code(k, bits) as f32 - zero as f32,
                Table::Fixed(table) => table[code(k, bits) as usize].into(),
                Table::OfMatrix => own_table[code(k, bits) as usize].into(),
            };
            if format.table() == Table::OfMatrix {
                let word = |word: usize| u32::from_le_bytes([0, 1, 2, 3].map(|i| own_table[4 * word + i] as u8));
                scales.extend((0..4).map(word));
            }
            (words, scales, all(&value))
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
