// Causal attention of a block of tokens over the KV cache for all the query heads that share a KV head (GQA), as FlashAttention
// (Dao et al. 2022) does it: keys and values are staged in tiles, once for the block, and scores never leave the workgroup.
// For prefill on a GPU. Heads are 4 * QUADS wide.
// A block is QUERIES query vectors: the heads of a row side by side, then the next row. An invocation has four of them, a
// quartet, shared with LANES - 1 others: first each takes every LANES-th key of the tile, then every LANES-th quad of the
// values.
// A block may hold tokens of several sequences: each run of tokens with one block table is computed by itself. Rows that follow
// in a step on the last one are recognised by a table of NO_TABLE.
// Grid: (KV heads * blocks of heads, blocks of tokens). The last tokens, which see the most keys, begin first.
const MAX_HEADS: u32 = 8u;
const QUARTETS: u32 = QUERIES / 4u;
const LANES: u32 = WORKGROUP_SIZE / QUARTETS;
const LANE_KEYS: u32 = KEYS / LANES;
const LANE_QUADS: u32 = (QUADS + LANES - 1u) / LANES;
const CHUNKS: u32 = QUADS / 2u; // of eight values, as the cache has them
// What an invocation stages at a time.
const QUERY_LOADS: u32 = QUERIES * PART_QUADS / WORKGROUP_SIZE;
const KEY_LOADS: u32 = (KEYS * PART_QUADS / 2u + WORKGROUP_SIZE - 1u) / WORKGROUP_SIZE;
const VALUE_LOADS: u32 = (VALUE_KEYS * CHUNKS + WORKGROUP_SIZE - 1u) / WORKGROUP_SIZE;
const LOWEST: f32 = -3.0e38;
#import attention_params
#import planes

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> tokens: array<Token>;
@group(0) @binding(2) var<storage, read> tables: array<u32>;
@group(0) @binding(3) var<storage, read> query: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> k_cache: array<KvChunk>;
@group(0) @binding(5) var<storage, read> v_cache: array<KvChunk>;
@group(0) @binding(6) var<storage, read_write> y: array<vec4<f32>>;
@group(0) @binding(7) var<storage, read> frequencies: array<f32>; // of the pairs; then the heads' sinks, if any
#import kv
#import kv_values

// Both are used twice in a tile, which together makes the 16 KiB that every device has.
// [quad][query of quartet][quartet] of PART_QUADS quads of the queries, then [key][quartet]: the weights of four queries.
// The index of the quartet is XORed with that of the quad or key, so that neighbours write to different banks.
var<workgroup> queries_or_weights: array<vec4<f32>, max(PART_QUADS * QUERIES, KEYS * QUARTETS)>;
// [quad][key] of PART_QUADS quads of the keys, then [key][quad] of VALUE_KEYS values; between them, what lanes reduce.
var<workgroup> keys_or_values: array<vec4<f32>, max(max(PART_QUADS * KEYS, VALUE_KEYS * QUADS), WORKGROUP_SIZE)>;

// Rows from `first` to before `end` share a block table and see positions from `begin` to before `context`.
struct Run {
    first: u32,
    end: u32,
    table: u32,
    begin: u32,
    context: u32,
}

// The query vectors of a workgroup.
struct Block {
    row: u32,        // the first
    head: u32,       // the first
    row_heads: u32,  // query vectors of a row
    real_heads: u32, // how many of them there are; the others repeat the last and are not written
    kv_head: u32,
}

fn reduce_slot(lane: u32, quartet: u32) -> u32 {
    return lane * QUARTETS + (quartet ^ (lane & 7u));
}

// scores[j] += the products of the staged parts of queries and keys.
fn add_products(quartet: u32, lane: u32, scores: ptr<function, array<vec4<f32>, LANE_KEYS>>) {
    for (var quad = 0u; quad < PART_QUADS; quad++) {
        let at = quad * QUERIES + (quartet ^ quad);
        let q0 = queries_or_weights[at];
        let q1 = queries_or_weights[at + QUARTETS];
        let q2 = queries_or_weights[at + 2u * QUARTETS];
        let q3 = queries_or_weights[at + 3u * QUARTETS];
        // Written as multiplications by a scalar, each turns into four fused ones; dot() would add once more.
        let x = vec4(q0.x, q1.x, q2.x, q3.x);
        let y = vec4(q0.y, q1.y, q2.y, q3.y);
        let z = vec4(q0.z, q1.z, q2.z, q3.z);
        let w = vec4(q0.w, q1.w, q2.w, q3.w);
        for (var j = 0u; j < LANE_KEYS; j++) {
            let key = keys_or_values[quad * KEYS + lane + j * LANES];
            var sum = (*scores)[j];
            sum += x * key.x;
            sum += y * key.y;
            sum += z * key.z;
            sum += w * key.w;
            (*scores)[j] = sum;
        }
    }
}

fn attend(block: Block, run: Run, index: u32) {
    let quartet = index / LANES;
    let lane = index % LANES;
    // The positions that each of the four queries sees, from `begin` to before `seen`: none for those that are not of the run.
    var begin: vec4<u32>;
    var seen: vec4<u32>;
    for (var i = 0u; i < 4u; i++) {
        let vector = 4u * quartet + i;
        let row = block.row + vector / block.row_heads;
        if row >= run.first && row < run.end && vector % block.row_heads < block.real_heads {
            seen[i] = tokens[row].context;
            begin[i] = first_seen(tokens[row].position);
        }
    }
    let staged_quad = index % PART_QUADS;
    var staged_queries: array<u32, QUERY_LOADS>;
    for (var p = 0u; p < QUERY_LOADS; p++) {
        let vector = (index + p * WORKGROUP_SIZE) / PART_QUADS;
        let row = clamp(block.row + vector / block.row_heads, run.first, run.end - 1u);
        let head = block.head + min(vector % block.row_heads, block.real_heads - 1u);
        staged_queries[p] = row * params.query_stride / 4u + head * QUADS + staged_quad;
    }

    var largest = vec4(LOWEST);
    var total = vec4(0.0); // of this lane's keys
    if params.sinks != 0u {
        for (var i = 0u; i < 4u; i++) {
            let head = block.head + min((4u * quartet + i) % block.row_heads, block.real_heads - 1u);
            largest[i] = frequencies[params.pairs + head];
        }
        if lane == 0u { total = vec4(1.0); }
    }
    var values: array<array<vec4<f32>, LANE_QUADS>, 4>;
    for (var i = 0u; i < 4u; i++) {
        for (var j = 0u; j < LANE_QUADS; j++) { values[i][j] = vec4(0.0); }
    }
    for (var tile = run.begin / KEYS * KEYS; tile < run.context; tile += KEYS) {
        let staged_key = tile + index % KEYS;
        var key_at = 0u;
        if staged_key < run.context {
            key_at = key_chunk(run.table, staged_key, block.kv_head, CHUNKS);
        }
        var scores: array<vec4<f32>, LANE_KEYS>;
        for (var j = 0u; j < LANE_KEYS; j++) { scores[j] = vec4(0.0); }
        for (var part = 0u; part < QUADS; part += PART_QUADS) {
            // Loads before the barrier overlap with what others still compute.
            var query_quads: array<vec4<f32>, QUERY_LOADS>;
            for (var p = 0u; p < QUERY_LOADS; p++) { query_quads[p] = query[staged_queries[p] + part] * params.scale; }
            var key_chunks: array<KvChunk, KEY_LOADS>;
            var key_scales: array<f32, KEY_LOADS>;
            for (var p = 0u; p < KEY_LOADS; p++) {
                let chunk = (index + p * WORKGROUP_SIZE) / KEYS;
                key_chunks[p] = KvChunk();
                if staged_key < run.context && chunk < PART_QUADS / 2u {
                    key_chunks[p] = k_cache[key_at + (part / 2u + chunk) * BLOCK_TOKENS];
                    key_scales[p] = key_scale(key_at, staged_key, CHUNKS, part / 2u + chunk);
                }
            }
            workgroupBarrier();
            for (var p = 0u; p < QUERY_LOADS; p++) {
                let vector = (index + p * WORKGROUP_SIZE) / PART_QUADS;
                let at = staged_quad * QUERIES + vector % 4u * QUARTETS;
                queries_or_weights[at + ((vector / 4u) ^ staged_quad)] = query_quads[p];
            }
            for (var p = 0u; p < KEY_LOADS; p++) {
                let chunk = (index + p * WORKGROUP_SIZE) / KEYS;
                if chunk < PART_QUADS / 2u {
                    let at = 2u * chunk * KEYS + index % KEYS;
                    keys_or_values[at] = low_values(key_chunks[p], key_scales[p]);
                    keys_or_values[at + KEYS] = high_values(key_chunks[p], key_scales[p]);
                }
            }
            workgroupBarrier();
            add_products(quartet, lane, &scores);
        }

        var new_largest = largest;
        for (var j = 0u; j < LANE_KEYS; j++) {
            let position = vec4(tile + lane + j * LANES);
            if params.soft_cap > 0.0 {
                for (var i = 0u; i < 4u; i++) { scores[j][i] = capped(scores[j][i]); }
            }
            scores[j] = select(vec4(LOWEST), scores[j], (position >= begin) & (position < seen));
            new_largest = max(new_largest, scores[j]);
        }
        workgroupBarrier();
        keys_or_values[reduce_slot(lane, quartet)] = new_largest;
        workgroupBarrier();
        for (var l = 0u; l < LANES; l++) { new_largest = max(new_largest, keys_or_values[reduce_slot(l, quartet)]); }
        let correction = exp(largest - new_largest);
        largest = new_largest;
        total *= correction;
        for (var j = 0u; j < LANE_KEYS; j++) {
            let key = lane + j * LANES;
            let position = vec4(tile + key);
            let weights = select(vec4(0.0), exp(scores[j] - largest), (position >= begin) & (position < seen));
            total += weights;
            queries_or_weights[key * QUARTETS + (quartet ^ (key & 7u))] = weights;
        }

        for (var i = 0u; i < 4u; i++) {
            for (var j = 0u; j < LANE_QUADS; j++) { values[i][j] *= correction[i]; }
        }
        for (var first = 0u; first < KEYS && tile + first < run.context; first += VALUE_KEYS) {
            var value_chunks: array<KvChunk, VALUE_LOADS>;
            var value_scales: array<f32, VALUE_LOADS>;
            for (var p = 0u; p < VALUE_LOADS; p++) {
                let staged = index + p * WORKGROUP_SIZE;
                let position = tile + first + staged / CHUNKS;
                // A weight of 0 times whatever lies past the end, or belongs to another sequence by now, might be NaN.
                value_chunks[p] = KvChunk();
                if position >= run.begin && position < run.context && staged < VALUE_KEYS * CHUNKS {
                    let at = value_chunk(run.table, position, block.kv_head, CHUNKS);
                    value_chunks[p] = v_cache[at + staged % CHUNKS];
                    value_scales[p] = value_scale(at, position, CHUNKS, staged % CHUNKS);
                }
            }
            workgroupBarrier();
            for (var p = 0u; p < VALUE_LOADS; p++) {
                let staged = index + p * WORKGROUP_SIZE;
                if staged < VALUE_KEYS * CHUNKS {
                    keys_or_values[2u * staged] = low_values(value_chunks[p], value_scales[p]);
                    keys_or_values[2u * staged + 1u] = high_values(value_chunks[p], value_scales[p]);
                }
            }
            workgroupBarrier();
            for (var key = 0u; key < VALUE_KEYS; key++) {
                let weights = queries_or_weights[(first + key) * QUARTETS + (quartet ^ (key & 7u))];
                for (var j = 0u; j < LANE_QUADS; j++) {
                    // Where lanes don't divide the quads, some take the last one once more and don't write it.
                    let value = keys_or_values[key * QUADS + min(lane + j * LANES, QUADS - 1u)];
                    for (var i = 0u; i < 4u; i++) { values[i][j] += weights[i] * value; }
                }
            }
        }
    }

    workgroupBarrier();
    keys_or_values[reduce_slot(lane, quartet)] = total;
    workgroupBarrier();
    total = vec4(0.0);
    for (var l = 0u; l < LANES; l++) { total += keys_or_values[reduce_slot(l, quartet)]; }
    for (var i = 0u; i < 4u; i++) {
        if seen[i] == 0u { continue; }
        let vector = 4u * quartet + i;
        let base = (block.row + vector / block.row_heads) * params.y_stride / 4u;
        let head = block.head + vector % block.row_heads;
        for (var j = 0u; j < LANE_QUADS; j++) {
            let quad = lane + j * LANES;
            if quad < QUADS { y[base + plane_quad((head * QUADS + quad) * 4u, params.y_groups)] = values[i][j] / total[i]; }
        }
    }
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) index: u32,
) {
    let heads_per_kv = params.heads / params.kv_heads;
    let head_blocks = (heads_per_kv + MAX_HEADS - 1u) / MAX_HEADS;
    let row_heads = (heads_per_kv + head_blocks - 1u) / head_blocks;
    let block_rows = QUERIES / row_heads;
    let kv_head = group.x / head_blocks;
    let first_in_group = group.x % head_blocks * row_heads;
    let block = Block(
        (groups.y - 1u - group.y) * block_rows,
        kv_head * heads_per_kv + first_in_group,
        row_heads,
        min(row_heads, heads_per_kv - first_in_group),
        kv_head,
    );
    let block_end = block.row + block_rows;
    var run = Run(block.row, block.row, 0u, 0u, 0u);
    while run.end < block_end && tokens[run.end].table != NO_TABLE {
        run = Run(run.end, run.end, tokens[run.end].table, 0xffffffffu, 0u);
        while run.end < block_end && tokens[run.end].table == run.table {
            run.begin = min(run.begin, first_seen(tokens[run.end].position));
            run.context = max(run.context, tokens[run.end].context);
            run.end++;
        }
        attend(block, run, index);
    }
}
