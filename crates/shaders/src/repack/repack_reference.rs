//! The reference of `repack`: rows packed one by one, and put where they belong in the matrix.

use super::Repack;
use super::packing::PackedRows;
use crate::format::interleaved;
use crate::resources::Resources;
use crate::tensor_type::TensorType;

pub(crate) fn repack(params: &Repack, kind: TensorType, resources: &mut Resources) {
    let (rows, groups, row_bytes) = (params.rows as usize, params.groups as usize, params.row_bytes as usize);
    let mut packed = PackedRows::new(kind, 1, groups, rows);
    let source = &resources.get::<u8>("source")[params.source_byte as usize..];
    for (row, bytes) in source.chunks_exact(row_bytes).take(rows).enumerate() {
        packed.pack(row, bytes);
    }
    let mut write = |name: &'static str, words: &[u32]| {
        let count = words.len() / rows.max(1);
        resources.update(name, |_, plane: &mut [u32]| {
            for (index, word) in words.iter().enumerate() {
                let (row, place) = (params.first_row as usize + index / count, index % count);
                plane[interleaved(row, place, count, params.interleave as usize)] = *word;
            }
        });
    };
    write("codes", &packed.codes);
    if packed.format.has_scales() {
        write("scales", &packed.scales);
    }
}
