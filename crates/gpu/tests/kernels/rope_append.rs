//! Tests of `rope_append`: both ways to pair, partial rotation, angles far beyond the range of WGSL's sine, and keys and values
//! of any magnitude through shuffled block tables.

use wgslm_shaders::cpu::Resources;
use wgslm_shaders::{BLOCK_TOKENS, KvAddressing, KvFormat, RopeAppend, StateVariant, Token};

use crate::attention::empty_cache;
use crate::case::{Agreement, Case, UNTOUCHED, check};
use crate::random::{Random, strided};

/// The error of rotated queries: about 1 ulp of the kernel's own sine and cosine at any position that a model reaches, and 2 of
/// products and sums. The reference computes sine and cosine in f64, from the angle in f32.
const QUERY: Agreement = Agreement::OfLargest(4e-7);

const POSITIONS: [u32; 16] =
    [0, 1, 2, 3, 17, 100, 355, 2047, 8191, 32_768, 99_991, 131_071, 262_143, 524_287, 524_286, 15];

/// Values around f16's largest, 65,504, and far above it.
const LARGE: [f32; 8] = [70_000.0, -70_000.0, -1e9, 1e9, 65_504.0, -65_504.0, 65_519.0, f32::MAX];

/// Chunks at the end of a block, for other layers whose keys are wider.
const UNUSED_CHUNKS: u32 = 8;

struct Shape {
    heads: usize,
    kv_heads: usize,
    width: usize,
    pairs: usize,
    pair_step: usize,
    gap: usize,
    magnitude: f32,
    theta: f32,
}

const fn shape(heads: usize, kv_heads: usize, width: usize, pairs: usize, pair_step: usize) -> Shape {
    Shape { heads, kv_heads, width, pairs, pair_step, gap: 0, magnitude: 1.0, theta: 10_000.0 }
}

const SHAPES: [Shape; 8] = [
    shape(3, 1, 64, 32, 1),
    Shape { theta: 500_000.0, ..shape(3, 3, 64, 32, 32) },
    shape(1, 1, 2, 1, 1),
    // No rotation, as in layers without rope.
    shape(2, 1, 64, 0, 1),
    Shape { gap: 3, ..shape(5, 1, 80, 16, 16) },
    Shape { gap: 3, ..shape(4, 2, 80, 16, 1) },
    Shape { theta: 1_000_000.0, ..shape(2, 2, 256, 128, 128) },
    Shape { magnitude: 1.3689, ..shape(13, 1, 10, 5, 5) },
];

pub(crate) fn cases() -> Vec<Case> {
    let cached = |shape| KvFormat::ALL.map(|kv| cached(shape, kv));
    SHAPES.iter().flat_map(|shape| std::iter::once(queries(shape)).chain(cached(shape))).collect()
}

/// A case of queries at positions of any size, whose keys all land in one block, which isn't compared.
fn queries(shape: &Shape) -> Case {
    let rows = POSITIONS.map(|position| Token::causal(position, 0));
    // The kernel looks a position's block up in the table, which has to reach to the last.
    let tables = vec![0u32; 2 * 524_288 / BLOCK_TOKENS as usize];
    case(shape, (QUERY, KvFormat::F16), &rows, &tables, 1, &[])
}

/// A case of two sequences: one in prefill across a block's end, and one that decodes its 33rd token.
fn cached(shape: &Shape, kv: KvFormat) -> Case {
    let rows = [(1, 14), (1, 15), (1, 16), (1, 17), (5, 32)].map(|(table, position)| Token::causal(position, table));
    // Two groups of layers, of which the kernel's is the second; nothing is written to block 0.
    let blocks = Random::new(7).shuffled(6);
    let tables: Vec<u32> = std::iter::once(0).chain(blocks.iter().flat_map(|block| [0, block + 1])).collect();
    let Shape { kv_heads, width, .. } = *shape;
    let (codes, halves) = (BLOCK_TOKENS as usize * width.div_ceil(8) * 2, BLOCK_TOKENS as usize * width.div_ceil(64));
    let block = kv_heads * (codes + halves) + UNUSED_CHUNKS as usize * kv.chunk_words() as usize;
    match kv {
        KvFormat::Q8 => case(shape, (Agreement::QuantisedKv { codes, halves, block }, kv), &rows, &tables, 7, &LARGE),
        KvFormat::F16 => case(shape, (Agreement::Halves, kv), &rows, &tables, 7, &LARGE),
        // No larger than the rotated values, since errors are relative to the largest.
        KvFormat::F32 => case(shape, (QUERY, kv), &rows, &tables, 7, &[1.0]),
    }
}

fn case(
    shape: &Shape,
    (agreement, kv): (Agreement, KvFormat),
    rows: &[Token],
    tables: &[u32],
    blocks: usize,
    large: &[f32],
) -> Case {
    let Shape { heads, kv_heads, width, pairs, pair_step, gap, magnitude, theta } = *shape;
    let mut random = Random::new(width as u64);
    let (qkv_width, query_width) = ((heads + 2 * kv_heads) * width, heads * width);
    let (stride, query_stride) = (qkv_width + gap, query_width + gap);
    let frequencies: Vec<f32> =
        (0..pairs).map(|pair| f64::from(theta).powf(-(pair as f64) / pairs as f64) as f32).collect();
    let mut qkv = strided(&mut random, rows.len(), qkv_width, stride, f32::NAN);
    // Among the values, which aren't rotated: a rotation of the largest ones overflows.
    for (i, large) in large.iter().enumerate() {
        qkv[(i % rows.len()) * stride + (heads + kv_heads) * width + i % (kv_heads * width)] = *large;
    }
    // Filled with NaN, which no appended value is.
    let own = KvAddressing::alone(kv, kv_heads as u32, width as u32 / 2);
    let addressing = KvAddressing { block_chunks: own.block_chunks + UNUSED_CHUNKS, table_stride: 2, table_offset: 1 };
    let empty = empty_cache(kv, addressing, blocks);
    let params = RopeAppend {
        heads: heads as u32,
        kv_heads: kv_heads as u32,
        head_pairs: (width / 2) as u32,
        pairs: pairs as u32,
        pair_step: pair_step as u32,
        stride: stride as u32,
        query_stride: query_stride as u32,
        magnitude,
        cache: addressing,
    };
    let resources = Resources::default()
        .with("tokens", rows)
        .with("tables", tables)
        .with("frequencies", &frequencies)
        .with("qkv", &qkv)
        .with("query", &vec![UNTOUCHED; rows.len() * query_stride])
        .with("k_cache", &empty)
        .with("v_cache", &empty);
    let label =
        format!("{heads} and {kv_heads} heads of {width}, {pairs} pairs {pair_step} apart, magnitude {magnitude}");
    let looked_at: &[&str] = if large.is_empty() { &["query"] } else { &["k_cache", "v_cache"] };
    Case::new(label, agreement, (params, StateVariant::RopeAppend(kv), rows.len()), resources).only(looked_at)
}

#[test]
fn queries_and_keys_are_turned_as_well_as_f32_can_and_reach_their_slots() {
    check(cases());
}
