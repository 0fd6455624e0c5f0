use half::{bf16, f16};

use crate::format::{Codes, DOUBLE_QUANTISED_GROUPS, GROUP, Scales, TABLE, Table, WeightFormat, interleaved};
use crate::fragments::numbers::half_bits;
use crate::resources::Resources;
use crate::{QuantiseWeights, WeightLayout};

/// A group whose values are all smaller counts as zero: what it would be divided by could underflow.
const SMALLEST: f32 = 5.421_011e-20;

/// Scales of a table are tried in so many 16ths of that which makes its last entry the largest magnitude.
const TRIED: std::ops::RangeInclusive<i32> = 12..=17;

/// A row of weights in a quantised format.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct QuantisedRow {
    /// The scale of each group, as codes are multiplied with it: of formats with an f16 a group, before it's rounded to one.
    pub scales: Vec<f32>,
    /// The codes of each group as they lie in its words; formats of 4 bits have four words.
    pub codes: Vec<[u32; 8]>,
    /// The words of the row's scales.
    pub scale_words: Vec<u32>,
}

/// Quantises a row, whole groups of 32, to one of [`WeightFormat::QUANTISED_HERE`].
///
/// Q8: `scale = largest magnitude / 127`, codes rounded to the nearest. Q4: `scale = value of the largest magnitude / -8`.
/// Both are llama.cpp's (`quantize_row_q8_0_ref`, `quantize_row_q4_0_ref` of
/// <https://github.com/ggml-org/ggml/blob/master/src/ggml-quants.c>). NF4: the scale of the least squared error among six.
#[must_use]
pub fn quantise_row(format: WeightFormat, row: &[f32]) -> QuantisedRow {
    let finite = |value: &f32| if value.is_finite() { *value } else { 0.0 };
    let groups: Vec<Vec<f32>> = row.chunks(GROUP).map(|group| group.iter().map(finite).collect()).collect();
    let mut scales: Vec<f32> = groups.iter().map(|group| chosen_scale(format, group)).collect();
    let scale_words = match format.scales() {
        Scales::Bytes => scales.chunks_mut(DOUBLE_QUANTISED_GROUPS).flat_map(double_quantise).collect(),
        _ => scales.chunks(2).map(halves).collect(),
    };
    let codes = groups.iter().zip(&scales).map(|(group, scale)| code_words(format, group, *scale)).collect();
    QuantisedRow { scales, codes, scale_words }
}

/// One or two scales as f16.
fn halves(pair: &[f32]) -> u32 {
    let half = |i: usize| pair.get(i).map_or(0, |scale| u32::from(half_bits(*scale)));
    half(0) | half(1) << 16
}

/// The words of a block of scales, which become what is left of them: a factor, and a signed byte each.
fn double_quantise(scales: &mut [f32]) -> Vec<u32> {
    let largest = scales.iter().fold(0.0f32, |largest, scale| largest.max(scale.abs()));
    let counts = largest >= SMALLEST / 128.0;
    let (factor, inverse) = if counts { (largest / 127.0, 127.0 / largest) } else { (0.0, 0.0) };
    let byte = |scale: f32| {
        // A group that isn't zero doesn't become so.
        let least = if scale != 0.0 && counts { 1.0 } else { 0.0 };
        (scale.abs() * inverse).round().clamp(least, 127.0).copysign(scale) as i8
    };
    let bytes: Vec<i8> = scales.iter().map(|scale| byte(*scale)).collect();
    for (scale, byte) in scales.iter_mut().zip(&bytes) {
        *scale = factor * f32::from(*byte);
    }
    let word = |four: &[i8]| u32::from_le_bytes([0, 1, 2, 3].map(|i| four.get(i).copied().unwrap_or(0) as u8));
    [factor.to_bits()].into_iter().chain(bytes.chunks(4).map(word)).collect()
}

/// The scale of a group, before scales are quantised.
fn chosen_scale(format: WeightFormat, group: &[f32]) -> f32 {
    let largest = |found: f32, value: &f32| if value.abs() > found.abs() { *value } else { found };
    let extreme = group.iter().fold(0.0, largest);
    if extreme.abs() < SMALLEST {
        return 0.0;
    }
    match (format.codes(), format.table()) {
        (Codes::Bytes, _) => extreme.abs() / 127.0,
        (_, Table::Fixed(table)) => scale_for_table(&table, group, extreme.abs() / 127.0),
        _ => extreme * -0.125,
    }
}

/// The scale of the least sum of squared errors, in 16ths of a table's unit; the largest of several.
fn scale_for_table(table: &[i8; TABLE], group: &[f32], full: f32) -> f32 {
    let inverse = 16.0 / full;
    let wanted: Vec<i32> = group.iter().map(|value| (value * inverse).floor() as i32).collect();
    let error = |factor: i32| -> i32 {
        let off = |wanted: &i32| {
            let passed = |pair: &&[i8]| 2 * wanted >= factor * (i32::from(pair[0]) + i32::from(pair[1]));
            let code = table.windows(2).filter(passed).count();
            wanted - factor * i32::from(table[code])
        };
        wanted.iter().map(|wanted| off(wanted).pow(2)).sum()
    };
    let best = TRIED.rev().min_by_key(|factor| error(*factor)).unwrap_or(16);
    full * best as f32 * 0.0625
}

/// The codes of a group, in the words of its format.
fn code_words(format: WeightFormat, group: &[f32], scale: f32) -> [u32; 8] {
    let inverse = if scale == 0.0 { 0.0 } else { 1.0 / scale };
    let code = |value: &f32| {
        let value = value * inverse;
        match (format.codes(), format.table()) {
            (Codes::Bytes, _) => value.round().clamp(-127.0, 127.0) as i32 as u8,
            (_, Table::Fixed(table)) => {
                let passed = |pair: &&[i8]| value * 2.0 > f32::from(pair[0]) + f32::from(pair[1]);
                table.windows(2).filter(passed).count() as u8
            }
            // The sum in f64 is exact.
            _ => (f64::from(value) + 8.5).floor().clamp(0.0, 15.0) as u8,
        }
    };
    let codes: Vec<u8> = group.iter().map(code).collect();
    let word = |word: usize| {
        let byte = |i: usize| match format.codes() {
            Codes::Bytes => codes[4 * word + i],
            _ => codes[4 * word + i] | codes[GROUP / 2 + 4 * word + i] << 4,
        };
        u32::from_le_bytes([0, 1, 2, 3].map(byte))
    };
    let mut words = [0; 8];
    for (i, place) in words.iter_mut().enumerate().take(format.code_words()) {
        *place = word(i);
    }
    words
}

/// Writes the rows of `source` where they belong in the matrix.
pub(crate) fn quantise_weights(params: &QuantiseWeights, layout: WeightLayout, resources: &mut Resources) {
    let source = resources.get::<u32>("source");
    let (first, count) = (source[0] as usize, source[1] as usize);
    let (groups, interleave) = (params.groups as usize, layout.interleave as usize);
    let values: Vec<f32> =
        source[QuantiseWeights::SOURCE_HEADER..].iter().flat_map(|word| floats(params.kind, *word)).collect();
    let rows: Vec<QuantisedRow> =
        values.chunks(groups * GROUP).take(count).map(|row| quantise_row(layout.format, row)).collect();
    let mut write = |name: &'static str, words_of: &dyn Fn(&QuantisedRow) -> Vec<u32>| {
        resources.update(name, |_, plane: &mut [u32]| {
            for (index, row) in rows.iter().enumerate() {
                let words = words_of(row);
                for (word, value) in words.iter().enumerate() {
                    plane[interleaved(first + index, word, words.len(), interleave)] = *value;
                }
            }
        });
    };
    write("scales", &|row| row.scale_words.clone());
    write("codes", &|row| {
        let mut words = vec![0; groups * layout.format.code_words()];
        for (group, codes) in row.codes.iter().enumerate() {
            for (word, value) in codes.iter().enumerate().take(layout.format.code_words()) {
                words[layout.format.code_word(groups, group, word)] = *value;
            }
        }
        words
    });
}

/// The floats of a word.
fn floats(kind: u32, word: u32) -> Vec<f32> {
    let halves = [word as u16, (word >> 16) as u16];
    match kind {
        0 => vec![f32::from_bits(word)],
        1 => halves.map(|bits| f16::from_bits(bits).to_f32()).to_vec(),
        _ => halves.map(|bits| bf16::from_bits(bits).to_f32()).to_vec(),
    }
}
