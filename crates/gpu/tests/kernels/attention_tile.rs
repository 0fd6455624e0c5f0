//! Tests of `attention_tile`: numbers of tokens around its block's size, contexts around its tile's size, several sequences in
//! one block, and groups of heads that fill a block, part of a block or several.

use wgslm_shaders::{AttentionVariant, KvFormat};

use crate::attention::{Rows, case, special};
use crate::case::{Case, check};

/// A step of `count` tokens of one sequence, after `depth` tokens.
fn prefill(depth: u32, count: u32) -> Rows {
    Rows::causal(vec![depth + count], (depth..depth + count).map(|position| (0, position)).collect())
}

/// A step of a prompt's last part, one token of each of three sequences, a whole prompt, and tokens of one sequence out of order.
fn mixed() -> Rows {
    let first = (30..47).map(|position| (0, position));
    let single = [(1, 0), (2, 31), (3, 64)];
    let second = (0..12).map(|position| (4, position));
    let scattered = [9, 2, 40, 33].map(|position| (5, position));
    Rows::causal(vec![47, 1, 32, 65, 12, 41], first.chain(single).chain(second).chain(scattered).collect())
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for variant in AttentionVariant::all() {
        let AttentionVariant::AttentionTile { kv, tile } = variant else { continue };
        let width = tile.width as usize;
        let scale = 1.0 / (width as f32).sqrt();
        if kv != KvFormat::F16 {
            // What a format changes shows in any block.
            cases.push(case(variant, (6, 2, width), scale, &mixed(), 8));
            continue;
        }
        let mut add = |heads: (usize, usize), rows: &Rows, gap: usize| {
            cases.push(case(variant, (heads.0, heads.1, width), scale, rows, gap));
        };
        // With 4 heads per KV head, a block's query vectors are those of a quarter as many tokens.
        let block = tile.queries / 4;
        for (depth, count) in [(0, 1), (15, block - 1), (16, block), (tile.keys - 1, block + 1), (100, 2 * block)] {
            add((4, 1), &prefill(depth, count), 0);
        }
        for heads in [(2, 2), (6, 2), (8, 1), (9, 1)] {
            add(heads, &mixed(), 8);
        }
        add((1, 1), &prefill(0, tile.queries + 3), 0);
        // Tokens that all belong to different sequences.
        add((4, 2), &Rows::decode(&[1, 15, 16, 17, 31, 32, 33, 63, 64, 65, 97, 3, 2, 40, 90, 5, 6, 7]), 0);
        add((4, 2), &Rows::encode(&[1, 17, 5, 130]), 0);
        // Scores so far apart that one position takes nearly all.
        cases.push(case(variant, (3, 1, width), 16.0 * scale, &prefill(50, 25), 0));
        cases.extend(special(variant, (6, 2, width), &mixed()));
    }
    cases
}

#[test]
fn attention_tile_agrees_with_the_reference_of_attention() {
    check(cases());
}
