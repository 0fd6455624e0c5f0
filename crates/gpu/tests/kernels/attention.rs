//! Tests of `attention`, `attention_split`, `attention_combine` and `attention_token_per_lane`: lengths around the sizes of
//! blocks (16), tiles (64) and splits (128), shuffled block tables, shared KV heads, and several head widths.

use wgslm_shaders::cpu::{KvPart, KvPlaces, Resources};
use wgslm_shaders::format::GROUP;
use wgslm_shaders::{Attention, AttentionVariant, BLOCK_TOKENS, KvAddressing, KvFormat, Token};

use crate::case::{Agreement, Case, UNTOUCHED, check};
use crate::random::{Random, strided};

/// The error of f32 sums of up to 256 products, and of exp, for which WGSL allows 3 + 2|x| ulp: 2.6e-6 for scores 20 below the
/// largest, whose weights are nearly zero.
const TOLERANCE: f32 = 4e-6;

/// The place for the result of `rows` rows of `groups` groups: its name, its words, and the agreement of a case. With `encodes`, codes come
/// first and scales after.
fn result(variant: AttentionVariant, rows: usize, params: &Attention) -> (&'static str, Vec<f32>, Agreement) {
    // The row's own key and value are turned first, and what is a little off may get a neighbouring code.
    let codes_own = variant.rope() && variant.kv() == Some(KvFormat::Q8);
    let tolerance = if codes_own { 1.2e-2 } else { TOLERANCE };
    if variant.encodes() {
        let (codes, scales) = (params.scales as usize, rows * params.y_groups as usize * 2);
        return ("encoded_y", vec![UNTOUCHED; codes + scales], Agreement::CodesThenScales(codes, tolerance));
    }
    ("y", vec![UNTOUCHED; rows * params.y_stride as usize], Agreement::OfLargest(tolerance))
}

/// The word of `encoded_y` where the scales of `rows` rows begin.
fn scales(rows: usize, params: &Attention) -> u32 {
    rows as u32 * params.y_groups * GROUP as u32 / 4
}

/// Groups of layers that share the block tables, of which the case's layer is in the second.
const GROUPS: usize = 3;

/// The sequences of a step: their lengths, and the positions that the step runs.
pub(crate) struct Rows {
    pub(crate) lengths: Vec<u32>,
    pub(crate) run: Vec<(usize, u32)>,
    /// True if tokens attend to their whole sequence, as in an encoder, and not only to earlier tokens.
    pub(crate) sees_all: bool,
}

impl Rows {
    /// A step of the last token of each sequence, as in decode.
    pub(crate) fn decode(lengths: &[u32]) -> Self {
        Self::causal(lengths.to_vec(), lengths.iter().map(|length| length - 1).enumerate().collect())
    }

    /// A step of all tokens of a first sequence and some of a second, as in prefill.
    fn prefill() -> Self {
        let run = (0..18).map(|position| (0, position)).chain((60..67).map(|position| (1, position))).collect();
        Self::causal(vec![18, 67], run)
    }

    pub(crate) fn causal(lengths: Vec<u32>, run: Vec<(usize, u32)>) -> Self {
        Self { lengths, run, sees_all: false }
    }

    /// A step of whole sequences whose tokens attend to all of their sequence, as in an encoder.
    pub(crate) fn encode(lengths: &[u32]) -> Self {
        let run = lengths.iter().enumerate();
        let run = run.flat_map(|(sequence, length)| (0..*length).map(move |position| (sequence, position))).collect();
        Self { lengths: lengths.to_vec(), run, sees_all: true }
    }
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for variant in AttentionVariant::all() {
        let any_width = match variant {
            AttentionVariant::Attention { .. } => true,
            AttentionVariant::AttentionSplit { rope: false, .. } | AttentionVariant::AttentionTokenPerLane { .. } => {
                false
            }
            _ => continue,
        };
        for heads in [(2, 2), (6, 2), (8, 2), (5, 1), (9, 1)] {
            for width in [2, 40, 64, 80, 256] {
                let rows = Rows::decode(&[1, 15, 16, 17, 63, 64, 65, 128, 129, 300]);
                // What a format changes shows at any size; only scales depend on the width.
                let counts = match variant.kv() {
                    Some(KvFormat::F16) => width != 40,
                    Some(KvFormat::Q8) => heads == (6, 2),
                    _ => heads == (6, 2) && width < 256,
                };
                let takes = if variant.encodes() { width % GROUP == 0 } else { any_width || width % 8 == 0 };
                if counts && takes {
                    cases.push(case(variant, (heads.0, heads.1, width), 1.0 / (width as f32).sqrt(), &rows, 0));
                }
            }
        }
        cases.push(case(variant, (6, 2, 64), 0.125, &Rows::prefill(), 8));
        cases.push(case(variant, (3, 3, 32), 0.2, &Rows::encode(&[1, 17, 5, 130]), 0));
        // Scores so far apart that one position has nearly all the weight.
        cases.push(case(variant, (3, 1, 64), 2.0, &Rows::decode(&[129, 40]), 0));
        cases.extend(special(variant, (6, 2, 64), &Rows::decode(&[1, 19, 20, 21, 150, 300])));
    }
    for variant in AttentionVariant::all().into_iter().filter(AttentionVariant::rope) {
        for (heads, width, length) in [((3, 1), 64, 1), ((4, 2), 80, 128), ((8, 1), 256, 129), ((2, 2), 64, 300)] {
            let width = if variant.encodes() { usize::next_multiple_of(width, GROUP) } else { width };
            cases.push(turning(variant, heads, width, length, 1));
            cases.push(turning(variant, heads, width, length, width / 4));
        }
    }
    cases.extend([(2, 64), (3, 256), (5, 72)].map(|sizes| combine(sizes, false)));
    cases.extend([(2, 64), (3, 256), (5, 96)].map(|sizes| combine(sizes, true)));
    cases
}

/// Windows, capped scores and sinks, each alone and all together.
pub(crate) fn special(variant: AttentionVariant, sizes: (usize, usize, usize), rows: &Rows) -> [Case; 4] {
    let constants = Resources::default().with("frequencies", &[f32::NAN, 0.5, -1.0, 2.0, 0.0, 0.25, -0.5]);
    [(20, 0.0, 0), (0, 0.5, 0), (0, 0.0, 1), (37, 0.75, 1)].map(|(window, soft_cap, sinks)| {
        let change = move |params| Attention { window, soft_cap, sinks, pairs: 1, ..params };
        case_with(variant, sizes, 0.5, (rows, 0), constants.clone(), &change)
    })
}

/// Rows whose queries and keys are yet to be turned, half of their pairs or all, and whose keys and values aren't in the cache yet.
fn turning(
    variant: AttentionVariant,
    (heads, kv_heads): (usize, usize),
    width: usize,
    length: u32,
    pair_step: usize,
) -> Case {
    let mut random = Random::new(width as u64 + u64::from(length));
    let rows = Rows::decode(&[length, 40, 131]);
    let (pairs, stride) = (if pair_step == 1 { width / 2 } else { pair_step }, (heads + 2 * kv_heads) * width + 3);
    let frequencies = (0..pairs).map(|pair| 0.8f32.powi(pair as i32));
    let frequencies: Vec<f32> = frequencies.chain((0..heads).map(|head| head as f32 * 0.3)).collect();
    let more = Resources::default()
        .with("qkv", &strided(&mut random, rows.run.len(), stride - 3, stride, f32::NAN))
        .with("frequencies", &frequencies);
    let turn = |params: Attention| Attention {
        query_stride: stride as u32,
        pairs: pairs as u32,
        pair_step: pair_step as u32,
        magnitude: 1.25,
        sinks: u32::from(width == 80),
        window: if length == 129 { 40 } else { 0 },
        ..params
    };
    case_with(variant, (heads, kv_heads, width), 0.1, (&rows, 0), more, &turn).only(&["y", "encoded_y", "partials"])
}

/// A case of `attention_combine`, for a token whose context has a single split and for others.
fn combine((heads, width): (usize, usize), encode: bool) -> Case {
    let mut random = Random::new(width as u64);
    let rows = [127, 128, 255, 256, 700].map(|position| Token::causal(position, 0));
    let splits = 6;
    // A split's output, then its largest score and the sum of its weights.
    let partials: Vec<f32> = (0..rows.len() * heads * splits)
        .flat_map(|_| {
            let values = random.values(width + 2);
            let (largest, total) = (20.0 * values[width], 1.5 + values[width + 1]);
            values[..width].iter().copied().chain([largest, total, f32::NAN, f32::NAN]).collect::<Vec<_>>()
        })
        .collect();
    let params = params((heads, heads, width), 1.0, splits);
    let variant = AttentionVariant::AttentionCombine { encode };
    let params = Attention { scales: scales(rows.len(), &params), ..params };
    let (name, room, agreement) = result(variant, rows.len(), &params);
    let resources = Resources::default().with("tokens", &rows).with("partials", &partials).with(name, &room);
    let start = (params, variant, rows.len());
    Case::new(format!("{heads} heads, {width} wide"), agreement, start, resources)
}

fn params((heads, kv_heads, width): (usize, usize, usize), scale: f32, splits: usize) -> Attention {
    let y_stride = (heads * width).next_multiple_of(GROUP);
    Attention {
        heads: heads as u32,
        kv_heads: kv_heads as u32,
        head_pairs: (width / 2) as u32,
        query_stride: (heads * width) as u32,
        y_stride: y_stride as u32,
        y_groups: (y_stride / GROUP) as u32,
        scale,
        splits: splits as u32,
        ..Attention::default()
    }
}

pub(crate) fn case(
    variant: AttentionVariant,
    sizes: (usize, usize, usize),
    scale: f32,
    rows: &Rows,
    gap: usize,
) -> Case {
    case_with(variant, sizes, scale, (rows, gap), Resources::default(), &|params| params)
}

fn case_with(
    variant: AttentionVariant,
    (heads, kv_heads, width): (usize, usize, usize),
    scale: f32,
    (rows, gap): (&Rows, usize),
    more: Resources,
    change: &dyn Fn(Attention) -> Attention,
) -> Case {
    let mut random = Random::new((heads * width) as u64);
    let blocks: usize = rows.lengths.iter().map(|length| length.div_ceil(BLOCK_TOKENS) as usize).sum();
    // The block tables in sequence, after one unused entry; block 0 is unused as well, and what other groups' entries point to.
    let mut tables = vec![0; 1 + blocks * GROUPS];
    for (entry, block) in tables[2..].iter_mut().step_by(GROUPS).zip(random.shuffled(blocks)) {
        *entry = block + 1;
    }
    let format = variant.kv().unwrap_or_default();
    let own = KvAddressing::alone(format, kv_heads as u32, width as u32 / 2);
    let addressing = KvAddressing { block_chunks: own.block_chunks + 8, table_stride: GROUPS as u32, table_offset: 1 };
    let places = KvPlaces::new(&tables, addressing, format, width as u32 / 2);
    let mut caches = [(); 2].map(|()| empty_cache(format, addressing, blocks + 1));
    let mut starts = Vec::new();
    let mut start = 1;
    for length in &rows.lengths {
        starts.push(start);
        for position in 0..*length {
            for head in 0..kv_heads {
                for (cache, part) in caches.iter_mut().zip([KvPart::Keys, KvPart::Values]) {
                    places.write(cache, part, (start, position), head, &random.values(width));
                }
            }
        }
        start += length.div_ceil(BLOCK_TOKENS) * GROUPS as u32;
    }
    let run: Vec<Token> = rows
        .run
        .iter()
        .map(|(sequence, position)| {
            let row = Token::causal(*position, starts[*sequence]);
            Token { context: if rows.sees_all { rows.lengths[*sequence] } else { row.context }, ..row }
        })
        .collect();
    // The end of the step, then stale rows of an earlier step, which must not run.
    let stale = Token::causal(0, starts[0]);
    let written = [&run[..], &[Token::END, stale, stale]].concat();
    let longest = rows.lengths.iter().max().copied().unwrap_or_default();
    let splits = longest.div_ceil(Attention::SPLIT_TOKENS) as usize;
    let mut params = params((heads, kv_heads, width), scale, splits);
    params.cache = addressing;
    params.query_stride += gap as u32;
    params.y_stride += gap as u32;
    let mut query = strided(&mut random, run.len(), heads * width, params.query_stride as usize, f32::NAN);
    query.resize(written.len() * params.query_stride as usize, f32::NAN);
    let params = change(params);
    // Blocks that have fallen out of the window belong to others by now, who may have put anything there.
    for (sequence, start) in starts.iter().enumerate().filter(|_| params.window > 0) {
        let of_sequence = rows.run.iter().filter(|row| row.0 == sequence);
        let oldest = of_sequence.map(|row| (row.1 + 1).saturating_sub(params.window)).min().unwrap_or(0);
        for index in 0..(oldest / BLOCK_TOKENS) as usize {
            tables[*start as usize + index * GROUPS + 1] = 0;
        }
    }
    let mut more = more;
    if !more.iter().any(|(name, _)| name == "frequencies") {
        more.set("frequencies", &[f32::NAN]);
    }
    let params = Attention { scales: scales(written.len(), &params), ..params };
    let (name, room, agreement) = result(variant, written.len(), &params);
    let resources = more
        .with("tokens", &written)
        .with("tables", &tables)
        .with("query", &query)
        .with("k_cache", &caches[0])
        .with("v_cache", &caches[1])
        .with("partials", &vec![UNTOUCHED; run.len() * heads * splits * (width + 4)])
        .with(name, &room);
    Case::new(
        format!("{heads} heads on {kv_heads}, {width} wide, scale {scale}, lengths {:?}", rows.lengths),
        agreement,
        (params, variant, run.len()),
        resources,
    )
}

/// A cache of `blocks` blocks without a number in it.
pub(crate) fn empty_cache(format: KvFormat, addressing: KvAddressing, blocks: usize) -> Vec<u32> {
    let words = blocks * (addressing.block_chunks * format.chunk_words()) as usize;
    let nan = match format {
        // As halves of scales too.
        KvFormat::F16 | KvFormat::Q8 => 0x7e00_7e00,
        KvFormat::F32 => f32::NAN.to_bits(),
    };
    vec![nan; words]
}

#[test]
fn attention_agrees_with_its_reference() {
    check(cases());
}
