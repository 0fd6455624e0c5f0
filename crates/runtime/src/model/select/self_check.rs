//! The self-check of a device: before a model is fetched, a few kernels run on small inputs and are compared with their
//! references, since some drivers claim support and compute wrong values.

use wgslm_gpu::{Execution, Gpu, Variants};
use wgslm_shaders::cpu::Resources;
use wgslm_shaders::format::GROUP;
use wgslm_shaders::{
    Attention, BLOCK_TOKENS, Bounds, Encoding, Extent, IntegerShape, Kernel, KvAddressing, KvFormat, Launch, Linear,
    Norm, Output, Quantise, QuantiseVariant, Repack, RepackVariant, Sample, SamplePhase, SampleVariant, TensorType,
    Token, Variant, WeightFormat, WeightLayout,
};

use super::Kernels;
use crate::{Error, Result};

/// The largest difference accepted as rounding, relative to the largest value: f32 sums may be in another order.
const TOLERANCE: f32 = 1e-4;

/// Runs the self-check: compiles all kernels side by side, submits them all, and waits once.
pub(crate) async fn run(gpu: &Gpu, kernels: &Kernels) -> Result<()> {
    let cases = cases(gpu, kernels)?;
    gpu.compiled().await?;
    let running: Vec<_> =
        cases.into_iter().map(|case| (case.execution.run(gpu), case.variant, case.expected)).collect();
    for (running, variant, expected) in running {
        if !agree(&variant, &running.written().await?, &expected) {
            return Err(Error::SelfCheck { device: gpu.adapter().name.clone(), kernel: variant.name() });
        }
    }
    Ok(())
}

fn cases(gpu: &Gpu, kernels: &Kernels) -> Result<Vec<Case>> {
    let mut cases = Vec::new();
    for (format, many) in [(WeightFormat::Q4_0, 1), (WeightFormat::Q4_0, 3), (WeightFormat::Q8_0, u32::MAX)] {
        let variants = if kernels.fuses() && many < u32::MAX {
            kernels.few(format, kernels.untuned())
        } else {
            kernels.linear(format)
        };
        let variant = *variants.of(many);
        let (params, resources) = linear_case(&variant);
        cases.push(Case::new(gpu, params, variant, extent(many.min(3)), resources)?);
    }
    for encoding in Encoding::ALL {
        let variants = kernels.linear_encoded(WeightFormat::Q4_0, 35, encoding);
        // All with the three tokens that fill the buffers: a tile may write values after the last token.
        for variant in variants.iter().flat_map(Variants::iter) {
            let (params, resources) = linear_case(variant);
            cases.push(Case::new(gpu, params, *variant, extent(3), resources)?);
        }
    }
    if kernels.fuses() {
        for (encoding, tokens) in [(Encoding::Int8, 8), (Encoding::Int16, 4)] {
            let variant = *kernels.few_in_integers(WeightFormat::Q4_0, 35, IntegerShape::new(encoding)).of(tokens);
            let (params, resources) = linear_case(&variant);
            cases.push(Case::new(gpu, params, variant, extent(3), resources)?);
        }
    }
    if kernels.repacks {
        let variant = RepackVariant(TensorType::Q6_K);
        let (params, resources) = repack_case(kernels.interleave());
        cases.push(Case::new(gpu, params, variant, extent(3), resources)?);
    }
    let norm = Resources::default()
        .with("x", &values(3 * 96))
        .with("weight", &values(96))
        .with("bias", &values(96))
        .with("y", &[0.0f32; 3 * 96]);
    let params =
        Norm { width: 96, groups: 3, stride: 24, epsilon: 1e-5, centred: 0, of_sum: 0, accumulate: 0, scale: 1.0 };
    cases.push(Case::new(gpu, params, kernels.norm(false, None), extent(3), norm)?);
    let (params, resources) = attention_case();
    cases.push(Case::new(gpu, params, kernels.attention(KvFormat::F16), extent(2), resources.clone())?);
    let few = if kernels.fuses() {
        kernels.attention_split(KvFormat::F16, 2, (false, false))
    } else {
        kernels.attention_of_many(KvFormat::F16, 2 * params.head_pairs, 2)
    };
    cases.push(Case::new(gpu, params, few, extent(2), resources)?);
    for (stage, _) in SampleVariant::ARGMAX {
        let (params, resources) = argmax_case();
        cases.push(Case::new(gpu, params, stage, extent(2), resources)?);
    }
    Ok(cases)
}

/// `count` rows whose contexts are those of [`attention_case`].
fn extent(count: u32) -> Extent {
    Extent { count, context: CONTEXT }
}

/// Tokens of the longest context of [`attention_case`].
const CONTEXT: u32 = 102;

/// Fixed values between -1 and 1 without a pattern that could hide a mistake.
fn values(length: usize) -> Vec<f32> {
    words(length).into_iter().map(|word| (word >> 8) as f32 / (1 << 23) as f32 - 1.0).collect()
}

fn words(length: usize) -> Vec<u32> {
    let mut state = 0x9e37_79b9_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state ^ (state >> 16)
    };
    (0..length).map(|_| next()).collect()
}

/// Words of two halves below 2 of both signs, whatever the random bits.
fn halves(length: usize) -> Vec<u32> {
    words(length).iter().map(|word| word & 0xbbff_bbff).collect()
}

fn linear_case(variant: &Variant) -> (Linear, Resources) {
    let (format, interleave) = variant.weight().map_or((WeightFormat::F32, 1), |w| (w.format, w.interleave as usize));
    // Small, since bindings may be. Yet an invocation that computes several rows has all of them, and one that shares a row with
    // its workgroup runs its loop more than once.
    let (rows, groups) = if interleave > 1 { (101_usize, 3_usize) } else { (35, 69) };
    let tokens = 3_usize;
    let stored = rows.next_multiple_of(interleave);
    // 0x2c2c: a pair of halves of 0.0652.
    let scales = vec![0x2c2c_2c2c_u32; stored * format.scale_words(groups)];
    let params = Linear {
        outputs: rows as u32,
        groups: groups as u32,
        tokens: tokens as u32,
        x_stride: (groups * GROUP / 4) as u32,
        y_stride: rows as u32,
        norm_width: if variant.kernel() == Kernel::Matvec { (groups * GROUP) as u32 } else { 0 },
        epsilon: 1e-5,
        ..Linear::default()
    };
    let mut resources = Resources::default()
        .with("codes", &words(stored * groups * format.code_words()))
        .with("scales", &scales)
        .with("x", &values(tokens * groups * GROUP))
        .with("codes_x", &vec![0u32; tokens * groups * GROUP / 2])
        .with("scales_x", &vec![[0.0f32; 2]; tokens * groups])
        .with("norm", &values(groups * GROUP))
        .with("bias", &[0.0f32])
        .with("y", &vec![0.0f32; tokens * rows]);
    if let Variant::Linear(linear) = variant
        && let Some(encoding) = linear.takes()
    {
        let quantise = Quantise { groups: params.groups, x_stride: params.x_stride, rows: params.tokens };
        quantise.reference(&QuantiseVariant::plain(encoding).into(), tokens, &mut resources);
    }
    (params, resources)
}

fn attention_case() -> (Attention, Resources) {
    let (heads, kv_heads, head_pairs) = (4_u32, 2_u32, 8_u32);
    let tokens = 8 * BLOCK_TOKENS;
    let cache = halves((tokens * kv_heads * head_pairs) as usize);
    let rows = [5, CONTEXT - 1].map(|position| Token::causal(position, 0));
    let width = (heads * head_pairs * 2) as usize;
    let resources = Resources::default()
        .with("tokens", &rows)
        .with("tables", &[3u32, 1, 7, 0, 6, 2, 5, 4])
        .with("frequencies", &[0.0f32])
        .with("query", &values(2 * width))
        .with("k_cache", &cache)
        .with("v_cache", &cache.iter().rev().copied().collect::<Vec<_>>())
        .with("partials", &vec![0.0f32; 2 * width])
        .with("y", &vec![0.0f32; 2 * width]);
    let (stride, y_groups) = (width as u32, (width / GROUP) as u32);
    let params = Attention {
        heads,
        kv_heads,
        head_pairs,
        query_stride: stride,
        y_stride: stride,
        y_groups,
        scale: 0.25,
        splits: 1,
        cache: KvAddressing::alone(KvFormat::F16, kv_heads, head_pairs),
        ..Attention::default()
    };
    (params, resources)
}

/// Rows of Q6_K that begin in the middle of a word.
fn repack_case(interleave: u32) -> (Repack, Resources) {
    let layout = WeightLayout { format: WeightFormat::Q6_K, interleave };
    let (rows, blocks) = (3, 2);
    let row_bytes = blocks * TensorType::Q6_K.block_bytes();
    let params = Repack::new(layout, (blocks * TensorType::Q6_K.block_len(), row_bytes), (2, 1, rows));
    let stored = (rows + 1).next_multiple_of(interleave) as usize;
    let code_words = params.groups as usize * layout.format.code_words();
    let resources = Resources::default()
        .with("source", &words(rows as usize * row_bytes / 4 + 2))
        .with("codes", &vec![0u32; stored * code_words])
        .with("scales", &vec![0u32; stored * params.scale_words as usize]);
    (params, resources)
}

/// Logits of several chunks of a vocabulary, and the first stage's candidates for the second.
fn argmax_case() -> (Sample, Resources) {
    let vocabulary = 5000;
    let outputs =
        [Output::default(), Output { sampled: 1, inverse_temperature: 1.5, seed: 7, position: 3, ..Output::default() }];
    let mut resources = Resources::default()
        .with("outputs", &outputs)
        .with("logits", &values(2 * vocabulary as usize))
        .with("masks", &vec![u32::MAX; Sample::mask_words(vocabulary) as usize])
        .with("bounds", &[Bounds::NONE; 2])
        .with("candidates", &vec![0u32; 2 * Sample::chunks(vocabulary) as usize])
        .with("sampled", &[0u32; 2])
        .with("history", &vec![0u32; Output::HISTORY as usize]);
    let params = Sample::new(vocabulary, SamplePhase::default());
    params.reference(&SampleVariant::ArgmaxPartials.into(), 2, &mut resources);
    (params, resources)
}

/// A kernel on small inputs, and its reference's results for them.
struct Case {
    variant: Variant,
    execution: Execution,
    expected: Resources,
}

impl Case {
    fn new(
        gpu: &Gpu,
        launch: impl Launch + Copy + 'static,
        variant: impl Into<Variant>,
        extent: Extent,
        resources: Resources,
    ) -> Result<Self> {
        let variant = variant.into();
        let execution = Execution::new(gpu, launch, variant, extent, &resources)?;
        let mut expected = resources;
        launch.reference(&variant, extent.count as usize, &mut expected);
        Ok(Self { variant, execution, expected })
    }
}

/// True where the computed values are the reference's, up to rounding.
fn agree(variant: &Variant, computed: &Resources, expected: &Resources) -> bool {
    computed.iter().all(|(name, words)| {
        if matches!(variant, Variant::Sample(_) | Variant::Repack(_)) {
            return words == expected.get::<u32>(name);
        }
        let (computed, expected) = (bytemuck::cast_slice::<u32, f32>(words), expected.get::<f32>(name));
        let largest = expected.iter().fold(0.0f32, |largest, value| largest.max(value.abs()));
        computed.iter().zip(expected).all(|(a, b)| (a - b).abs() <= TOLERANCE * largest)
    })
}
