// Causal attention of one row over the KV cache for HEADS query heads that share a KV head (GQA), with the running softmax of
// Milakov and Gimelshein (2018), for adapters whose invocations are the lanes of a CPU's vectors. Those load lane by lane, shared
// values too, and turn f16 into f32 by arithmetic: a key or a value that was loaded serves all heads, a query that was loaded
// KEYS keys, and there are no more invocations than a block of the cache has tokens.
// Keys come in tiles of KEYS blocks, a token of each an invocation; then an invocation gathers quads of the values, weighted.
// Grid: (KV heads * blocks of HEADS heads, tokens). Heads are whole chunks of the cache.
const WORKGROUP_SIZE: u32 = 16u;
const TILE_TOKENS: u32 = KEYS * WORKGROUP_SIZE;
const MAX_QUADS: u32 = 64u; // heads are at most 256 wide
#import attention_params
#import planes

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> tokens: array<Token>;
@group(0) @binding(2) var<storage, read> tables: array<u32>;
@group(0) @binding(3) var<storage, read> query: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> k_cache: array<KvChunk>;
@group(0) @binding(5) var<storage, read> v_cache: array<KvQuad>;
@group(0) @binding(6) var<storage, read_write> y: array<vec4<f32>>;
@group(0) @binding(7) var<storage, read> frequencies: array<f32>; // of the pairs; then the heads' sinks, if any
#import kv
#import kv_values

var<workgroup> queries: array<vec4<f32>, HEADS * MAX_QUADS>;
// The largest score of each invocation, by head.
var<workgroup> largest: array<f32, HEADS * WORKGROUP_SIZE>;
// By token of the tile, then by head.
var<workgroup> weights: array<f32, HEADS * TILE_TOKENS>;
// What is gathered so far, by head; each quad belongs to one invocation.
var<workgroup> gathered: array<vec4<f32>, HEADS * MAX_QUADS>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let row = tokens[group.y];
    let length = row.context;
    let heads_per_kv = params.heads / params.kv_heads;
    let head_blocks = (heads_per_kv + HEADS - 1u) / HEADS;
    let kv_head = group.x / head_blocks;
    let first_in_group = group.x % head_blocks * HEADS;
    let first_head = kv_head * heads_per_kv + first_in_group;
    let heads = min(HEADS, heads_per_kv - first_in_group);
    let quads = params.head_pairs / 2u;
    let chunks = quads / 2u;
    let last_block = (row.context - 1u) / BLOCK_TOKENS;

    // Heads past the last repeat it and are not written.
    for (var i = lane; i < quads; i += WORKGROUP_SIZE) {
#for h HEADS
        let head$h = first_head + min($hu, heads - 1u);
        queries[$hu * MAX_QUADS + i] = query[group.y * params.query_stride / 4u + head$h * quads + i] * params.scale;
        gathered[$hu * MAX_QUADS + i] = vec4<f32>();
#endfor
    }
    workgroupBarrier();

#for h HEADS
    var running_max$h = -3.0e38;
    var running_sum$h = 0.0;
    if params.sinks != 0u {
        running_max$h = frequencies[params.pairs + first_head + min($hu, heads - 1u)];
        running_sum$h = 1.0;
    }
#endfor
    let begin = first_seen(row.position);
    for (var first = begin / TILE_TOKENS * TILE_TOKENS; first < length; first += TILE_TOKENS) {
        // Blocks past the last repeat it.
#for k KEYS
        let key$k = key_chunk(row.table, min(first / BLOCK_TOKENS + $ku, last_block) * BLOCK_TOKENS + lane, kv_head, chunks);
#for h HEADS
        var score_$k_$h = 0.0;
#endfor
#endfor
        for (var c = 0u; c < chunks; c++) {
#for k KEYS
            let chunk$k = k_cache[key$k + c * BLOCK_TOKENS];
            let scale$k = key_scale(key$k, lane, chunks, c);
            let low$k = low_values(chunk$k, scale$k);
            let high$k = high_values(chunk$k, scale$k);
#endfor
#for h HEADS
            let query_low$h = queries[$hu * MAX_QUADS + 2u * c];
            let query_high$h = queries[$hu * MAX_QUADS + 2u * c + 1u];
#for k KEYS
            score_$k_$h += dot(query_low$h, low$k) + dot(query_high$h, high$k);
#endfor
#endfor
        }
        // What lies past the row's end may be anything, NaN too.
#for k KEYS
        let position$k = first + $ku * BLOCK_TOKENS + lane;
        let is_seen$k = position$k >= begin && position$k < length;
#endfor
#for h HEADS
        var largest$h = running_max$h;
#for k KEYS
        if is_seen$k {
            score_$k_$h = capped(score_$k_$h);
            largest$h = max(largest$h, score_$k_$h);
        } else {
            score_$k_$h = -3.0e38;
        }
#endfor
        largest[$hu * WORKGROUP_SIZE + lane] = largest$h;
#endfor
        workgroupBarrier();
        for (var i = 0u; i < WORKGROUP_SIZE; i++) {
#for h HEADS
            largest$h = max(largest$h, largest[$hu * WORKGROUP_SIZE + i]);
#endfor
        }
#for h HEADS
#for k KEYS
        weights[($ku * BLOCK_TOKENS + lane) * HEADS + $hu] = exp(score_$k_$h - largest$h);
#endfor
        let correction$h = exp(running_max$h - largest$h);
        running_max$h = largest$h;
        var total$h = 0.0;
#endfor
        workgroupBarrier();
        let count = min(TILE_TOKENS, length - first);
        for (var quad = lane; quad < quads; quad += WORKGROUP_SIZE) {
#for h HEADS
            var sum$h = gathered[$hu * MAX_QUADS + quad] * correction$h;
            total$h = 0.0;
#endfor
            for (var block = 0u; block < count; block += BLOCK_TOKENS) {
                // What lies before the first that is seen may belong to another sequence by now.
                let seen = max(block, max(begin, first) - first);
                var at = value_chunk(row.table, first + seen, kv_head, chunks);
                for (var t = seen; t < min(count, block + BLOCK_TOKENS); t++) {
                    let scale = value_scale(at, first + t, chunks, quad / 2u);
                    let value = values_of_quad(v_cache[2u * at + quad], scale);
                    at += chunks;
#for h HEADS
                    let weight$h = weights[t * HEADS + $hu];
                    sum$h += weight$h * value;
                    total$h += weight$h;
#endfor
                }
            }
#for h HEADS
            gathered[$hu * MAX_QUADS + quad] = sum$h;
#endfor
        }
#for h HEADS
        running_sum$h = running_sum$h * correction$h + total$h;
#endfor
    }
    for (var quad = lane; quad < quads; quad += WORKGROUP_SIZE) {
#for h HEADS
        if $hu < heads {
            let at = plane_quad(((first_head + $hu) * quads + quad) * 4u, params.y_groups);
            y[group.y * params.y_stride / 4u + at] = gathered[$hu * MAX_QUADS + quad] / running_sum$h;
        }
#endfor
    }
}
