//! `matvec`, `matmul` and `matmul_row_per_lane`.

use wgslm_shaders::format::{GROUP, WeightFormat};
use wgslm_shaders::{Kernel, Launch, Linear, Variant};

use crate::case::{Agreement, Case, UNTOUCHED, check};
use crate::random::Random;
use crate::weights::{layout_of, random_weight};

/// A dot product of n products in f32 rounds n times by at most 2^-24 of the sum so far, in a random direction: about
/// sqrt(n) * 2^-24, which for the longest here, of 2,080, is 2.7e-6. Doubled for the worst of many.
const AGREEMENT: Agreement = Agreement::OfLargest(5e-6);

#[derive(Clone, Copy, Debug, Default)]
struct Shape {
    rows: usize,
    groups: usize,
    tokens: usize,
    /// Tokens for which there is room beyond those that are run.
    spare_tokens: usize,
    /// Values at the end of the last group that are padding: zeros in `x`.
    padding: usize,
    /// Units of four in a row of `x` that don't belong to it.
    x_gap: usize,
    y_offset: usize,
    /// Values in a row of `y` after those that the dispatch makes.
    y_gap: usize,
}

const fn shape(rows: usize, groups: usize, tokens: usize) -> Shape {
    Shape { rows, groups, tokens, spare_tokens: 0, padding: 0, x_gap: 0, y_offset: 0, y_gap: 0 }
}

const SHAPES: [Shape; 8] = [
    shape(1, 1, 1),
    shape(31, 65, 1),
    shape(37, 3, 3),
    Shape { padding: 7, ..shape(257, 2, 9) },
    shape(65, 5, 65),
    shape(64, 4, 8),
    Shape { spare_tokens: 5, x_gap: 3, y_offset: 5, y_gap: 2, ..shape(67, 17, 2) },
    Shape { spare_tokens: 70, y_offset: 1, ..shape(3, 1, 257) },
];

/// More rows than a grid has room for in one dimension.
const TALL: Shape = shape(65_600, 1, 1);

pub(crate) fn cases() -> Vec<Case> {
    let variants = || Variant::all().into_iter().filter(|variant| is_linear(variant.kernel));
    let tall = variants()
        .filter(|variant| variant.kernel == Kernel::Matvec && layout_of(variant).format == WeightFormat::Q4_0);
    let odd = variants().flat_map(|variant| SHAPES.map(|shape| case(variant, shape)));
    odd.chain(tall.map(|variant| case(variant, TALL))).collect()
}

fn is_linear(kernel: Kernel) -> bool {
    matches!(kernel, Kernel::Matvec | Kernel::Matmul | Kernel::MatmulRowPerLane)
}

fn case(variant: Variant, shape: Shape) -> Case {
    let Shape { rows, groups, tokens, spare_tokens, padding, x_gap, y_offset, y_gap } = shape;
    let mut random = Random::new(rows as u64);
    let (width, capacity) = (groups * GROUP, tokens + spare_tokens);
    let (x_stride, y_stride) = (width + 4 * x_gap, y_offset + rows + y_gap);
    // What no token's values may come from is NaN, so that it shows wherever it is read.
    let mut x = vec![f32::NAN; capacity * x_stride];
    for x in x.chunks_mut(x_stride).take(tokens) {
        x[..width].fill(0.0);
        x[..width - padding].copy_from_slice(&random.values(width - padding));
    }
    let params = Linear {
        rows: rows as u32,
        groups: groups as u32,
        columns: capacity as u32,
        x_stride: (x_stride / 4) as u32,
        y_stride: y_stride as u32,
        y_offset: y_offset as u32,
    };
    let resources = random_weight(&mut random, layout_of(&variant), rows, groups)
        .with("x", &x)
        // A row more than there is room for, which nothing may touch.
        .with("y", &vec![UNTOUCHED; (capacity + 1) * y_stride]);
    // Kernels work in tiles: tokens past those that are run, but within the capacity, may be written.
    Case::new(format!("{shape:?}"), AGREEMENT, (params, variant, tokens), resources)
        .unspecified(tokens * y_stride..capacity * y_stride)
}

#[test]
fn linear_kernels_agree_with_their_reference() {
    check(cases());
}

#[test]
fn a_grid_stays_within_what_every_device_takes() {
    for variant in Variant::all().into_iter().filter(|variant| is_linear(variant.kernel)) {
        let params = Linear { rows: 262_144, groups: 1, columns: 4096, x_stride: 8, y_stride: 262_144, y_offset: 0 };
        let grid = params.grid(&variant, 4096);
        assert!(grid.iter().all(|size| (1..=65_535).contains(size)), "{}: {grid:?}", variant.name());
    }
}
