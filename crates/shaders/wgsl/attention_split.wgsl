// Flash decoding (Dao et al. 2023): causal attention of one row over one split of its context, for all the query heads that
// share a KV head, so that keys and values are read once for the group (GQA).
// A split is as many tokens as there are invocations. Each takes a key and scores it for every head; then each takes four
// values of every n-th token. What a split comes to is left to `attention_combine`, or, where it's the only one, written to y.
// Grid: (KV heads * blocks of HEADS heads, rows, splits). Splits past the row's end do nothing.
const WORKGROUP_SIZE: u32 = 128u;
const MAX_QUADS: u32 = 64u; // heads are at most 256 wide
#import attention_params
#import planes

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> rows: array<Row>;
@group(0) @binding(2) var<storage, read> tables: array<u32>;
@group(0) @binding(3) var<storage, read> query: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> k_cache: array<vec4<u32>>;
@group(0) @binding(5) var<storage, read> v_cache: array<vec2<u32>>;
@group(0) @binding(6) var<storage, read_write> partials: array<vec4<f32>>; // [row][head][split][quad], unnormalised
@group(0) @binding(7) var<storage, read_write> softmax: array<vec2<f32>>; // [row][head][split]: largest score, sum of weights
@group(0) @binding(8) var<storage, read_write> y: array<vec4<f32>>;
#import kv
#import reduce

var<workgroup> queries: array<vec4<f32>, HEADS * MAX_QUADS>;
var<workgroup> weights: array<f32, HEADS * WORKGROUP_SIZE>;
var<workgroup> sums: array<vec4<f32>, WORKGROUP_SIZE>;

fn unpack(words: vec2<u32>) -> vec4<f32> {
    return vec4(unpack2x16float(words.x), unpack2x16float(words.y));
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3<u32>, lane: Lane) {
    let row = rows[group.y];
    let length = row.position + 1u;
    let first = group.z * WORKGROUP_SIZE;
    if first >= length { return; }
    let heads_per_kv = params.heads / params.kv_heads;
    let head_blocks = (heads_per_kv + HEADS - 1u) / HEADS;
    let kv_head = group.x / head_blocks;
    let first_in_group = group.x % head_blocks * HEADS;
    let first_head = kv_head * heads_per_kv + first_in_group;
    let heads = min(HEADS, heads_per_kv - first_in_group);
    let quads = params.head_pairs / 2u;
    let chunks = quads / 2u;

    // Heads past the last repeat it and are not written.
    for (var i = lane.index; i < HEADS * quads; i += WORKGROUP_SIZE) {
        let head = first_head + min(i / quads, heads - 1u);
        queries[i] = query[group.y * params.query_stride / 4u + head * quads + i % quads] * params.scale;
    }
    workgroupBarrier();

    let position = first + lane.index;
    let is_key = position < length;
    var scores: array<f32, HEADS>;
    if is_key {
        let key = key_chunk(row.table, position, kv_head, params.kv_heads, chunks);
        for (var c = 0u; c < chunks; c++) {
            let words = k_cache[key + c * BLOCK_TOKENS];
            let low = unpack(words.xy);
            let high = unpack(words.zw);
            for (var h = 0u; h < HEADS; h++) {
                scores[h] += dot(queries[h * quads + 2u * c], low) + dot(queries[h * quads + 2u * c + 1u], high);
            }
        }
    }
    var largest: array<f32, HEADS>;
    var total: array<f32, HEADS>;
    for (var h = 0u; h < HEADS; h++) {
        largest[h] = workgroup_max(select(-3.0e38, scores[h], is_key), lane);
        let weight = select(0.0, exp(scores[h] - largest[h]), is_key);
        weights[h * WORKGROUP_SIZE + lane.index] = weight;
        // It has a barrier, which the weights need too.
        total[h] = workgroup_sum(weight, lane);
    }

    let tokens_at_once = WORKGROUP_SIZE / quads;
    let token = lane.index / quads;
    let quad = lane.index % quads;
    let count = min(WORKGROUP_SIZE, length - first);
    var gathered: array<vec4<f32>, HEADS>;
    if token < tokens_at_once {
        for (var t = token; t < count; t += tokens_at_once) {
            let chunk = value_chunk(row.table, first + t, kv_head, params.kv_heads, chunks);
            let value = unpack(v_cache[chunk * 2u + quad]);
            for (var h = 0u; h < HEADS; h++) { gathered[h] += weights[h * WORKGROUP_SIZE + t] * value; }
        }
    }
    for (var h = 0u; h < HEADS; h++) {
        sums[lane.index] = gathered[h];
        workgroupBarrier();
        if lane.index < quads && h < heads {
            var sum = vec4<f32>();
            for (var t = 0u; t < tokens_at_once; t++) { sum += sums[t * quads + lane.index]; }
            let head = first_head + h;
            if length <= WORKGROUP_SIZE {
                let at = plane_quad((head * quads + lane.index) * 4u, params.y_groups);
                y[group.y * params.y_stride / 4u + at] = sum / total[h];
            } else {
                let split = (group.y * params.heads + head) * params.splits + group.z;
                partials[split * quads + lane.index] = sum;
                if lane.index == 0u { softmax[split] = vec2(largest[h], total[h]); }
            }
        }
        workgroupBarrier();
    }
}
