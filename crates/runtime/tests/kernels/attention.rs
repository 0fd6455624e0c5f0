//! `attention`: lengths about the edges of blocks (16) and tiles (64), shuffled block tables, shared KV heads, every width.

use wgslm_shaders::cpu::Resources;
use wgslm_shaders::{Attention, BLOCK_TOKENS, Kernel, Row, Variant};

use crate::case::{Agreement, Case, UNTOUCHED, check};
use crate::random::{Random, strided};

/// f32 sums of up to 256 products, and exp, which WGSL allows 3 + 2|x| ulp: for the scores here, up to 20 below the largest,
/// 2.6e-6 of weights that by then are nearly nothing.
const AGREEMENT: Agreement = Agreement::OfLargest(4e-6);

/// Two f16 NaN: what lies past a sequence's end.
const NAN_PAIR: u32 = 0x7e00_7e00;

/// Sequences by their lengths, and which of their positions are run.
struct Rows {
    lengths: Vec<u32>,
    run: Vec<(usize, u32)>,
}

impl Rows {
    /// The last token of each sequence, as in decoding.
    fn decode(lengths: &[u32]) -> Self {
        Self { lengths: lengths.to_vec(), run: lengths.iter().map(|length| length - 1).enumerate().collect() }
    }

    /// All tokens of a first sequence and some of a second, as in prefill.
    fn prefill() -> Self {
        let run = (0..18).map(|position| (0, position)).chain((60..67).map(|position| (1, position))).collect();
        Self { lengths: vec![18, 67], run }
    }
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for variant in Variant::all().into_iter().filter(|variant| variant.kernel == Kernel::Attention) {
        for (heads, kv_heads) in [(2, 2), (6, 2), (8, 2), (5, 1)] {
            for width in [2, 64, 80, 256] {
                let rows = Rows::decode(&[1, 15, 16, 17, 63, 64, 65, 200]);
                cases.push(case(variant, (heads, kv_heads, width), 1.0 / (width as f32).sqrt(), &rows, 0));
            }
        }
        cases.push(case(variant, (6, 2, 64), 0.125, &Rows::prefill(), 3));
        // Scores so far apart that one position takes nearly all.
        cases.push(case(variant, (3, 1, 64), 2.0, &Rows::decode(&[129, 40]), 0));
    }
    cases
}

fn case(
    variant: Variant,
    (heads, kv_heads, width): (usize, usize, usize),
    scale: f32,
    rows: &Rows,
    gap: usize,
) -> Case {
    let mut random = Random::new((heads * width) as u64);
    let block = BLOCK_TOKENS as usize;
    let blocks: usize = rows.lengths.iter().map(|length| (*length as usize).div_ceil(block)).sum();
    // One table after the other, after an entry that belongs to none; block 0 belongs to none either.
    let tables: Vec<u32> = std::iter::once(0).chain(random.shuffled(blocks).iter().map(|block| block + 1)).collect();
    let token_pairs = kv_heads * width / 2;
    let mut caches = [(); 2].map(|()| vec![NAN_PAIR; (blocks + 1) * block * token_pairs]);
    let mut starts = Vec::new();
    let mut start = 1;
    for length in &rows.lengths {
        starts.push(start);
        for position in 0..*length as usize {
            let slot = tables[start + position / block] as usize * block + position % block;
            for cache in &mut caches {
                cache[slot * token_pairs..][..token_pairs].fill_with(|| random.halves());
            }
        }
        start += (*length as usize).div_ceil(block);
    }
    let run: Vec<Row> = rows
        .run
        .iter()
        .map(|(sequence, position)| Row { position: *position, table: starts[*sequence] as u32, ..Row::default() })
        .collect();
    let stride = heads * width + 2 * gap;
    let params = Attention {
        heads: heads as u32,
        kv_heads: kv_heads as u32,
        head_pairs: (width / 2) as u32,
        stride: (stride / 2) as u32,
        scale,
    };
    let resources = Resources::default()
        .with("rows", &run)
        .with("tables", &tables)
        .with("q", &strided(&mut random, run.len(), heads * width, stride, f32::NAN))
        .with("k_cache", &caches[0])
        .with("v_cache", &caches[1])
        .with("y", &vec![UNTOUCHED; run.len() * stride]);
    Case::new(
        format!("{heads} heads on {kv_heads}, {width} wide, scale {scale}, lengths {:?}", rows.lengths),
        AGREEMENT,
        (params, variant, run.len()),
        resources,
    )
}

#[test]
fn attention_agrees_with_its_reference() {
    check(cases());
}
