//! Tests of `short_convolution`: the first tokens of a prompt, a prompt in parts, several sequences in a step, and states that are
//! written after any token.

use wgslm_shaders::cpu::Resources;
use wgslm_shaders::format::GROUP;
use wgslm_shaders::{ShortConvolution, StateVariant, Token};

use crate::case::{Agreement, Case, UNTOUCHED, check};
use crate::random::{Random, strided};

const STATES: usize = 12;

/// `count` tokens after `depth` others of a sequence that is told by its table, with its state in `from`, and its new state in
/// `to`, if any; tokens at the positions of `checkpoints` write states as well.
fn rows(
    table: u32,
    (depth, count): (u32, u32),
    (from, to): (u32, Option<u32>),
    checkpoints: &[(u32, u32)],
) -> Vec<Token> {
    let row = |position| {
        let checkpoint = checkpoints.iter().find(|(after, _)| *after == position).map(|(_, state)| *state);
        let last = if position + 1 == depth + count { to } else { None };
        let state_to = last.or(checkpoint).map_or(0, |state| state + 1);
        Token { state_from: from, state_to, ..Token::causal(position, table) }
    };
    (depth..depth + count).map(row).collect()
}

pub(crate) fn cases() -> Vec<Case> {
    let steps = [
        // A prompt, whose state isn't wanted, and others with states after the first tokens of all.
        rows(1, (0, 5), (9, None), &[]),
        rows(1, (0, 5), (9, Some(3)), &[(0, 4), (1, 5), (2, 6), (3, 7)]),
        rows(1, (15, 4), (0, Some(1)), &[(16, 11)]),
        rows(1, (33, 1), (11, Some(10)), &[]),
        // The end of a prompt, the beginning of another, a second from the state that the first is at, and two that decode.
        [
            rows(1, (16, 2), (1, Some(2)), &[]),
            rows(4, (0, 2), (0, Some(3)), &[(0, 11)]),
            rows(9, (16, 3), (1, Some(10)), &[(17, 8)]),
            rows(5, (2, 1), (4, Some(5)), &[]),
            rows(6, (9, 1), (6, Some(7)), &[]),
        ]
        .concat(),
        // Sequences whose positions follow one another.
        [rows(1, (7, 1), (0, Some(1)), &[]), rows(2, (8, 1), (2, Some(3)), &[]), rows(3, (9, 2), (4, None), &[])]
            .concat(),
    ];
    let sizes = [(64, 3, 0), (100, 4, 3), (1, 2, 0), (70, 1, 1)];
    sizes.into_iter().flat_map(|size| steps.clone().map(|rows| case(&rows, size))).collect()
}

fn case(rows: &[Token], (width, taps, gap): (usize, usize, usize)) -> Case {
    let mut random = Random::new((width * taps) as u64);
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
        .with("x", &strided(&mut random, rows.len(), 3 * width, x_stride, f32::NAN))
        .with("kernel", &random.values(width * taps))
        .with("states", &random.values((STATES * (taps - 1) * width).max(1)))
        .with("y", &vec![UNTOUCHED; rows.len() * groups * GROUP]);
    let launch = (params, StateVariant::ShortConvolution, rows.len());
    Case::new(format!("{params:?}, {} rows", rows.len()), Agreement::OfLargest(5e-7), launch, resources)
}

#[test]
fn a_convolution_sees_the_tokens_of_its_own_sequence() {
    check(cases());
}
