//! Tests of `quantise`, which encodes activations in planes.

use wgslm_shaders::cpu::{Resources, activation_row};
use wgslm_shaders::format::{GROUP, plane_index};
use wgslm_shaders::{Encoding, Launch, Output, Quantise, QuantiseInput, QuantiseVariant};

use crate::case::{Agreement, Case, UNTOUCHED, check};
use crate::random::{Random, in_planes};

/// The error of two quotients of 2.5 ulp each.
const SCALES: f32 = 1e-6;

pub(crate) fn cases() -> Vec<Case> {
    let codes = [Encoding::Int8, Encoding::Int16];
    let of_norms = codes.into_iter().flat_map(|encoding| {
        [QuantiseInput::Norm, QuantiseInput::GatheredNorm].map(|input| norm_case(encoding, input))
    });
    Encoding::ALL.into_iter().flat_map(cases_of).chain(of_norms).collect()
}

/// Rows times the weights of a norm, all or those that outputs name, with the sums of their squares after room for more scales.
fn norm_case(encoding: Encoding, input: QuantiseInput) -> Case {
    let (rows, width, groups, room) = (3_usize, 70_usize, 3_usize, 4_usize);
    let mut random = Random::new(9);
    let outputs = [2, 0, 2].map(|token| Output { token, ..Output::default() });
    let resources = Resources::default()
        .with("x", &in_planes(&mut random, rows, width, groups * GROUP, f32::NAN))
        .with("weight", &in_planes(&mut random, 1, width, groups * GROUP, 0.0))
        .with("outputs", &outputs)
        .with("codes_x", &vec![UNTOUCHED; (rows + 1) * groups * 16])
        .with("scales_x", &vec![UNTOUCHED; 2 * room * groups * 2]);
    let params = Quantise { groups: groups as u32, x_stride: (groups * GROUP / 4) as u32, rows: room as u32 };
    let agreement =
        if encoding == Encoding::Int8 { Agreement::Quantised(SCALES) } else { Agreement::QuantisedFinely(SCALES) };
    Case::new(format!("{input:?}"), agreement, (params, QuantiseVariant::Quantise { encoding, input }, rows), resources)
}

fn cases_of(encoding: Encoding) -> Vec<Case> {
    let mut random = Random::new(5);
    let mut cases = Vec::new();
    for (rows, width, gap, size) in [
        (1, 1, 0, 1.0),
        (3, 31, 1, 1.0),
        (2, 32, 0, 1e5),
        (5, 100, 2, 1e-6),
        (2, 65 * GROUP, 3, 1.0),
        (257, 33, 0, 1.0),
        // Values whose 127th part is subnormal, and values that are subnormal themselves.
        (1, 64, 0, 1e-36),
        (1, 64, 0, 1e-40),
    ] {
        let groups = width.div_ceil(GROUP);
        let x = in_planes(&mut random, rows, width, groups * GROUP + 4 * gap, f32::NAN);
        let x: Vec<f32> = x.into_iter().map(|value| value * size).collect();
        cases.push(case(encoding, format!("{rows} rows of {width}, size {size}"), (rows, groups, gap), &x));
    }
    // A group of zeros, one with a huge value among small ones, one with values halfway between codes, and an ordinary one.
    let mut x = in_planes(&mut random, 3, 4 * GROUP, 4 * GROUP, f32::NAN);
    for row in x.chunks_mut(4 * GROUP) {
        for i in 0..GROUP {
            row[plane_index(i, 4)] = 0.0;
            row[plane_index(2 * GROUP + i, 4)] = (i as f32 - 16.0) / 2.0;
        }
        row[plane_index(GROUP + 19, 4)] = -1e30;
        row[plane_index(2 * GROUP, 4)] = 127.0;
    }
    cases.push(case(encoding, "zeros, and a huge value".to_owned(), (3, 4, 0), &x));
    cases
}

fn case(encoding: Encoding, label: String, (rows, groups, gap): (usize, usize, usize), x: &[f32]) -> Case {
    // One row more than the dispatch writes.
    let resources = Resources::default()
        .with("x", x)
        .with("codes_x", &vec![UNTOUCHED; (rows + 1) * groups * 16])
        .with("scales_x", &vec![UNTOUCHED; (rows + 1) * groups * 2]);
    let params = Quantise { groups: groups as u32, x_stride: (groups * GROUP / 4 + gap) as u32, rows: rows as u32 };
    let agreement = match encoding {
        Encoding::F16 => Agreement::Halves,
        Encoding::Int8 => Agreement::Quantised(SCALES),
        Encoding::Int16 => Agreement::QuantisedFinely(SCALES),
    };
    Case::new(label, agreement, (params, QuantiseVariant::plain(encoding), rows), resources)
}

#[test]
fn quantise_agrees_with_its_reference() {
    check(cases());
}

#[test]
fn codes_and_scales_lie_where_integer_kernels_look_for_them() {
    // Two rows of two groups: value i of a row is i - 20, but the last of each group is 127, so that the scale is 1.
    let mut x = vec![0.0f32; 4 * GROUP];
    let value = |i: usize| if i % GROUP == 31 { 127.0 } else { (i % 64) as f32 - 20.0 };
    for i in 0..4 * GROUP {
        x[i / 64 * 64 + plane_index(i % 64, 2)] = value(i);
    }
    let mut resources = Resources::default().with("x", &x).with("codes_x", &[0u32; 32]).with("scales_x", &[0.0f32; 8]);
    let params = Quantise { groups: 2, x_stride: 16, rows: 2 };
    params.reference(&QuantiseVariant::plain(Encoding::Int8).into(), 2, &mut resources);
    let codes = resources.get::<i8>("codes_x");
    for (row, group, half, i) in [(0, 0, 0, 0), (0, 1, 0, 5), (1, 0, 1, 15), (1, 1, 1, 3), (0, 0, 1, 7)] {
        let at = row * 64 + half * 32 + group * 16 + i;
        assert_eq!(f32::from(codes[at]), value(64 * row + 32 * group + 16 * half + i));
    }
    let rows: Vec<f32> = (0..2).flat_map(|row| activation_row(Encoding::Int8, &resources, row, 2)).collect();
    assert_eq!(rows, (0..4 * GROUP).map(value).collect::<Vec<_>>());
    let sum = |group: usize| (0..GROUP).map(|i| value(GROUP * group + i)).sum::<f32>();
    assert_eq!(resources.get::<f32>("scales_x")[..4], [1.0, sum(0), 1.0, sum(1)]);
}
