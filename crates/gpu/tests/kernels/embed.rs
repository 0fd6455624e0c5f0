//! Tests of `embed`: whole tables and parts of them, tokens given by the step and tokens just sampled.

use wgslm_shaders::format::{GROUP, Scales};
use wgslm_shaders::{Embed, EmbedVariant, Token, WeightFormat, WeightLayout};

use crate::case::{Agreement, Case, check};
use crate::random::{Random, strided};
use crate::weights::{random_weight, whole_groups};

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for layout in WeightFormat::ALL.into_iter().flat_map(WeightLayout::both) {
        for (first, tokens, groups, gap) in
            [(0, 1, 1, 0), (0, 33, 3, 0), (0, 65, 17, 2), (40, 23, 2, 1), (64, 64, 5, 0)]
        {
            cases.push(case(layout, (first, tokens), groups, gap));
        }
        if layout.format.scales() == Scales::Bytes {
            // More than one block of scales.
            cases.push(case(layout, (0, 3), 259, 0));
        }
        cases.extend([Embed::POSITION, Embed::FIRST].map(|by| case_by(layout, (0, 33), (3, 0), by)));
    }
    cases
}

fn case(layout: WeightLayout, range: (usize, usize), groups: usize, gap: usize) -> Case {
    case_by(layout, range, (groups, gap), Embed::TOKEN)
}

fn case_by(layout: WeightLayout, (first, tokens): (usize, usize), (groups, gap): (usize, usize), by: u32) -> Case {
    let groups = whole_groups(layout.format, groups);
    let mut random = Random::new((tokens * groups) as u64);
    let stride = groups * GROUP + 4 * gap;
    let (start, end) = (first as u32, (first + tokens) as u32);
    // The first and the last token of the part, the last again, one in between, and tokens outside it.
    let ids = [start, end - 1, end - 1, start + random.word() % tokens as u32, end, start.saturating_sub(1), u32::MAX];
    let given = ids.iter().map(|token| Token { token: *token, ..Token::default() });
    // The same tokens in reverse as sampled tokens, which rows name by slot instead of by token id.
    let sampled: Vec<u32> = ids.iter().rev().copied().collect();
    let taken = (1..=ids.len() as u32).map(|source| Token { token: start, source, ..Token::default() });
    let positions =
        ids.iter().enumerate().map(|(at, token)| Token { token: at as u32, position: *token, ..Token::default() });
    let rows: Vec<Token> = match by {
        Embed::TOKEN => given.chain(taken).collect(),
        _ => positions.collect(),
    };
    let resources = random_weight(&mut random, layout, tokens, groups)
        .with("tokens", &rows)
        .with("sampled", &sampled)
        .with("x", &strided(&mut Random::new(5), rows.len(), stride, stride, 0.0));
    let params = Embed {
        first: start,
        tokens: tokens as u32,
        groups: groups as u32,
        stride: (stride / 4) as u32,
        by,
        accumulate: u32::from(by == Embed::POSITION),
        scale: if by == Embed::FIRST { 2.5 } else { 1.0 },
    };
    // A scale times a code is exact in f32 or rounded once, and an f16 minimum adds one rounding, alike on all devices. But the
    // minimum of a super-block and a doubly quantised scale are products themselves, which a device may round or fuse.
    let of_products = [Scales::SuperBlocks, Scales::SuperBlocksOfNibbles, Scales::Bytes];
    let rounds = of_products.contains(&layout.format.scales());
    let agreement = if rounds || by != Embed::TOKEN { Agreement::OfLargest(1e-6) } else { Agreement::Exact };
    let label = format!("tokens {start} to {end}, {groups} groups, by {by}");
    Case::new(label, agreement, (params, EmbedVariant::Embed(layout), rows.len()), resources)
}

#[test]
fn embeddings_are_those_of_the_table_to_the_bit() {
    check(cases());
}
