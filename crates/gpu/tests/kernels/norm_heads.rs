//! Tests of `norm_heads`: each head by itself, and all heads as one vector.

use wgslm_shaders::cpu::Resources;
use wgslm_shaders::{NormHeads, NormVariant};

use crate::case::{Agreement, Case, check};
use crate::random::{Random, strided};

pub(crate) fn cases() -> Vec<Case> {
    let variants = [false, true].map(|subgroups| NormVariant::NormHeads { subgroups });
    let shapes = [
        ((3, 64), (1, 64), 2),
        ((1, 256), (1, 128), 3),
        ((5, 80), (5, 80), 1),
        ((2, 6), (1, 6), 4),
        ((1, 1000), (1, 200), 2),
    ];
    variants
        .into_iter()
        .flat_map(|variant| shapes.map(|(queries, keys, rows)| case(variant, queries, keys, rows)))
        .collect()
}

fn case(variant: NormVariant, queries: (usize, usize), keys: (usize, usize), rows: usize) -> Case {
    let mut random = Random::new((queries.1 * rows) as u64);
    let width = queries.0 * queries.1 + 2 * keys.0 * keys.1;
    let stride = width + 5;
    let params = NormHeads {
        queries: queries.0 as u32,
        query_width: queries.1 as u32,
        keys: keys.0 as u32,
        key_width: keys.1 as u32,
        stride: stride as u32,
        epsilon: 1e-5,
    };
    let resources = Resources::default()
        .with("qkv", &strided(&mut random, rows, width, stride, f32::NAN))
        .with("query_norm", &random.values(queries.1))
        .with("key_norm", &random.values(keys.1));
    // The error of `norm`, and of one more product.
    Case::new(format!("{params:?}"), Agreement::OfEach(1.2e-6), (params, variant, rows), resources)
}

#[test]
fn queries_and_keys_are_normalised_in_place_and_values_stay() {
    check(cases());
}
