//! `swiglu`, from values in order to planes or encoded.

use wgslm_shaders::cpu::Resources;
use wgslm_shaders::format::GROUP;
use wgslm_shaders::{Encoding, Kernel, Swiglu, Variant};

use crate::case::{Agreement, Case, UNTOUCHED, check};
use crate::random::{Random, strided};

/// WGSL allows exp 3 + 2|x| ulp and a quotient 2.5: for x at -80, the farthest where something is left, 2e-5.
const AGREEMENT: Agreement = Agreement::OfEach(2e-5);

/// A scale is off by as much as the value that makes it, and by two quotients.
const IN_CODES: Agreement = Agreement::Quantised(2.1e-5);

pub(crate) fn cases() -> Vec<Case> {
    let variants = Variant::all().into_iter().filter(|variant| variant.kernel == Kernel::Swiglu);
    variants.flat_map(cases_of).collect()
}

fn cases_of(variant: Variant) -> Vec<Case> {
    let mut random = Random::new(1);
    let shapes = [(1, 1, 0), (2, 63, 0), (1, 64, 5), (3, 65, 1), (2, 257, 3), (67, 3, 5), (1, 1536, 0), (2, 2100, 0)];
    let mut cases: Vec<Case> = shapes
        .map(|(rows, width, gap)| {
            let stride = 2 * width + gap;
            let values = strided(&mut random, rows, 2 * width, stride, f32::NAN);
            let values: Vec<f32> = values.iter().map(|value| 8.0 * value).collect();
            case(variant, &format!("{rows} rows of {width}"), (rows, width, stride), &values)
        })
        .into();
    let gates = [-100.0, -88.8, -80.5, -79.5, -30.0, -1.0, 0.0, 1e-6, 1.0, 30.0, 88.8, 100.0f32];
    let values: Vec<f32> = gates.into_iter().chain([-7.5; 12]).collect();
    cases.push(case(variant, "gates that saturate", (1, 12, 24), &values));
    cases
}

fn case(variant: Variant, label: &str, (rows, width, stride): (usize, usize, usize), x: &[f32]) -> Case {
    let groups = width.div_ceil(GROUP);
    let y_stride = groups * GROUP + 4;
    let resources = Resources::default()
        .with("x", x)
        .with("codes_x", &vec![UNTOUCHED; (rows + 1) * groups * 16])
        .with("scales_x", &vec![UNTOUCHED; (rows + 1) * groups * 2])
        .with("y", &vec![UNTOUCHED; rows * y_stride]);
    let params =
        Swiglu { width: width as u32, x_stride: stride as u32, y_stride: y_stride as u32, y_groups: groups as u32 };
    let agreement = match variant.encoding {
        None => AGREEMENT,
        Some(Encoding::F16) => Agreement::Halves,
        Some(Encoding::Int8) => IN_CODES,
    };
    Case::new(label, agreement, (params, variant, rows), resources)
}

#[test]
fn swiglu_agrees_with_its_reference() {
    check(cases());
}
