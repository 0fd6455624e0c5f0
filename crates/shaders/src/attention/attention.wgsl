// Causal attention of one query head of one row over the KV cache, with the running softmax of Milakov and Gimelshein
// (2018). Query heads share KV heads in equal groups (GQA). For heads of any width, and for software adapters.
// Keys come in tiles of one a lane; then each lane gathers its own pairs of the values, weighted.
// Grid: (query heads, tokens).
const WORKGROUP_SIZE: u32 = 64u;
const MAX_PAIRS_PER_LANE: u32 = 2u; // heads are at most 256 wide
#import attention_params
#import planes

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> tokens: array<Token>;
@group(0) @binding(2) var<storage, read> tables: array<u32>;
@group(0) @binding(3) var<storage, read> query: array<vec2<f32>>;
@group(0) @binding(4) var<storage, read> k_cache: array<KvChunk>;
@group(0) @binding(5) var<storage, read> v_cache: array<KvQuad>;
@group(0) @binding(6) var<storage, read_write> y: array<vec2<f32>>;
@group(0) @binding(7) var<storage, read> frequencies: array<f32>; // of the pairs; then the heads' sinks, if any
#import kv
#import kv_values
#import reduce

var<workgroup> weights: array<f32, WORKGROUP_SIZE>;
var<workgroup> slots: array<u32, WORKGROUP_SIZE>; // the first chunk of each value

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3<u32>, lane: Lane) {
    let row = tokens[group.y];
    let query_base = group.y * params.query_stride / 2u + group.x * params.head_pairs;
    let kv_head = group.x / (params.heads / params.kv_heads);
    let chunks = (params.head_pairs + 3u) / 4u;
    let length = row.context;
    let begin = first_seen(row.position);
    var running_max = -3.0e38;
    var running_sum = 0.0;
    if params.sinks != 0u {
        running_max = frequencies[params.pairs + group.x];
        running_sum = 1.0;
    }
    var values: array<vec2<f32>, MAX_PAIRS_PER_LANE>;
    let tiles = (length + WORKGROUP_SIZE - 1u) / WORKGROUP_SIZE;
    for (var tile = begin / WORKGROUP_SIZE; tile < tiles; tile++) {
        let first = tile * WORKGROUP_SIZE;
        let position = first + lane.index;
        var score = -3.0e38;
        let is_seen = position >= begin && position < length;
        if position < length {
            slots[lane.index] = value_chunk(row.table, position, kv_head, chunks);
            let key = key_chunk(row.table, position, kv_head, chunks);
            var sum = 0.0;
            for (var c = 0u; c < chunks; c++) {
                let chunk = k_cache[key + c * BLOCK_TOKENS];
                let scale = key_scale(key, position, chunks, c);
                let low = low_values(chunk, scale);
                let high = high_values(chunk, scale);
                let pairs = array(low.xy, low.zw, high.xy, high.zw);
                let first_pair = query_base + c * 4u;
                for (var i = 0u; i < min(4u, params.head_pairs - c * 4u); i++) {
                    sum += dot(query[first_pair + i], pairs[i]);
                }
            }
            if is_seen { score = capped(sum * params.scale); }
        }
        let new_max = max(running_max, workgroup_max(score, lane));
        let weight = select(0.0, exp(score - new_max), is_seen);
        weights[lane.index] = weight;
        let correction = exp(running_max - new_max);
        running_sum = running_sum * correction + workgroup_sum(weight, lane);
        running_max = new_max;
        // What lies before the first that is seen may belong to another sequence by now.
        let unseen = max(begin, first) - first;
        let keys = min(WORKGROUP_SIZE, length - first);
        for (var p = 0u; p < MAX_PAIRS_PER_LANE; p++) {
            let pair = p * WORKGROUP_SIZE + lane.index;
            if pair >= params.head_pairs { break; }
            var sum = values[p] * correction;
            for (var i = unseen; i < keys; i++) {
                let scale = value_scale(slots[i], first + i, chunks, pair / 4u);
                let quad = values_of_quad(v_cache[2u * slots[i] + pair / 2u], scale);
                sum += weights[i] * select(quad.xy, quad.zw, pair % 2u == 1u);
            }
            values[p] = sum;
        }
        workgroupBarrier();
    }
    for (var p = 0u; p < MAX_PAIRS_PER_LANE; p++) {
        let pair = p * WORKGROUP_SIZE + lane.index;
        if pair < params.head_pairs {
            let at = plane_index((group.x * params.head_pairs + pair) * 2u, params.y_groups);
            y[(group.y * params.y_stride + at) / 2u] = values[p] / running_sum;
        }
    }
}
