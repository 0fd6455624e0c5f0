//! Tests of `gate`, which reads values in order and writes planes or encoded activations.

use wgslm_shaders::cpu::Resources;
use wgslm_shaders::format::GROUP;
use wgslm_shaders::{Activation, Encoding, Gate, GateVariant};

use crate::case::{Agreement, Case, UNTOUCHED, check};
use crate::random::{Random, strided};

/// The error that WGSL allows for exp, 3 + 2|x| ulp, and a quotient, 2.5 ulp, at x = -80, below which the result vanishes.
const AGREEMENT: Agreement = Agreement::OfEach(2e-5);

/// A scale's error: that of the value it is computed from, and two quotients.
const SCALES: f32 = 2.1e-5;

pub(crate) fn cases() -> Vec<Case> {
    GateVariant::all().into_iter().flat_map(cases_of).collect()
}

fn cases_of(variant: GateVariant) -> Vec<Case> {
    let mut random = Random::new(1);
    let shapes = [(1, 1, 0), (2, 63, 0), (1, 64, 5), (3, 65, 1), (2, 257, 3), (67, 3, 5), (1, 1536, 0), (2, 2100, 0)];
    let mut cases: Vec<Case> = shapes
        .map(|(rows, width, gap)| {
            let stride = 2 * width + gap;
            let values = strided(&mut random, rows, 2 * width, stride, f32::NAN);
            let values: Vec<f32> = values.iter().map(|value| 8.0 * value).collect();
            case(variant, (Activation::Silu, true), (rows, width, stride), &values)
        })
        .into();
    for (activation, gated) in [(Activation::Gelu, true), (Activation::ClampedSwiglu, true), (Activation::Gelu, false)]
    {
        let values: Vec<f32> = random.values(3 * 140).into_iter().map(|value| 8.0 * value).collect();
        cases.push(case(variant, (activation, gated), (3, 70, 140), &values));
    }
    let gates = [-100.0, -88.8, -80.5, -79.5, -30.0, -1.0, 0.0, 1e-6, 1.0, 30.0, 88.8, 100.0f32];
    let values: Vec<f32> = gates.into_iter().chain([-7.5; 12]).collect();
    cases.push(case(variant, (Activation::Silu, true), (1, 12, 24), &values));
    cases
}

fn case(
    variant: GateVariant,
    (activation, gated): (Activation, bool),
    (rows, width, stride): (usize, usize, usize),
    x: &[f32],
) -> Case {
    let groups = width.div_ceil(GROUP);
    let y_stride = groups * GROUP + 4;
    let resources = Resources::default()
        .with("x", x)
        .with("codes_x", &vec![UNTOUCHED; (rows + 1) * groups * 16])
        .with("scales_x", &vec![UNTOUCHED; (rows + 1) * groups * 2])
        .with("y", &vec![UNTOUCHED; rows * y_stride]);
    let params = Gate {
        width: width as u32,
        x_stride: stride as u32,
        y_stride: y_stride as u32,
        y_groups: groups as u32,
        activation: activation as u32,
        gated: gated.into(),
    };
    let agreement = match variant.encoding {
        None => AGREEMENT,
        Some(Encoding::F16) => Agreement::Halves,
        Some(Encoding::Int8) => Agreement::Quantised(SCALES),
        Some(Encoding::Int16) => Agreement::QuantisedFinely(SCALES),
    };
    let label = format!("{activation:?}, gated {gated}, {rows} rows of {width}");
    Case::new(label, agreement, (params, variant, rows), resources)
}

#[test]
fn gate_agrees_with_its_reference() {
    check(cases());
}
