//! Tests of `short_convolution`: the first tokens of a prompt, a prompt in parts, several sequences in a step, and blocks in any
//! order.

use wgslm_shaders::cpu::Resources;
use wgslm_shaders::format::GROUP;
use wgslm_shaders::{BLOCK_TOKENS, ShortConvolution, StateVariant, Token};

use crate::case::{Agreement, Case, UNTOUCHED, check};
use crate::random::{Random, strided};

pub(crate) fn cases() -> Vec<Case> {
    let prompt = |depth: u32, count: u32| (depth..depth + count).map(|position| Token::causal(position, 1)).collect();
    let steps: [Vec<Token>; 5] = [
        prompt(0, 5),
        prompt(15, 4),
        vec![Token::causal(33, 1)],
        // The end of a prompt, the beginning of another, and two sequences that decode.
        [(1, 16), (1, 17), (4, 0), (4, 1), (5, 2), (6, 9)]
            .map(|(table, position)| Token::causal(position, table))
            .to_vec(),
        // Adjacent rows whose positions are too far apart for one to reach the other.
        [(1, 9), (1, 13), (1, 14)].map(|(table, position)| Token::causal(position, table)).to_vec(),
    ];
    let sizes = [(64, 3, 0), (100, 4, 3), (1, 2, 0), (70, 1, 1)];
    sizes.into_iter().flat_map(|size| steps.clone().map(|rows| case(&rows, size))).collect()
}

fn case(rows: &[Token], (width, taps, gap): (usize, usize, usize)) -> Case {
    let mut random = Random::new((width * taps) as u64);
    let blocks = 7;
    let tables: Vec<u32> = std::iter::once(0).chain(random.shuffled(blocks).iter().map(|block| block + 1)).collect();
    let (x_stride, groups) = (3 * width + gap, width.div_ceil(GROUP));
    let params = ShortConvolution {
        width: width as u32,
        taps: taps as u32,
        x_stride: x_stride as u32,
        y_stride: (groups * GROUP) as u32,
        y_groups: groups as u32,
    };
    let resources = Resources::default()
        .with("tokens", &[rows, &[Token::END]].concat())
        .with("tables", &tables)
        .with("x", &strided(&mut random, rows.len(), 3 * width, x_stride, f32::NAN))
        .with("kernel", &random.values(width * taps))
        .with("cache", &random.values((blocks + 1) * BLOCK_TOKENS as usize * width))
        .with("y", &vec![UNTOUCHED; rows.len() * groups * GROUP]);
    let launch = (params, StateVariant::ShortConvolution, rows.len());
    Case::new(format!("{params:?}, {} rows", rows.len()), Agreement::OfLargest(5e-7), launch, resources)
}

#[test]
fn a_convolution_sees_the_tokens_of_its_own_sequence() {
    check(cases());
}
