//! `add` and `swiglu`.

use wgslm_shaders::cpu::Resources;
use wgslm_shaders::{Add, Kernel, Swiglu, Variant};

use crate::case::{Agreement, Case, check};
use crate::random::{Random, strided};

const SHAPES: [(usize, usize, usize); 7] =
    [(1, 1, 1), (2, 63, 63), (1, 64, 64), (3, 65, 65), (2, 257, 260), (67, 3, 5), (1, 1536, 1536)];

/// WGSL allows exp 3 + 2|x| ulp and a quotient 2.5: for x at -80, the farthest where something is left, 2e-5.
const SWIGLU: Agreement = Agreement::OfEach(2e-5);

pub(crate) fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = SHAPES.iter().flat_map(|shape| [add(*shape), swiglu(*shape)]).collect();
    let gates = [-100.0, -88.8, -80.5, -79.5, -30.0, -1.0, 0.0, 1e-6, 1.0, 30.0, 88.8, 100.0f32];
    let resources = Resources::default().with("gate", &gates).with("up", &[-7.5f32; 12]);
    let params = Swiglu { width: 12, stride: 12 };
    cases.push(Case::new("gates that saturate", SWIGLU, (params, Variant::plain(Kernel::Swiglu), 1), resources));
    cases
}

fn add((rows, width, stride): (usize, usize, usize)) -> Case {
    let mut random = Random::new(width as u64);
    let resources = Resources::default()
        .with("x", &strided(&mut random, rows, width, stride, f32::NAN))
        .with("y", &strided(&mut random, rows, width, stride, f32::NAN));
    let params = Add { width: width as u32, stride: stride as u32 };
    // One addition, which rounds the same way everywhere.
    Case::new(
        format!("{rows} rows of {width}"),
        Agreement::Exact,
        (params, Variant::plain(Kernel::Add), rows),
        resources,
    )
}

fn swiglu((rows, width, stride): (usize, usize, usize)) -> Case {
    let mut random = Random::new(width as u64);
    let mut eightfold = || -> Vec<f32> {
        strided(&mut random, rows, width, stride, f32::NAN).into_iter().map(|value| 8.0 * value).collect()
    };
    let resources = Resources::default().with("gate", &eightfold()).with("up", &eightfold());
    let params = Swiglu { width: width as u32, stride: stride as u32 };
    Case::new(format!("{rows} rows of {width}"), SWIGLU, (params, Variant::plain(Kernel::Swiglu), rows), resources)
}

#[test]
fn add_and_swiglu_agree_with_their_references() {
    check(cases());
}
