use crate::Encoding;
use crate::format::{GROUP, plane_index};
use crate::fragments::activations::write_encoded;
use crate::fragments::kv_cache::{KvPart, KvPlaces};
use crate::resources::Resources;
use crate::state::rope_append;
use crate::{Attention, KvFormat, RopeAppend, Token};

/// The score of what isn't seen.
const LOWEST: f64 = -3.0e38;

/// The first position that a row sees.
fn first_seen(params: &Attention, row: &Token) -> u32 {
    if params.window > 0 { (row.position + 1).saturating_sub(params.window) } else { 0 }
}

/// The attention of one head over a stretch of a row's context, before it is divided by the total weight.
struct Part {
    largest: f64,
    total: f64,
    /// Weighted by exp(score - largest), not yet divided by the total.
    values: Vec<f64>,
}

/// Attention of one head of a row over the positions of `range`.
fn part(
    params: &Attention,
    (resources, kv): (&Resources, KvFormat),
    index: usize,
    head: usize,
    range: std::ops::Range<u32>,
) -> Part {
    let row = resources.get::<Token>("tokens")[index];
    let (kv_heads, pairs) = (params.kv_heads as usize, params.head_pairs as usize);
    let places = KvPlaces::new(resources.get("tables"), params.cache, kv, params.head_pairs);
    let kv_head = head / (params.heads as usize / kv_heads);
    let (keys, values) = (resources.get::<u32>("k_cache"), resources.get::<u32>("v_cache"));
    let query = &resources.get::<f32>("query")[index * params.query_stride as usize + head * 2 * pairs..][..2 * pairs];
    let scores: Vec<f64> = range
        .clone()
        .map(|position| {
            let key = |i: usize| places.read(keys, KvPart::Keys, (row.table, position), kv_head, i);
            let dot: f64 = (0..2 * pairs).map(|i| f64::from(query[i]) * f64::from(key(i))).sum();
            let (score, cap) = (dot * f64::from(params.scale), f64::from(params.soft_cap));
            if cap > 0.0 { cap * (score / cap).tanh() } else { score }
        })
        .collect();
    // The part with the first that is seen has the sink as well.
    let sink = (params.sinks > 0 && range.contains(&first_seen(params, &row)))
        .then(|| f64::from(resources.get::<f32>("frequencies")[params.pairs as usize + head]));
    let seen = |(position, score): (u32, f64)| if position < first_seen(params, &row) { LOWEST } else { score };
    let scores: Vec<f64> = range.clone().zip(scores).map(seen).collect();
    let largest = scores.iter().copied().chain(sink).fold(LOWEST, f64::max);
    let weight = |score: &f64| if *score > LOWEST { (score - largest).exp() } else { 0.0 };
    let weights: Vec<f64> = scores.iter().map(weight).collect();
    let gathered = (0..2 * pairs).map(|i| {
        let value = |position| places.read(values, KvPart::Values, (row.table, position), kv_head, i);
        // What isn't seen may be anything, NaN too.
        let seen = range.clone().zip(&weights).filter(|(_, weight)| **weight > 0.0);
        seen.map(|(position, weight)| weight * f64::from(value(position))).sum()
    });
    let total = weights.iter().sum::<f64>() + sink.map_or(0.0, |sink| (sink - largest).exp());
    Part { largest, total, values: gathered.collect() }
}

/// The place in `y` of value `i` of a row.
fn y_index(params: &Attention, row: usize, i: usize) -> usize {
    row * params.y_stride as usize + plane_index(i, params.y_groups as usize)
}

/// Stores a row's result, the values of all heads in order.
fn store_row(params: &Attention, encode: bool, row: usize, values: &[f32], resources: &mut Resources) {
    if !encode {
        resources.update("y", |_, y: &mut [f32]| {
            for (i, value) in values.iter().enumerate() {
                y[y_index(params, row, i)] = *value;
            }
        });
        return;
    }
    let groups = params.y_groups as usize;
    let (codes, scales) = (groups * GROUP / 4, groups * 2);
    let mut alone = Resources::default().with("codes_x", &vec![0u32; codes]).with("scales_x", &vec![0u32; scales]);
    write_encoded(Encoding::Int8, &[values.to_vec()], ("codes_x", "scales_x"), &mut alone);
    resources.update("encoded_y", |_, words: &mut [u32]| {
        words[row * codes..][..codes].copy_from_slice(alone.get("codes_x"));
        words[params.scales as usize + row * scales..][..scales].copy_from_slice(alone.get("scales_x"));
    });
}

/// `y = softmax(q . keys * scale) . values` over the positions up to the row's own.
pub(crate) fn attention(params: &Attention, kv: KvFormat, count: usize, resources: &mut Resources) {
    let rows: Vec<Token> = resources.get::<Token>("tokens")[..count].to_vec();
    for (index, row) in rows.iter().enumerate() {
        let values = whole_row(params, (resources, kv), index, row.context);
        store_row(params, false, index, &values, resources);
    }
}

/// The attention of all heads of a row over the first `context` positions.
fn whole_row(params: &Attention, of: (&Resources, KvFormat), index: usize, context: u32) -> Vec<f32> {
    let of_head = |head: usize| {
        let Part { total, values, .. } = part(params, of, index, head, 0..context);
        values.into_iter().map(move |value| (value / total) as f32)
    };
    (0..params.heads as usize).flat_map(of_head).collect()
}

/// The index of a split of a head of a row among all splits.
fn split_index(params: &Attention, row: usize, head: usize, split: u32) -> usize {
    (row * params.heads as usize + head) * params.splits as usize + split as usize
}

/// Splits of the row's context: their positions.
fn splits(row: &Token) -> impl Iterator<Item = (u32, std::ops::Range<u32>)> {
    let length = row.context;
    let split = Attention::SPLIT_TOKENS;
    (0..length.div_ceil(split)).map(move |i| (i, i * split..length.min((i + 1) * split)))
}

/// The words of `partials` that a split has: its values, then its largest score, its total, and two of no meaning.
fn partial(params: &Attention, at: usize) -> std::ops::Range<usize> {
    let words = 2 * params.head_pairs as usize + 4;
    at * words..(at + 1) * words
}

/// `attention` of each split; of a row with a single one, the result, with `encode` in codes. With `rope`, queries and keys are
/// turned, and the caches filled, first.
pub(crate) fn attention_split(
    params: &Attention,
    (kv, rope, encode): (KvFormat, bool, bool),
    count: usize,
    resources: &mut Resources,
) {
    if rope {
        turn_first(params, kv, count, resources);
    }
    let rows: Vec<Token> = resources.get::<Token>("tokens")[..count].to_vec();
    for (index, row) in rows.iter().enumerate() {
        if row.context <= Attention::SPLIT_TOKENS {
            let values = whole_row(params, (resources, kv), index, row.context);
            store_row(params, encode, index, &values, resources);
            continue;
        }
        for head in 0..params.heads as usize {
            for (split, range) in splits(row) {
                let part = part(params, (resources, kv), index, head, range);
                resources.update("partials", |_, partials: &mut [f32]| {
                    let partial = &mut partials[partial(params, split_index(params, index, head, split))];
                    let all = part.values.iter().chain([&part.largest, &part.total, &0.0, &0.0]);
                    partial.iter_mut().zip(all).for_each(|(partial, value)| *partial = *value as f32);
                });
            }
        }
    }
}

/// Does what `rope_append` does, with `query` in the place of the queries among `qkv`.
fn turn_first(params: &Attention, kv: KvFormat, count: usize, resources: &mut Resources) {
    let rope = RopeAppend {
        heads: params.heads,
        kv_heads: params.kv_heads,
        head_pairs: params.head_pairs,
        pairs: params.pairs,
        pair_step: params.pair_step,
        stride: params.query_stride,
        query_stride: params.query_stride,
        magnitude: params.magnitude,
        cache: params.cache,
    };
    resources.set("query", &vec![0.0f32; count * params.query_stride as usize]);
    rope_append(&rope, kv, count, resources);
}

/// Joins the splits of rows that have several, with `encode` in codes.
pub(crate) fn attention_combine(params: &Attention, encode: bool, count: usize, resources: &mut Resources) {
    let width = 2 * params.head_pairs as usize;
    let rows: Vec<Token> = resources.get::<Token>("tokens")[..count].to_vec();
    for (index, row) in rows.iter().enumerate().filter(|(_, row)| row.context > Attention::SPLIT_TOKENS) {
        let partials = resources.get::<f32>("partials");
        let of_head = |head: usize| {
            let all = || splits(row).map(|(split, _)| split_index(params, index, head, split));
            let word = |at: usize, i: usize| f64::from(partials[partial(params, at)][i]);
            let largest = all().map(|at| word(at, width)).fold(f64::NEG_INFINITY, f64::max);
            let weight = |at: usize| (word(at, width) - largest).exp();
            let total: f64 = all().map(|at| weight(at) * word(at, width + 1)).sum();
            let sum = |i: usize| all().map(|at| weight(at) * word(at, i)).sum::<f64>();
            (0..width).map(|i| (sum(i) / total) as f32).collect::<Vec<_>>()
        };
        let values: Vec<f32> = (0..params.heads as usize).flat_map(of_head).collect();
        store_row(params, encode, index, &values, resources);
    }
}
