// Flash decoding (Dao et al. 2023): causal attention of one row over one split of its context, for all the query heads that
// share a KV head, so that keys and values are read once for the group (GQA).
// A split is as many tokens as there are invocations. Each takes a key and scores it for every head; then each takes four
// values of every n-th token. What a split comes to is left to `attention_combine`, or, where it's the only one, written to y.
// With ROPE, for steps of a single row: turns the queries and the row's key itself, and the workgroup whose split holds the
// row's own position puts its key and value into the cache first.
// Grid: (KV heads * blocks of HEADS heads, tokens, splits). Splits past the token's context do nothing.
const WORKGROUP_SIZE: u32 = 128u;
const MAX_QUADS: u32 = 64u; // heads are at most 256 wide
#import attention_params
#import planes

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> tokens: array<Token>;
@group(0) @binding(2) var<storage, read> tables: array<u32>;
#ifdef ROPE
@group(0) @binding(3) var<storage, read> qkv: array<f32>; // a row: the queries of all heads, then the keys, then the values
@group(0) @binding(4) var<storage, read_write> k_cache: array<KvChunk>;
@group(0) @binding(5) var<storage, read_write> v_cache: array<KvQuad>;
#else
@group(0) @binding(3) var<storage, read> query: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> k_cache: array<KvChunk>;
@group(0) @binding(5) var<storage, read> v_cache: array<KvQuad>;
#endif
// [row][head][split]: the quads of the values, unnormalised, then (largest score, sum of weights, -, -).
@group(0) @binding(6) var<storage, read_write> partials: array<vec4<f32>>;
@group(0) @binding(7) var<storage, read_write> y: array<vec4<f32>>;
@group(0) @binding(8) var<storage, read> frequencies: array<f32>; // of the pairs; then the heads' sinks, if any
#import kv
#import kv_values
#import reduce_heads

// The queries first; later the gathered values of so many heads at a time.
const HEADS_AT_ONCE: u32 = min(HEADS, 4u);
var<workgroup> quads_of_heads: array<vec4<f32>, HEADS_AT_ONCE * 2u * MAX_QUADS>;
var<workgroup> weights: array<f32, HEADS * WORKGROUP_SIZE>;
var<workgroup> value_chunks: array<u32, WORKGROUP_SIZE>;

#ifdef ROPE
#import rope
var<workgroup> turns: array<vec2<f32>, 2u * MAX_QUADS>;

fn turned_quad(head: u32, i: u32) -> vec4<f32> {
    return vec4(
        turned(head, i, turns[pair_of(i)]),
        turned(head, i + 1u, turns[pair_of(i + 1u)]),
        turned(head, i + 2u, turns[pair_of(i + 2u)]),
        turned(head, i + 3u, turns[pair_of(i + 3u)]),
    );
}

// A quad of the value of the row's own token.
fn quad_of_value(kv_head: u32, quad: u32) -> vec4<f32> {
    let value = (params.heads + params.kv_heads + kv_head) * params.head_pairs * 2u + quad * 4u;
    return vec4(qkv[value], qkv[value + 1u], qkv[value + 2u], qkv[value + 3u]);
}

#import append_token
#endif

fn score_chunk(scores: ptr<function, array<f32, HEADS>>, values: KvChunk, scale: f32, chunk: u32, quads: u32) {
    let low = low_values(values, scale);
    let high = high_values(values, scale);
    for (var h = 0u; h < HEADS; h++) {
        let at = h * quads + 2u * chunk;
        (*scores)[h] += dot(quads_of_heads[at], low) + dot(quads_of_heads[at + 1u], high);
    }
}

// A quad of the values of token `t` of the split, or of the last of its `count`.
fn value_quad(first: u32, t: u32, count: u32, quad: u32) -> vec4<f32> {
    let value = value_chunks[t];
    let scale = value_scale(value / 2u, first + min(t, count - 1u), params.head_pairs / 4u, quad / 2u);
    return values_of_quad(v_cache[value + quad], scale);
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3<u32>, lane: Lane) {
    let row = tokens[group.y];
    let length = row.context;
    let first = group.z * WORKGROUP_SIZE;
    let heads_per_kv = params.heads / params.kv_heads;
    let head_blocks = (heads_per_kv + HEADS - 1u) / HEADS;
    let kv_head = group.x / head_blocks;
    let first_in_group = group.x % head_blocks * HEADS;
    let first_head = kv_head * heads_per_kv + first_in_group;
    let heads = min(HEADS, heads_per_kv - first_in_group);
    let quads = params.head_pairs / 2u;
    let chunks = quads / 2u;
    let count = min(WORKGROUP_SIZE, max(length, first) - first);

#ifdef ROPE
    if lane.index < params.pairs { turns[lane.index] = turn_of(lane.index, row.position); }
    workgroupBarrier();
    if row.position / WORKGROUP_SIZE == group.z { append(row, kv_head, lane.index); }
#endif
    // Heads past the last repeat it and are not written.
    for (var i = lane.index; i < HEADS * quads; i += WORKGROUP_SIZE) {
        let head = first_head + min(i / quads, heads - 1u);
#ifdef ROPE
        quads_of_heads[i] = turned_quad(head * quads * 4u, i % quads * 4u) * params.scale;
#else
        quads_of_heads[i] = query[group.y * params.query_stride / 4u + head * quads + i % quads] * params.scale;
#endif
    }
    // Invocations without a key take the last one's place, with a weight of nothing.
    let begin = first_seen(row.position);
    let is_key = lane.index < count && first + lane.index >= begin;
    let position = first + min(lane.index, max(count, 1u) - 1u);
    value_chunks[lane.index] = value_chunk(row.table, position, kv_head, chunks) * 2u;
    storageBarrier();
    workgroupBarrier();

    var scores: array<f32, HEADS>;
    if is_key {
        let key = key_chunk(row.table, position, kv_head, chunks);
        // Several loads under way at a time; four chunks have one scale, if any.
        var c = 0u;
        for (; c + 4u <= chunks; c += 4u) {
            let a = k_cache[key + c * BLOCK_TOKENS];
            let b = k_cache[key + (c + 1u) * BLOCK_TOKENS];
            let d = k_cache[key + (c + 2u) * BLOCK_TOKENS];
            let e = k_cache[key + (c + 3u) * BLOCK_TOKENS];
            let scale = key_scale(key, position, chunks, c);
            score_chunk(&scores, a, scale, c, quads);
            score_chunk(&scores, b, scale, c + 1u, quads);
            score_chunk(&scores, d, scale, c + 2u, quads);
            score_chunk(&scores, e, scale, c + 3u, quads);
        }
        for (; c < chunks; c++) {
            score_chunk(&scores, k_cache[key + c * BLOCK_TOKENS], key_scale(key, position, chunks, c), c, quads);
        }
        for (var h = 0u; h < HEADS; h++) { scores[h] = capped(scores[h]); }
    } else {
        for (var h = 0u; h < HEADS; h++) { scores[h] = -3.0e38; }
    }
    var largest = heads_max(scores, lane);
    // The split with the first that is seen has the sinks as well.
    let has_sinks = params.sinks != 0u && begin / WORKGROUP_SIZE == group.z;
    for (var h = 0u; h < HEADS; h++) {
        if has_sinks { largest[h] = max(largest[h], frequencies[params.pairs + first_head + min(h, heads - 1u)]); }
    }
    for (var h = 0u; h < HEADS; h++) {
        scores[h] = select(0.0, exp(scores[h] - largest[h]), is_key);
        weights[h * WORKGROUP_SIZE + lane.index] = scores[h];
    }
    // The weights are there for all once the sums are.
    var total = heads_sum(scores, lane);
    for (var h = 0u; h < HEADS; h++) {
        if has_sinks { total[h] += exp(frequencies[params.pairs + first_head + min(h, heads - 1u)] - largest[h]); }
    }

    let tokens_at_once = WORKGROUP_SIZE / quads;
    let token = lane.index / quads;
    let quad = lane.index % quads;
    var gathered: array<vec4<f32>, HEADS>;
    if token < tokens_at_once && begin < first + count {
        // What lies before the first that is seen may belong to another sequence by now.
        for (var t = max(begin, first) - first + token; t < count; t += 4u * tokens_at_once) {
            // Tokens past the end weigh nothing.
            let t1 = min(t + tokens_at_once, WORKGROUP_SIZE - 1u);
            let t2 = min(t + 2u * tokens_at_once, WORKGROUP_SIZE - 1u);
            let t3 = min(t + 3u * tokens_at_once, WORKGROUP_SIZE - 1u);
            let in1 = select(0.0, 1.0, t + tokens_at_once < count);
            let in2 = select(0.0, 1.0, t + 2u * tokens_at_once < count);
            let in3 = select(0.0, 1.0, t + 3u * tokens_at_once < count);
            let a = value_quad(first, t, count, quad);
            let b = value_quad(first, t1, count, quad) * in1;
            let c = value_quad(first, t2, count, quad) * in2;
            let d = value_quad(first, t3, count, quad) * in3;
            for (var h = 0u; h < HEADS; h++) {
                let w = h * WORKGROUP_SIZE;
                gathered[h] += (weights[w + t] * a + weights[w + t1] * b) + (weights[w + t2] * c + weights[w + t3] * d);
            }
        }
    }
    for (var h0 = 0u; h0 < HEADS; h0 += HEADS_AT_ONCE) {
        workgroupBarrier();
        for (var h = 0u; h < HEADS_AT_ONCE; h++) { quads_of_heads[h * WORKGROUP_SIZE + lane.index] = gathered[h0 + h]; }
        workgroupBarrier();
        for (var i = lane.index; i < HEADS_AT_ONCE * quads; i += WORKGROUP_SIZE) {
            let h = h0 + i / quads;
            if h >= heads || count == 0u { continue; }
            let at_quad = i % quads;
            var sum = vec4<f32>();
            for (var t = 0u; t < tokens_at_once; t++) {
                sum += quads_of_heads[i / quads * WORKGROUP_SIZE + t * quads + at_quad];
            }
            let head = first_head + h;
            if length <= WORKGROUP_SIZE {
                let at = plane_quad((head * quads + at_quad) * 4u, params.y_groups);
                y[group.y * params.y_stride / 4u + at] = sum / total[h];
            } else {
                let split = ((group.y * params.heads + head) * params.splits + group.z) * (quads + 1u);
                partials[split + at_quad] = sum;
                if at_quad == 0u { partials[split + quads] = vec4(largest[h], total[h], 0.0, 0.0); }
            }
        }
    }
}
