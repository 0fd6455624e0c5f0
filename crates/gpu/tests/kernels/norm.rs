//! Tests of `norm`: of all rows, of the rows that outputs name, and with encoded results.

use wgslm_shaders::cpu::Resources;
use wgslm_shaders::format::GROUP;
use wgslm_shaders::{Encoding, Norm, NormVariant, Output};

use crate::case::{Agreement, Case, UNTOUCHED, check};
use crate::random::{Random, in_planes};

/// The error of a norm: 2 ulp of inverseSqrt and half the error of a sum of squares, a few ulp in all.
const AGREEMENT: Agreement = Agreement::OfEach(1e-6);

/// A scale's error: that of the value it is computed from, and two quotients.
const SCALES: f32 = 2e-6;

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for variant in NormVariant::all() {
        let NormVariant::Norm { gather, encoding, .. } = variant else { continue };
        for (width, rows) in [(1, 1), (2, 3), (63, 2), (64, 1), (65, 5), (257, 3), (576, 7)] {
            cases.push(case(variant, width, rows, 0, 1.0));
        }
        cases.push(case(variant, 67, 3, 8, 1.0));
        // Values so small that epsilon dominates, and so large that it vanishes.
        cases.push(case(variant, 96, 2, 0, 1e-3));
        cases.push(case(variant, 96, 2, 0, 1e5));
        for (centred, accumulate, of_sum) in [(1, 0, 0), (0, 1, 0), (1, 1, 0), (1, 0, 1)] {
            let accumulate = if encoding.is_none() { accumulate } else { 0 };
            let of_sum = if encoding.is_none() && !gather { of_sum } else { 0 };
            let change = |params| Norm { centred, accumulate, of_sum, ..params };
            cases.extend([63, 256, 290].map(|width| case_with(variant, width, 3, (0, 1.0), &change)));
        }
    }
    cases
}

fn case(variant: NormVariant, width: usize, rows: usize, gap: usize, size: f32) -> Case {
    case_with(variant, width, rows, (gap, size), &|params| params)
}

fn case_with(
    variant: NormVariant,
    width: usize,
    rows: usize,
    (gap, size): (usize, f32),
    change: &dyn Fn(Norm) -> Norm,
) -> Case {
    let mut random = Random::new(width as u64);
    // Outputs that name every row but the first, and the last one twice.
    let outputs: Vec<Output> =
        (0..rows).map(|i| Output { token: (rows - i).min(rows - 1) as u32, ..Output::default() }).collect();
    let groups = width.div_ceil(GROUP);
    let stride = groups * GROUP + gap;
    let x: Vec<f32> =
        in_planes(&mut random, rows, width, stride, f32::NAN).into_iter().map(|value| value * size).collect();
    let resources = Resources::default()
        .with("x", &x)
        .with("weight", &in_planes(&mut random, 1, width, groups * GROUP, 0.0))
        .with("bias", &in_planes(&mut random, 1, width, groups * GROUP, 0.0))
        .with("outputs", &outputs)
        .with("codes_x", &vec![UNTOUCHED; (rows + 1) * groups * 16])
        .with("scales_x", &vec![UNTOUCHED; (rows + 1) * groups * 2])
        .with("y", &in_planes(&mut random, rows, width, stride, UNTOUCHED));
    let params = change(Norm {
        width: width as u32,
        groups: groups as u32,
        stride: (stride / 4) as u32,
        epsilon: 1e-5,
        centred: 0,
        accumulate: 0,
        of_sum: 0,
        scale: 0.25,
    });
    let agreement = match variant.encoding() {
        None if params.centred + params.accumulate == 0 => AGREEMENT,
        // The difference of nearly equal values has their absolute error.
        None => Agreement::OfLargest(1e-6),
        Some(Encoding::F16) => Agreement::Halves,
        Some(Encoding::Int8) => Agreement::Quantised(SCALES),
        Some(Encoding::Int16) => Agreement::QuantisedFinely(SCALES),
    };
    Case::new(format!("{rows} rows of {width}, size {size}, {params:?}"), agreement, (params, variant, rows), resources)
}

#[test]
fn norm_agrees_with_its_reference() {
    check(cases());
}
