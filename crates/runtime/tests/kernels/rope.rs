//! `rope`: both ways to pair, partial rotation, and angles far beyond what the built-in sine is good for.

use wgslm_shaders::cpu::Resources;
use wgslm_shaders::{Kernel, Rope, Row, Variant};

use crate::case::{Agreement, Case, check};
use crate::random::{Random, strided};

/// The reference takes sine and cosine in f64, of the angle that f32 gives. The kernel's own are good to about an ulp wherever
/// the position is one a model reaches; products and sums add two more.
const AGREEMENT: Agreement = Agreement::OfLargest(4e-7);

const POSITIONS: [u32; 14] = [0, 1, 2, 3, 17, 100, 355, 2047, 8191, 32_768, 99_991, 131_071, 262_143, 524_287];

struct Shape {
    heads: usize,
    width: usize,
    pairs: usize,
    pair_step: usize,
    gap: usize,
    magnitude: f32,
    theta: f32,
}

const SHAPES: [Shape; 7] = [
    Shape { heads: 3, width: 64, pairs: 32, pair_step: 1, gap: 0, magnitude: 1.0, theta: 10_000.0 },
    Shape { heads: 3, width: 64, pairs: 32, pair_step: 32, gap: 0, magnitude: 1.0, theta: 500_000.0 },
    Shape { heads: 1, width: 2, pairs: 1, pair_step: 1, gap: 0, magnitude: 1.0, theta: 10_000.0 },
    Shape { heads: 5, width: 80, pairs: 16, pair_step: 16, gap: 3, magnitude: 1.0, theta: 10_000.0 },
    Shape { heads: 5, width: 80, pairs: 16, pair_step: 1, gap: 3, magnitude: 1.0, theta: 10_000.0 },
    Shape { heads: 2, width: 256, pairs: 128, pair_step: 128, gap: 0, magnitude: 1.0, theta: 1_000_000.0 },
    Shape { heads: 13, width: 10, pairs: 5, pair_step: 5, gap: 0, magnitude: 1.3689, theta: 10_000.0 },
];

pub(crate) fn cases() -> Vec<Case> {
    SHAPES.iter().map(case).collect()
}

fn case(shape: &Shape) -> Case {
    let Shape { heads, width, pairs, pair_step, gap, magnitude, theta } = *shape;
    let mut random = Random::new(width as u64);
    let stride = heads * width + gap;
    let frequencies: Vec<f32> =
        (0..pairs).map(|pair| f64::from(theta).powf(-(pair as f64) / pairs as f64) as f32).collect();
    let rows = POSITIONS.map(|position| Row { position, ..Row::default() });
    let params = Rope {
        heads: heads as u32,
        head_width: width as u32,
        pairs: pairs as u32,
        pair_step: pair_step as u32,
        stride: stride as u32,
        magnitude,
    };
    let resources = Resources::default()
        .with("rows", &rows)
        .with("frequencies", &frequencies)
        .with("x", &strided(&mut random, rows.len(), heads * width, stride, f32::NAN));
    let label = format!("{heads} heads of {width}, {pairs} pairs {pair_step} apart, magnitude {magnitude}");
    Case::new(label, AGREEMENT, (params, Variant::plain(Kernel::Rope), rows.len()), resources)
}

#[test]
fn rope_is_as_good_as_f32_at_any_position() {
    check(cases());
}
