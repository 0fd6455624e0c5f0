//! Tests that `repack` writes the bits of the CPU's packing, of every tensor type, in both layouts.

use wgslm_shaders::cpu::Resources;
use wgslm_shaders::format::{GROUP, LANE_INTERLEAVE};
use wgslm_shaders::packing::GRIDS;
use wgslm_shaders::{Repack, RepackVariant, TensorType, WeightLayout, weight_format};

use crate::case::{Agreement, Case, UNTOUCHED, check};
use crate::random::Random;

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for variant in RepackVariant::all() {
        for interleave in [1, LANE_INTERLEAVE] {
            // (blocks in a row, rows, first row, first byte): all alignments, interleaved rows that are cut anywhere.
            for (blocks, rows, first_row, source_byte) in
                [(1, 1, 0, 0), (3, 37, 5, 1), (2, 2, 33, 2), (5, 70, 0, 3), (9, 33, 31, 7)]
            {
                cases.push(case(variant, interleave, (blocks, rows, first_row, source_byte)));
            }
        }
    }
    cases
}

fn case(
    variant: RepackVariant,
    interleave: u32,
    (blocks, rows, first_row, source_byte): (usize, u32, u32, u32),
) -> Case {
    let kind = variant.0;
    let format = weight_format(kind).expect("it can be run");
    let layout = WeightLayout { format, interleave };
    // Rows of plain floats may end anywhere in a group.
    let row_length = if kind.block_len() == 1 { blocks * GROUP - 7 * (blocks % 4) } else { blocks * kind.block_len() };
    let row_bytes = row_length / kind.block_len() * kind.block_bytes();
    let params = Repack::new(layout, (row_length, row_bytes), (source_byte, first_row, rows));
    let bytes = source_byte as usize + rows as usize * row_bytes;
    // Any bits may come: scales that are subnormal, infinite or no numbers too.
    let mut random = Random::new(u64::from(kind.id()) + u64::from(rows));
    let source: Vec<u32> = (0..bytes.div_ceil(4) + 1).map(|_| random.word()).collect();
    let stored = (first_row + rows + 1).next_multiple_of(interleave) as usize;
    let code_words = params.groups as usize * format.code_words();
    let resources = Resources::default()
        .with("source", &source)
        .with("grids", &GRIDS[..])
        .with("codes", &vec![UNTOUCHED; stored * code_words])
        .with("scales", &vec![UNTOUCHED; stored * params.scale_words as usize]);
    let label =
        format!("{rows} rows of {row_length}, interleaved by {interleave}, to {first_row} from byte {source_byte}");
    Case::new(label, Agreement::Exact, (params, variant, rows as usize), resources)
}

/// A dispatch of more workgroups than a dimension of the grid takes.
#[test]
fn a_large_matrix_takes_two_dimensions_of_the_grid() {
    let variant = RepackVariant(TensorType::TQ2_0);
    let case = case(variant, 1, (1, 65_535 * 64 / 8 + 3, 0, 1));
    check(vec![case]);
}

#[test]
fn blocks_are_repacked_to_the_bits_of_the_cpus_packing() {
    check(cases());
}
