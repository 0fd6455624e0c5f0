//! Tests of `route` and `mix_experts`: few and many experts, equal logits, and weights from 1 to nearly 0.

use wgslm_shaders::cpu::Resources;
use wgslm_shaders::{ExpertsVariant, MixExperts, Route};

use crate::case::{Agreement, Case, UNTOUCHED, check};
use crate::random::{Random, strided};

pub(crate) fn cases() -> Vec<Case> {
    let routes = [(4, 2, 1.0), (8, 2, 30.0), (5, 5, 1.0), (1, 1, 1.0), (128, 8, 4.0), (512, 32, 2.0), (65, 3, 0.0)];
    let mixes = [(2, 1, 1.0), (64, 2, 0.5), (65, 8, 1.0), (130, 3, -2.0)];
    routes
        .into_iter()
        .flat_map(|(experts, used, size)| route(experts, used, size))
        .chain(mixes.map(|(quads, used, scale)| mix(quads, used, scale)))
        .collect()
}

/// Cases of `route` on logits of magnitude up to `size`; with 0, all are equal.
fn route(experts: usize, used: usize, size: f32) -> [Case; 2] {
    let (rows, stride) = (5, experts + 3);
    let logits = strided(&mut Random::new(experts as u64), rows, experts, stride, f32::INFINITY);
    let logits: Vec<f32> = logits.iter().map(|value| if value.is_finite() { value * size } else { *value }).collect();
    let resources = Resources::default()
        .with("logits", &logits)
        .with("experts", &vec![77u32; (rows + 1) * used])
        .with("weights", &vec![UNTOUCHED; (rows + 1) * used]);
    let params = Route { experts: experts as u32, used: used as u32, stride: stride as u32 };
    // exp of logits up to 60 below the largest may be off by 3 + 2 * 60 ulp.
    [("experts", Agreement::Exact), ("weights", Agreement::OfEach(1.5e-5))].map(|(output, agreement)| {
        let launch = (params, ExpertsVariant::Route, rows);
        let case = Case::new(format!("{params:?}, size {size}"), agreement, launch, resources.clone());
        case.only(if output == "experts" { &["experts"] } else { &["weights"] })
    })
}

fn mix(quads: usize, used: usize, scale: f32) -> Case {
    let (rows, stride) = (3, quads + 2);
    let mut random = Random::new(quads as u64);
    let weights = random.values(rows * used);
    let resources = Resources::default()
        .with("weights", &weights)
        .with("x", &strided(&mut random, rows * used, quads * 4, stride * 4, UNTOUCHED))
        .with("y", &strided(&mut random, rows, quads * 4, stride * 4, UNTOUCHED));
    let params = MixExperts {
        quads: quads as u32,
        used: used as u32,
        stride: stride as u32,
        scale,
        accumulate: u32::from(used > 1),
    };
    Case::new(format!("{params:?}"), Agreement::OfLargest(5e-7), (params, ExpertsVariant::MixExperts, rows), resources)
}

#[test]
fn rows_go_to_their_experts_and_come_back_by_weight() {
    check(cases());
}
