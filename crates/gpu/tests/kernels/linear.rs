//! Tests of `matvec` and of all kernels named `matmul*`.

use half::f16;
use pollster::block_on;
use wgslm_gpu::{Gpu, KernelTexts};
use wgslm_shaders::format::{GROUP, WeightFormat};
use wgslm_shaders::{
    Activation, CooperativeTile, Encoding, Extent, Launch, Linear, LinearKernel, LinearVariant, MatvecShape, Target,
    Variant, WeightLayout, without_comments,
};

use wgslm_testing::exhaustive;

use crate::adapters::{adapters, on};
use crate::case::{Agreement, Case, UNTOUCHED, check, check_on};
use crate::random::{Random, in_planes};
use crate::weights::{random_weight, whole_groups};

/// The error of dot products: n roundings of at most 2^-24 in random directions add up to about sqrt(n) * 2^-24, which is 2.7e-6
/// for the longest one here, n = 2,080. Doubled for the worst of many outputs.
const AGREEMENT: Agreement = Agreement::OfLargest(5e-6);

/// The error of a single output, relative to itself: if its terms cancel, there is no larger output to compare with.
const ALONE: Agreement = Agreement::OfLargest(5e-5);

/// The error of products with an accumulated output, a norm or a gate, which round a few more and larger values.
const WITH_EXTRAS: Agreement = Agreement::OfLargest(2e-5);

/// The error of capped outputs, which is that of sums that may be far larger than the cap.
const CAPPED: Agreement = Agreement::OfLargest(2e-4);

/// The error of matrix units, which may round a weight to either neighbouring f16 and add without rounding to the nearest.
const OF_HALVES: Agreement = Agreement::OfLargest(3e-4);

#[derive(Clone, Copy, Debug, Default)]
struct Shape {
    rows: usize,
    groups: usize,
    tokens: usize,
    /// Tokens that the buffers hold in addition to those that are run.
    spare_tokens: usize,
    /// Zeros that pad the end of the last group of each token in `x`.
    padding: usize,
    /// The gap between tokens in `x`, in units of four values.
    x_gap: usize,
    y_offset: usize,
    /// The gap between tokens in `y`, in values.
    y_gap: usize,
    /// The operation that the kernel runs besides the product.
    extra: Extra,
    /// True if every weight format is tested in this shape.
    in_all: bool,
}

/// An operation that a kernel can run besides the product.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Extra {
    #[default]
    Nothing,
    /// Adds to `y`, which lies in planes.
    Accumulate,
    /// Normalises `x` first (`matvec`).
    Norm,
    /// Normalises `x` first, and gates one half of the outputs with the other (`matvec`).
    Gate(Activation),
    /// Adds a bias, then applies activation function, scale and cap.
    Finish,
}

const fn shape(rows: usize, groups: usize, tokens: usize) -> Shape {
    Shape {
        rows,
        groups,
        tokens,
        spare_tokens: 0,
        padding: 0,
        x_gap: 0,
        y_offset: 0,
        y_gap: 0,
        extra: Extra::Nothing,
        in_all: false,
    }
}

const SHAPES: [Shape; 16] = [
    shape(1, 1, 1),
    Shape { in_all: true, ..shape(31, 65, 1) },
    shape(37, 3, 3),
    Shape { padding: 7, in_all: true, ..shape(257, 2, 9) },
    shape(65, 5, 65),
    shape(64, 4, 8),
    Shape { spare_tokens: 5, x_gap: 3, y_offset: 5, y_gap: 2, ..shape(67, 17, 2) },
    Shape { spare_tokens: 70, y_offset: 1, ..shape(3, 1, 257) },
    Shape { extra: Extra::Accumulate, ..shape(67, 9, 1) },
    Shape { extra: Extra::Accumulate, y_offset: 37, padding: 3, ..shape(35, 2, 66) },
    Shape { extra: Extra::Norm, padding: 5, in_all: true, ..shape(33, 67, 2) },
    Shape { extra: Extra::Gate(Activation::Silu), ..shape(37, 18, 1) },
    Shape { extra: Extra::Gate(Activation::ClampedSwiglu), ..shape(37, 2, 1) },
    Shape { extra: Extra::Gate(Activation::Gelu), padding: 1, y_gap: 3, ..shape(5, 3, 7) },
    Shape { extra: Extra::Finish, y_offset: 3, ..shape(37, 9, 1) },
    Shape { extra: Extra::Finish, y_offset: 2, in_all: true, ..shape(70, 3, 70) },
];

/// The shapes for formats made of parts of other formats: a few of [`SHAPES`], and rows with several blocks of doubly quantised
/// scales.
const FEW_SHAPES: [Shape; 6] = [
    SHAPES[1],
    SHAPES[4],
    SHAPES[6],
    SHAPES[10],
    SHAPES[15],
    Shape { extra: Extra::Finish, y_offset: 1, ..shape(5, 259, 9) },
];

/// True if other formats have the same codes, tables and kinds of scales.
fn is_composed(format: WeightFormat) -> bool {
    matches!(format, WeightFormat::NF4 | WeightFormat::NF4_DQ | WeightFormat::Q4_DQ | WeightFormat::Q8_DQ)
}

/// The shapes for weights in `format`.
fn shapes(format: WeightFormat) -> &'static [Shape] {
    if is_composed(format) { &FEW_SHAPES } else { &SHAPES }
}

/// The formats tested in every shape: F16, 4-bit codes, and the format with the most intricate scales.
const THOROUGH: [WeightFormat; 3] = [WeightFormat::F16, WeightFormat::Q4_0, WeightFormat::Q6_K];

/// A factor that keeps sums small before a clamp, since a clamped value has the error of its sum, which could be far larger.
const KEEPS_SMALL: f32 = 2e-4;

/// A matrix with more outputs than a grid's dimension allows workgroups.
const TALL: Shape = shape(131_100, 1, 1);

pub(crate) fn cases() -> Vec<Case> {
    cases_where(|_| true)
}

/// The cases of the variants for which `keep` is true.
fn cases_where(keep: fn(&LinearVariant) -> bool) -> Vec<Case> {
    let all = || LinearVariant::all().into_iter().filter(keep);
    let is_plain = |variant: &LinearVariant| !variant.experts() && variant.leaves().is_none() && !is_pair(variant);
    let variants = || all().filter(move |variant| is_plain(variant) && is_telling(variant));
    let pairs = all().filter(|variant| is_pair(variant) && is_telling(variant)).map(pair_case);
    let leaving = all().filter(|variant| variant.leaves().is_some() && is_telling(variant));
    let leaving = leaving.flat_map(|variant| [false, true].map(|next_norm| leaving_case(variant, next_norm)));
    let tall = variants().filter(|variant| is_matvec(variant) && variant.format == WeightFormat::Q4_0);
    let odd = variants().flat_map(|variant| {
        let alone = !is_matvec(&variant);
        let shapes = shapes(variant.format)
            .iter()
            .copied()
            .filter(move |shape| !alone || matches!(shape.extra, Extra::Nothing | Extra::Accumulate | Extra::Finish));
        // How many outputs an invocation makes shows in a few shapes.
        let usual = !matches!(variant.kernel, LinearKernel::MatvecInteger(shape) if shape.outputs != 4);
        let shapes = shapes.filter(move |shape| usual || shape.in_all);
        // The shapes of work of `matvec` differ in nothing that the number of tokens or where y begins could show.
        let shapes = shapes.filter(move |shape| alone || shape.tokens < 64);
        // Nor do tiles where there's much less than one.
        let tiles = matches!(variant.kernel, LinearKernel::Matmul(_) | LinearKernel::MatmulInt8(_));
        let shapes = shapes.filter(move |shape| !tiles || shape.tokens > 8);
        // What formats differ in shows in a few shapes; what kernels do with them doesn't differ.
        let shapes = shapes.filter(move |shape| THOROUGH.contains(&variant.format) || shape.in_all);
        shapes.map(move |shape| case(variant, shape))
    });
    let of_experts = all().filter(LinearVariant::experts).flat_map(|variant| {
        let norm = is_matvec(&variant);
        [(1, false), (2, norm), (3, false)].map(|(per_row, norm)| expert_case(variant, per_row, norm))
    });
    odd.chain(tall.map(|variant| case(variant, TALL))).chain(of_experts).chain(leaving).chain(pairs).collect()
}

fn is_matvec(variant: &LinearVariant) -> bool {
    matches!(variant.kernel, LinearKernel::Matvec { .. } | LinearKernel::MatvecInteger(_))
}

fn is_pair(variant: &LinearVariant) -> bool {
    matches!(variant.kernel, LinearKernel::MatvecIntegerPair { .. })
}

/// True unless a mat-vec divides its work in a way in which formats don't differ.
fn is_telling(variant: &LinearVariant) -> bool {
    if let LinearKernel::Matvec { shape, experts: false, .. } = variant.kernel {
        let common = [MatvecShape::DEFAULT, MatvecShape::FEW_TOKENS].contains(&shape);
        return exhaustive() || THOROUGH.contains(&variant.format) || common;
    }
    if let LinearKernel::MatvecIntegerPair { shape, .. } = variant.kernel {
        // The rest shows in each weight's own kernels.
        let common = [1, 8].contains(&shape.tokens) && shape.outputs == 4 && shape.input == Encoding::Int16;
        return exhaustive() || common && (variant.format == WeightFormat::Q4_K || shape.tokens == 1);
    }
    let LinearKernel::MatvecInteger(shape) = variant.kernel else { return true };
    let common = match (shape.input, shape.output) {
        (_, Some(_)) => shape.tokens == 4,
        (Encoding::Int16, None) => shape.tokens == 8,
        _ => [1, 8].contains(&shape.tokens),
    };
    exhaustive() || THOROUGH.contains(&variant.format) || common && (shape.outputs == 4 || shape.output.is_some())
}

/// A product that is left in codes for the next matrix: added to what is there or, by kernels of many products, gated.
fn leaving_case(variant: LinearVariant, next_norm: bool) -> Case {
    let LinearKernel::MatvecInteger(shape) = variant.kernel else { panic!("{variant:?} leaves no codes") };
    let gated = shape.outputs == 8;
    let (rows, groups, tokens, capacity) = (72_usize, whole_groups(variant.format, 5), 3_usize, 3_usize);
    let mut random = Random::new(7 + u64::from(next_norm));
    let y_groups = rows.div_ceil(GROUP);
    let params = Linear {
        outputs: rows as u32,
        groups: groups as u32,
        tokens: capacity as u32,
        x_stride: (groups * GROUP / 4) as u32,
        y_stride: (y_groups * GROUP) as u32,
        y_groups: y_groups as u32,
        accumulate: (!gated).into(),
        gate_outputs: if gated { rows as u32 } else { 0 },
        norm_width: if gated { (groups * GROUP) as u32 } else { 0 },
        epsilon: 1e-5,
        activation: if gated { Activation::Silu as u32 } else { 0 },
        scale: if gated { 1.0 } else { 0.5 },
        next_norm: next_norm.into(),
        ..Linear::default()
    };
    let (codes, mut scales) = quantised(&mut random, shape.input, (tokens, capacity), groups, 0);
    scales.extend((0..capacity * groups).map(|_| [random.values(1)[0].abs() * 32.0, 0.0]));
    let stored_rows = if gated { 2 * rows } else { rows };
    let leaves = shape.output.unwrap_or(Encoding::Int8);
    // A row more than the capacity, which must stay unwritten.
    let words = |bytes: u64| vec![UNTOUCHED; (capacity + 1) * y_groups * bytes as usize / 4];
    let mut y = in_planes(&mut random, capacity + 1, rows, y_groups * GROUP, 0.0);
    y.truncate((capacity + 1) * y_groups * GROUP);
    let resources = random_weight(&mut random, variant.layout(), stored_rows, groups)
        .with("codes_x", &codes)
        .with("scales_x", &scales)
        .with("y", &y)
        .with("next_norm", &in_planes(&mut random, 1, rows, y_groups * GROUP, 0.0))
        .with("codes_y", &words(leaves.group_bytes()))
        .with("scales_y", &vec![UNTOUCHED; (2 * capacity + 1) * y_groups * 2]);
    let agreement =
        if leaves == Encoding::Int8 { Agreement::Quantised(1e-4) } else { Agreement::QuantisedFinely(1e-4) };
    Case::new(format!("left in codes, a norm: {next_norm}"), agreement, (params, variant, tokens), resources)
}

/// Two weights, one above the other, with a norm before.
fn pair_case(variant: LinearVariant) -> Case {
    let LinearKernel::MatvecIntegerPair { shape, second } = variant.kernel else {
        panic!("{variant:?} has one weight")
    };
    let (first_rows, rows, groups, tokens) = (64, 110, 24, 3);
    let mut random = Random::new(5);
    let params = Linear {
        outputs: rows as u32,
        groups: groups as u32,
        tokens: tokens as u32,
        x_stride: (groups * GROUP / 4) as u32,
        y_stride: rows as u32,
        norm_width: (groups * GROUP) as u32,
        epsilon: 1e-5,
        second: first_rows as u32,
        ..Linear::default()
    };
    let (codes, mut scales) = quantised(&mut random, shape.input, (tokens, tokens), groups, 0);
    scales.extend((0..tokens * groups).map(|_| [random.values(1)[0].abs() * 32.0, 0.0]));
    let layout = WeightLayout { format: second, interleave: 1 };
    let below = random_weight(&mut random, layout, rows - first_rows, groups);
    let resources = random_weight(&mut random, variant.layout(), first_rows, groups)
        .with("codes_2", below.get::<u32>("codes"))
        .with("scales_2", below.get::<u32>("scales"))
        .with("codes_x", &codes)
        .with("scales_x", &scales)
        .with("bias", &[f32::NAN])
        // A row more than there are tokens, which must stay unwritten.
        .with("y", &vec![UNTOUCHED; (tokens + 1) * rows]);
    Case::new("a weight above another", WITH_EXTRAS, (params, variant, tokens), resources)
}

fn case(variant: LinearVariant, shape: Shape) -> Case {
    let Shape { rows, groups, tokens, spare_tokens, padding, x_gap, y_offset, y_gap, extra, .. } = shape;
    let groups = whole_groups(variant.format, groups);
    let mut random = Random::new(rows as u64);
    let (width, capacity) = (groups * GROUP, tokens + spare_tokens);
    let x_stride = width + 4 * x_gap;
    let planes = extra == Extra::Accumulate;
    let y_groups = (y_offset + rows).div_ceil(GROUP);
    let y_stride = if planes { y_groups * GROUP } else { y_offset + rows } + y_gap;
    // Values that must not be read are NaN, so that reading them shows in the result.
    let mut x = in_planes(&mut random, tokens, width - padding, x_stride, f32::NAN);
    x.resize(capacity * x_stride, f32::NAN);
    let gate = if let Extra::Gate(activation) = extra { Some(activation) } else { None };
    let norms = extra == Extra::Norm || gate.is_some();
    let finishes = extra == Extra::Finish || gate.is_some();
    let activation = gate.unwrap_or(if finishes { Activation::Gelu } else { Activation::None });
    let params = Linear {
        outputs: rows as u32,
        groups: groups as u32,
        tokens: capacity as u32,
        x_stride: (x_stride / 4) as u32,
        y_stride: y_stride as u32,
        y_offset: y_offset as u32,
        y_groups: if planes { y_groups as u32 } else { 0 },
        accumulate: planes.into(),
        gate_outputs: if gate.is_some() { rows as u32 } else { 0 },
        norm_width: if norms { (width - padding) as u32 } else { 0 },
        epsilon: 1e-5,
        bias: if finishes { 4 } else { 0 },
        activation: activation as u32,
        scale: if finishes { 0.25 } else { 1.0 },
        soft_cap: if extra == Extra::Finish { 30.0 } else { 0.0 },
        ..Linear::default()
    };
    let stored_rows = if gate.is_some() { 2 * rows } else { rows };
    let bias = random.values(3 + stored_rows);
    let mut norm = if norms { in_planes(&mut random, 1, width - padding, width, 0.0) } else { vec![f32::NAN; 4] };
    if gate == Some(Activation::ClampedSwiglu) {
        norm.iter_mut().for_each(|weight| *weight *= KEEPS_SMALL);
    }
    let mut resources = random_weight(&mut random, variant.layout(), stored_rows, groups)
        .with("x", &x)
        .with("norm", &norm)
        .with("bias", &bias)
        // One row more than the capacity, which must stay unwritten.
        .with("y", &vec![UNTOUCHED; (capacity + 1) * y_stride]);
    match variant.takes() {
        Some(encoding @ (Encoding::Int8 | Encoding::Int16)) => {
            let (codes, mut scales) = quantised(&mut random, encoding, (tokens, capacity), groups, padding);
            if gate == Some(Activation::ClampedSwiglu) {
                scales.iter_mut().flatten().for_each(|scale| *scale *= KEEPS_SMALL);
            }
            // The sums of squares of the groups, after the scales of all tokens.
            scales.extend((0..capacity * groups).map(|_| [random.values(1)[0].abs() * 32.0, 0.0]));
            resources.set("codes_x", &codes);
            resources.set("scales_x", &scales);
        }
        Some(Encoding::F16) => resources.set("codes_x", &halves(&mut random, (tokens, capacity), width, padding)),
        None => {}
    }
    let agreement = match (variant.kernel, extra) {
        (LinearKernel::MatmulCooperative(_), _) => OF_HALVES,
        (_, Extra::Finish) => CAPPED,
        (_, Extra::Nothing) if rows == 1 => ALONE,
        (_, Extra::Nothing) => AGREEMENT,
        _ => WITH_EXTRAS,
    };
    // Kernels work in tiles, so that they may write tokens after the last one, within the capacity.
    Case::new(format!("{shape:?}"), agreement, (params, variant, tokens), resources)
        .unspecified(tokens * y_stride..capacity * y_stride)
}

/// Tokens that go to the second, third and fourth of five experts, whose rows are in the weight, or to another, whose rows aren't.
fn expert_case(variant: LinearVariant, per_row: usize, norms: bool) -> Case {
    let experts: [u32; 6] = [2, 0, 3, 1, 4, 1];
    let (rows, groups, tokens) = (64, whole_groups(variant.format, 3), experts.len());
    let mut random = Random::new(per_row as u64);
    let (width, inputs) = (groups * GROUP, tokens.div_ceil(per_row));
    let (y_stride, y_offset) = (rows + 9, 4);
    let params = Linear {
        outputs: rows as u32,
        groups: groups as u32,
        tokens: tokens as u32,
        x_stride: (width / 4) as u32,
        y_stride: y_stride as u32,
        y_offset: y_offset as u32,
        norm_width: if norms { width as u32 } else { 0 },
        epsilon: 1e-5,
        bias: if per_row == 3 { 0 } else { 2 },
        first_expert: 1,
        expert_count: 3,
        per_row: per_row as u32,
        ..Linear::default()
    };
    let mut resources = random_weight(&mut random, variant.layout(), 3 * rows, groups)
        .with("x", &in_planes(&mut random, inputs, width, width, f32::NAN))
        .with("norm", &in_planes(&mut random, 1, width, width, 0.0))
        .with("bias", &random.values(1 + 3 * rows))
        .with("experts", &experts)
        .with("y", &vec![UNTOUCHED; (tokens + 1) * y_stride]);
    if let Some(encoding) = variant.takes() {
        let (codes, scales) = quantised(&mut random, encoding, (inputs, inputs), groups, 0);
        resources.set("codes_x", &codes);
        resources.set("scales_x", &scales);
    }
    Case::new(format!("experts, {per_row} a row"), WITH_EXTRAS, (params, variant, tokens), resources)
}

/// Random f16 activations `codes_x` of `tokens` tokens, with `padding` zeros at the end of each, then NaN up to the capacity.
fn halves(random: &mut Random, (tokens, capacity): (usize, usize), width: usize, padding: usize) -> Vec<u16> {
    let mut halves = vec![f16::NAN; capacity * width];
    for row in halves.chunks_mut(width).take(tokens) {
        row.fill(f16::ZERO);
        for (half, value) in row.iter_mut().zip(random.values(width - padding)) {
            *half = f16::from_f32(value);
        }
    }
    halves.iter().map(|half| half.to_bits()).collect()
}

/// Random activations `codes_x` and `scales_x` of `tokens` tokens: any codes of the encoding, `padding` zeros at the end of each,
/// and NaN scales up to the capacity.
fn quantised(
    random: &mut Random,
    encoding: Encoding,
    (tokens, capacity): (usize, usize),
    groups: usize,
    padding: usize,
) -> (Vec<i8>, Vec<[f32; 2]>) {
    let planes = (encoding.group_bytes() / 32) as usize;
    let mut codes: Vec<i8> =
        (0..capacity * groups * GROUP * planes).map(|_| ((random.word() % 249) as i32 - 124) as i8).collect();
    let place = |token: usize, i: usize, plane: usize| {
        (((token * planes + plane) * 2 + i % GROUP / (GROUP / 2)) * groups + i / GROUP) * (GROUP / 2) + i % (GROUP / 2)
    };
    let mut scales = vec![[f32::NAN; 2]; capacity * groups];
    for token in 0..tokens {
        for i in groups * GROUP - padding..groups * GROUP {
            (0..planes).for_each(|plane| codes[place(token, i, plane)] = 0);
        }
        for group in 0..groups {
            let most = if encoding == Encoding::Int16 { 32000.0 } else { 127.0 };
            let scale = random.values(1)[0].abs() / most;
            let byte = |i: usize, plane: usize| i32::from(codes[place(token, group * GROUP + i, plane)]);
            let code = |i: usize| if planes == 2 { 256 * byte(i, 0) + byte(i, 1) } else { byte(i, 0) };
            let sum: i32 = (0..GROUP).map(code).sum();
            scales[token * groups + group] = [scale, scale * sum as f32];
        }
    }
    (codes, scales)
}

fn is_integer_mat_vec(variant: &LinearVariant) -> bool {
    matches!(variant.kernel, LinearKernel::MatvecInteger(_))
}

// Two halves, so that two cores compile at a time.
#[test]
fn integer_mat_vecs_agree_with_their_reference() {
    check(cases_where(is_integer_mat_vec));
}

#[test]
fn other_linear_kernels_agree_with_their_reference() {
    check(cases_where(|variant| !is_integer_mat_vec(variant)));
}

/// Tests `matmul_cooperative`, with plain arithmetic in place of matrix units, on the slowest adapter: what is tested is the kernel, and
/// Mesa's compiler takes 20 times as long for it.
#[test]
fn cooperative_tiles_agree_with_their_reference_on_imitated_matrix_units() {
    let text = |variant: &Variant, target: Target| {
        let units = without_comments(include_str!("../../../shaders/src/linear/fragments/matrix_units.wgsl"));
        let text = variant.wgsl(target);
        if !variant.matrix_units() {
            return text;
        }
        assert!(text.contains(&units), "{}", variant.name());
        text.replace(&units, include_str!("matrix_units_imitation.wgsl"))
            .replace("enable f16;\nenable wgpu_cooperative_matrix;\n", "")
            .replace("let subgroup = index / 32u;", "let subgroup = index / 32u;\n    lane = index % 32u;")
    };
    let open = |gpu: &Gpu| {
        block_on(Gpu::request_with(&on(gpu.adapter().index), KernelTexts { text })).expect("it opened before")
    };
    let tested = if exhaustive() { adapters().len() } else { 1 };
    let gpus: Vec<Gpu> = adapters().iter().rev().take(tested).map(open).collect();
    // The others take more workgroup memory than devices without matrix units are asked for.
    let least = LinearKernel::MatmulCooperative(CooperativeTile::ALL[0]);
    let runs = |_: &Gpu, variant: &Variant| matches!(variant, Variant::Linear(linear) if linear.kernel == least);
    check_on(&gpus, runs, cases());
}

#[test]
fn a_grid_stays_within_what_every_device_takes() {
    for variant in LinearVariant::all().into_iter().map(Variant::from) {
        let params =
            Linear { outputs: 262_144, groups: 1, tokens: 4096, x_stride: 8, y_stride: 262_144, ..Linear::default() };
        let grid = params.grid(&variant, Extent { count: 4096, context: 4096 });
        assert!(grid.iter().all(|size| (1..=65_535).contains(size)), "{}: {grid:?}", variant.name());
    }
}
