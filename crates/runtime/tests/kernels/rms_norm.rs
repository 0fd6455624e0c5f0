//! `rms_norm`, of all rows or of those that outputs name, or encoded.

use wgslm_shaders::cpu::Resources;
use wgslm_shaders::format::GROUP;
use wgslm_shaders::{Encoding, Kernel, Output, RmsNorm, Variant};

use crate::case::{Agreement, Case, UNTOUCHED, check};
use crate::random::{Random, in_planes};

/// inverseSqrt is good to 2 ulp, and the root halves what the sum of squares, all of one sign, is off: a few ulp in all.
const AGREEMENT: Agreement = Agreement::OfEach(1e-6);

/// A scale is off by as much as the value that makes it, and by two quotients.
const IN_CODES: Agreement = Agreement::Quantised(2e-6);

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for variant in Variant::all().into_iter().filter(|variant| variant.kernel == Kernel::RmsNorm) {
        for (width, rows) in [(1, 1), (2, 3), (63, 2), (64, 1), (65, 5), (257, 3), (576, 7)] {
            cases.push(case(variant, width, rows, 0, 1.0));
        }
        cases.push(case(variant, 67, 3, 8, 1.0));
        // Where epsilon outweighs the squares, and where it is nothing beside them.
        cases.push(case(variant, 96, 2, 0, 1e-3));
        cases.push(case(variant, 96, 2, 0, 1e5));
    }
    cases
}

fn case(variant: Variant, width: usize, rows: usize, gap: usize, size: f32) -> Case {
    let mut random = Random::new(width as u64);
    // Every row but the first, which none names, the last one twice.
    let outputs: Vec<Output> =
        (0..rows).map(|i| Output { row: (rows - i).min(rows - 1) as u32, ..Output::default() }).collect();
    let groups = width.div_ceil(GROUP);
    let stride = groups * GROUP + gap;
    let x: Vec<f32> =
        in_planes(&mut random, rows, width, stride, f32::NAN).into_iter().map(|value| value * size).collect();
    let resources = Resources::default()
        .with("x", &x)
        .with("weight", &in_planes(&mut random, 1, width, groups * GROUP, 0.0))
        .with("outputs", &outputs)
        .with("codes_x", &vec![UNTOUCHED; (rows + 1) * groups * 16])
        .with("scales_x", &vec![UNTOUCHED; (rows + 1) * groups * 2])
        .with("y", &vec![UNTOUCHED; rows * stride]);
    let params = RmsNorm { width: width as u32, groups: groups as u32, stride: (stride / 4) as u32, epsilon: 1e-5 };
    let agreement = match variant.encoding {
        None => AGREEMENT,
        Some(Encoding::F16) => Agreement::Halves,
        Some(Encoding::Int8) => IN_CODES,
    };
    Case::new(format!("{rows} rows of {width}, size {size}"), agreement, (params, variant, rows), resources)
}

#[test]
fn rms_norm_agrees_with_its_reference() {
    check(cases());
}
