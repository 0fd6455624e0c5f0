// Flash decoding (Dao et al. 2023): causal attention of one row over one split of its context, for all the query heads that
// share a KV head, so that keys and values are read once for the group (GQA).
// A split is as many tokens as there are invocations. Each takes a key and scores it for every head; then each takes four
// values of every n-th token. What a split comes to is left to `attention_combine`, or, where it's the only one, written to y.
// Of so few rows latency is all: what waits for nothing is loaded first, and many loads are under way at a time.
// With ROPE, for steps whose rows are of different sequences: turns the queries and the row's key itself, and the workgroup whose
// split holds the row's own position puts its key and value into the cache first. With ENCODE, y is left in codes.
// Grid: (KV heads * blocks of HEADS heads, tokens, splits). Splits past the token's context do nothing.
const WORKGROUP_SIZE: u32 = 128u;
const MAX_QUADS: u32 = 64u; // heads are at most 256 wide
#import attention_params
#import planes
#import quotient

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
@group(0) @binding(8) var<storage, read> frequencies: array<f32>; // of the pairs; then the heads' sinks, if any
#import kv
#import kv_values
#import reduce_heads

// The queries first; later the gathered values.
var<workgroup> quads_of_heads: array<vec4<f32>, HEADS * WORKGROUP_SIZE>;
// The weights of keys by head.
var<workgroup> lane_values: array<f32, HEADS * WORKGROUP_SIZE>;
var<workgroup> value_chunks: array<u32, WORKGROUP_SIZE>;
#import attended

#ifdef ROPE
#import rope
var<workgroup> turns: array<vec2<f32>, 2u * MAX_QUADS>;

// Four values of a head, and those that they turn with.
struct Unturned {
    own: vec4<f32>,
    other: vec4<f32>,
}

fn unturned(head: u32, i: u32) -> Unturned {
    let own = head + i;
    let other = vec4(partner_of(i), partner_of(i + 1u), partner_of(i + 2u), partner_of(i + 3u)) + head;
    return Unturned(
        vec4(qkv[own], qkv[own + 1u], qkv[own + 2u], qkv[own + 3u]),
        vec4(qkv[other.x], qkv[other.y], qkv[other.z], qkv[other.w]),
    );
}

fn turned_quad(quad: Unturned, i: u32) -> vec4<f32> {
    return vec4(
        turned(quad.own.x, quad.other.x, i, turns[pair_of(i)]),
        turned(quad.own.y, quad.other.y, i + 1u, turns[pair_of(i + 1u)]),
        turned(quad.own.z, quad.other.z, i + 2u, turns[pair_of(i + 2u)]),
        turned(quad.own.w, quad.other.w, i + 3u, turns[pair_of(i + 3u)]),
    );
}

// The quads, yet to be turned, of the chunk of the row's own key or, from MAX_CHUNKS on, of its value that an invocation puts into the cache.
const MAX_CHUNKS: u32 = MAX_QUADS / 2u;
struct OwnChunk {
    low: Unturned,
    high: Unturned,
}

fn own_chunk(row: u32, kv_head: u32, lane: u32) -> OwnChunk {
    let i = min(lane % MAX_CHUNKS, params.head_pairs / 4u - 1u) * 8u;
    let head = params.heads + kv_head + select(0u, params.kv_heads, lane >= MAX_CHUNKS);
    let begin = row * params.query_stride + head * params.head_pairs * 2u;
    return OwnChunk(unturned(begin, i), unturned(begin, i + 4u));
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

// A quad of the values of a token of the split, and its scale.
struct Value {
    quad: KvQuad,
    scale: f32,
}

// That of the `t`-th, or of the last of its `count`.
fn value_of(first: u32, t: u32, count: u32, quad: u32) -> Value {
    let value = value_chunks[min(t, WORKGROUP_SIZE - 1u)];
    let scale = value_scale(value / 2u, first + min(t, max(count, 1u) - 1u), params.head_pairs / 4u, quad / 2u);
    return Value(v_cache[value + quad], scale);
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3<u32>, lane: Lane) {
    let heads_per_kv = quotient(params.heads, params.kv_heads);
    let head_blocks = (heads_per_kv + HEADS - 1u) / HEADS;
    let kv_head = quotient(group.x, head_blocks);
    let first_in_group = (group.x - kv_head * head_blocks) * HEADS;
    let first_head = kv_head * heads_per_kv + first_in_group;
    let heads = min(HEADS, heads_per_kv - first_in_group);
    let quads = params.head_pairs / 2u;
    let chunks = quads / 2u;
    // A lane has a quad of one of the heads and, of values, of one of the tokens that are taken at once.
    let place = quotient(lane.index, quads);
    let quad = lane.index - place * quads;
    // Heads past the last repeat it and are not written.
    let query_head = first_head + min(place, heads - 1u);
#ifdef ROPE
    let query_quad = unturned(group.y * params.query_stride + query_head * quads * 4u, quad * 4u);
    let own = own_chunk(group.y, kv_head, lane.index);
#else
    let query_quad = query[group.y * params.query_stride / 4u + query_head * quads + quad];
#endif
    let row = tokens[group.y];
    let length = row.context;
    let first = group.z * WORKGROUP_SIZE;
    let count = min(WORKGROUP_SIZE, max(length, first) - first);
    // Invocations without a key take the last one's place, with a weight of nothing.
    let begin = first_seen(row.position);
    let is_key = lane.index < count && first + lane.index >= begin;
    let position = first + min(lane.index, max(count, 1u) - 1u);
    let key = key_chunk(row.table, position, kv_head, chunks);
    value_chunks[lane.index] = value_chunk(row.table, position, kv_head, chunks) * 2u;
#ifdef ROPE
    if lane.index < params.pairs { turns[lane.index] = turn_of(lane.index, row.position); }
    workgroupBarrier();
    if row.position / WORKGROUP_SIZE == group.z { append(row, kv_head, lane.index, own); }
    if place < HEADS { quads_of_heads[lane.index] = turned_quad(query_quad, quad * 4u) * params.scale; }
#else
    if place < HEADS { quads_of_heads[lane.index] = query_quad * params.scale; }
#endif
    storageBarrier();
    workgroupBarrier();

    // The values' first loads are under way while keys are scored.
    let tokens_at_once = quotient(WORKGROUP_SIZE, quads);
    // What lies before the first that is seen may belong to another sequence by now.
    let seen = max(begin, first) - first;
#for k VALUES_AHEAD
    var value$k = value_of(first, seen + place + $ku * tokens_at_once, count, quad);
#endfor

    var scores: array<f32, HEADS>;
    if is_key {
        // Four chunks have one scale, if any.
        var c = 0u;
        for (; c + 8u <= chunks; c += 8u) {
#for k CHUNKS_AHEAD
            let chunk$k = k_cache[key + (c + $ku) * BLOCK_TOKENS];
#endfor
            let scale0 = key_scale(key, position, chunks, c);
            let scale1 = key_scale(key, position, chunks, c + 4u);
#for k CHUNKS_AHEAD
            score_chunk(&scores, chunk$k, select(scale0, scale1, $ku >= 4u), c + $ku, quads);
#endfor
        }
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
        lane_values[h * WORKGROUP_SIZE + lane.index] = scores[h];
    }
    // The weights are there for all once the sums are.
    var total = heads_sum(scores, lane);
    for (var h = 0u; h < HEADS; h++) {
        if has_sinks { total[h] += exp(frequencies[params.pairs + first_head + min(h, heads - 1u)] - largest[h]); }
    }

    var gathered: array<vec4<f32>, HEADS>;
    if place < tokens_at_once && begin < first + count {
        for (var t = seen + place; t < count; t += VALUES_AHEAD * tokens_at_once) {
#for k VALUES_AHEAD
            // Tokens past the end weigh nothing.
            let t$k = min(t + $ku * tokens_at_once, WORKGROUP_SIZE - 1u);
            let in$k = select(0.0, 1.0, t + $ku * tokens_at_once < count);
            let v$k = values_of_quad(value$k.quad, value$k.scale) * in$k;
            value$k = value_of(first, t + (VALUES_AHEAD + $ku) * tokens_at_once, count, quad);
#endfor
            for (var h = 0u; h < HEADS; h++) {
                let w = h * WORKGROUP_SIZE;
                gathered[h] += (lane_values[w + t0] * v0 + lane_values[w + t1] * v1)
                    + (lane_values[w + t2] * v2 + lane_values[w + t3] * v3);
            }
        }
    }
    for (var h = 0u; h < HEADS; h++) { quads_of_heads[h * WORKGROUP_SIZE + lane.index] = gathered[h]; }
    workgroupBarrier();
    let head = first_head + place;
    let is_made = place < heads && count > 0u;
    // Selected, since registers aren't indexed.
    let most = select(largest[0], largest[HEADS - 1u], place > 0u);
    let weight = select(total[0], total[HEADS - 1u], place > 0u);
    var sum = vec4<f32>();
    if is_made {
        for (var t = 0u; t < tokens_at_once; t++) { sum += quads_of_heads[place * WORKGROUP_SIZE + t * quads + quad]; }
        if length > WORKGROUP_SIZE {
            let split = ((group.y * params.heads + head) * params.splits + group.z) * (quads + 1u);
            partials[split + quad] = sum;
            if quad == 0u { partials[split + quads] = vec4(most, weight, 0.0, 0.0); }
        }
    }
    store_attended(group.y, head * quads + quad, sum / weight, lane.index, is_made && length <= WORKGROUP_SIZE);
}
