//! `kv_append`: keys and values of any size, through shuffled block tables.

use wgslm_shaders::cpu::Resources;
use wgslm_shaders::{BLOCK_TOKENS, Kernel, KvAppend, Row, Variant};

use crate::case::{Agreement, Case, check};
use crate::random::{Random, strided};

/// What f16 cannot hold, and what it just can.
const LARGE: [f32; 8] = [70_000.0, -70_000.0, -1e9, 1e9, 65_504.0, -65_504.0, 65_519.0, f32::MAX];

pub(crate) fn cases() -> Vec<Case> {
    [(1, 1), (3, 4), (63, 63), (64, 64), (65, 66), (160, 160)].map(|(pairs, stride)| case(pairs, stride)).into()
}

fn case(pairs: usize, stride: usize) -> Case {
    let mut random = Random::new(pairs as u64);
    // Two sequences: one in the midst of prefill, over a block's edge, and one that decodes its 33rd token.
    let positions = [(1, 14), (1, 15), (1, 16), (1, 17), (4, 32)];
    let rows = positions.map(|(table, position)| Row { position, table, ..Row::default() });
    let tables: Vec<u32> = std::iter::once(0).chain(random.shuffled(6).iter().map(|block| block + 1)).collect();
    let mut input = |shift: usize| {
        let mut values = strided(&mut random, rows.len(), 2 * pairs, 2 * stride, f32::NAN);
        for (i, large) in LARGE.iter().enumerate() {
            values[(i % rows.len()) * 2 * stride + (i + shift) % (2 * pairs)] = *large;
        }
        values
    };
    let (k, v) = (input(0), input(1));
    // Full of NaN, which no value may become.
    let empty = vec![0x7e00_7e00_u32; 7 * BLOCK_TOKENS as usize * pairs];
    let resources = Resources::default()
        .with("rows", &rows)
        .with("tables", &tables)
        .with("k", &k)
        .with("v", &v)
        .with("k_cache", &empty)
        .with("v_cache", &empty);
    let params = KvAppend { pairs: pairs as u32, stride: stride as u32 };
    let start = (params, Variant::plain(Kernel::KvAppend), rows.len());
    Case::new(format!("{pairs} pairs"), Agreement::Halves, start, resources)
}

#[test]
fn keys_and_values_reach_their_slots_within_what_f16_holds() {
    check(cases());
}
