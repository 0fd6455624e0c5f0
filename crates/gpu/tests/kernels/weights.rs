//! Random weights in the layouts of kernels.

use wgslm_shaders::WeightLayout;
use wgslm_shaders::cpu::Resources;
use wgslm_shaders::format::{
    DOUBLE_QUANTISED_WORDS, SUPER_BLOCK_GROUPS, SUPER_BLOCK_SCALE_WORDS, Scales, TABLE, Table, WeightFormat,
    interleaved,
};

use crate::random::Random;

/// Random `codes` and `scales` of a matrix of `rows` rows of `groups` groups: any code, scales of either sign. Rows that pad the
/// matrix to a multiple of the interleave are NaN if the format can be.
pub(crate) fn random_weight(random: &mut Random, layout: WeightLayout, rows: usize, groups: usize) -> Resources {
    let (format, interleave) = (layout.format, layout.interleave as usize);
    let stored = rows.next_multiple_of(interleave);
    let plane = |words_per_row: usize, mut word: Box<dyn FnMut() -> u32 + '_>| {
        let mut plane: Vec<u32> = (0..stored * words_per_row).map(|_| word()).collect();
        for row in rows..stored {
            for word in 0..words_per_row {
                plane[interleaved(row, word, words_per_row, interleave)] = u32::MAX;
            }
        }
        plane
    };
    let codes = plane(
        groups * format.code_words(),
        match format {
            WeightFormat::F32 => Box::new(|| random.values(1)[0].to_bits()),
            WeightFormat::F16 => Box::new(|| random.halves()),
            WeightFormat::BF16 => Box::new(|| upper_halves(random)),
            _ => Box::new(|| random.word()),
        },
    );
    let scale_words = format.scale_words(groups);
    let pure = format.pure_scale_words(groups);
    // All rows of a matrix share one table.
    let table_words = if format.table() == Table::OfMatrix { TABLE / 4 } else { 0 };
    let table_from = scale_words - table_words;
    let table: Vec<u32> = (0..table_words).map(|_| random.word()).collect();
    let mut places = 0..;
    let scales = plane(
        scale_words,
        Box::new(|| {
            let word = places.next().unwrap_or(0) / interleave % scale_words;
            match format.scales() {
                _ if word >= table_from => table[word - table_from],
                // Odd bits.
                _ if word >= pure => random.word(),
                Scales::UpperHalves => upper_halves(random),
                Scales::SuperBlocks | Scales::SuperBlocksOfHalves | Scales::SuperBlocksOfNibbles
                    if word % SUPER_BLOCK_SCALE_WORDS > 0 =>
                {
                    random.word()
                }
                Scales::Bytes if word % DOUBLE_QUANTISED_WORDS > 0 => random.word(),
                Scales::Bytes => random.values(1)[0].to_bits(),
                // A factor that is exact in f16.
                Scales::SuperBlocksOfHalves => random.values(1)[0].to_bits() & 0xffff_e000,
                _ => random.halves(),
            }
        }),
    );
    Resources::default().with("codes", &codes).with("scales", &scales)
}

/// The upper 16 bits of two f32 below 1, in one word.
fn upper_halves(random: &mut Random) -> u32 {
    random.values(1)[0].to_bits() & 0xffff_0000 | random.values(1)[0].to_bits() >> 16
}

/// The number of groups of a row of about `groups` that the format can have: K-quants come in super-blocks.
pub(crate) fn whole_groups(format: WeightFormat, groups: usize) -> usize {
    if format.has_super_blocks() { groups.next_multiple_of(SUPER_BLOCK_GROUPS) } else { groups }
}
