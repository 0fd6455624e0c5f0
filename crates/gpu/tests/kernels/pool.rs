//! Tests of `pool`: the mean, the first and the last row of several sequences.

use wgslm_shaders::cpu::Resources;
use wgslm_shaders::format::GROUP;
use wgslm_shaders::{EmbedVariant, Output, Pool, Token};

use crate::case::{Agreement, Case, UNTOUCHED, check};
use crate::random::{Random, in_planes};

pub(crate) fn cases() -> Vec<Case> {
    let variants = [false, true].map(|subgroups| EmbedVariant::Pool { subgroups });
    let shapes =
        [Pool::MEAN, Pool::FIRST, Pool::LAST].into_iter().flat_map(|kind| [1, 63, 384].map(|width| (kind, width)));
    variants
        .into_iter()
        .flat_map(|variant| shapes.clone().map(move |(kind, width)| (variant, kind, width)))
        .flat_map(|(variant, kind, width)| [0, 1].map(|plain| case(variant, (kind, plain), width)))
        .collect()
}

fn case(variant: EmbedVariant, (kind, plain): (u32, u32), width: usize) -> Case {
    let mut random = Random::new(width as u64);
    let lengths = [3u32, 1, 70];
    let sequence =
        |(index, length): (usize, &u32)| (0..*length).map(move |position| Token::causal(position, 9 * index as u32));
    let mut rows: Vec<Token> = lengths.iter().enumerate().flat_map(sequence).collect();
    let outputs = [3, 0, 4].map(|token| Output { token, ..Output::default() });
    let groups = width.div_ceil(GROUP);
    let x = in_planes(&mut random, rows.len(), width, groups * GROUP, if plain == 1 { 0.0 } else { f32::NAN });
    rows.push(Token::END);
    let resources = Resources::default()
        .with("tokens", &rows)
        .with("outputs", &outputs)
        .with("x", &x)
        .with("y", &vec![UNTOUCHED; (outputs.len() + 1) * groups * GROUP]);
    let params = Pool { width: width as u32, groups: groups as u32, stride: (groups * GROUP / 4) as u32, kind, plain };
    Case::new(format!("{params:?}"), Agreement::OfLargest(1e-6), (params, variant, outputs.len()), resources)
}

#[test]
fn a_sequence_becomes_one_vector_of_length_one() {
    check(cases());
}
