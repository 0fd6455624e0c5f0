// Turns the queries and keys of a step's tokens by their positions (rotary position embedding, Su et al. 2021) and writes keys
// and values to their slots in the KV cache.
// A row of qkv holds the queries of all heads, then the keys, then the values. An invocation takes a pair of neighbours.
// Grid: (pairs of neighbours in a row / 64, tokens).
struct Params {
    heads: u32,      // query heads
    kv_heads: u32,
    head_pairs: u32, // head width / 2
    pairs: u32,      // rotated pairs of a head; what follows them stays as it is
    pair_step: u32,  // from the first to the second of a rotated pair; 1: side by side
    stride: u32,     // of qkv, in f32
    query_stride: u32, // of query, in f32
    magnitude: f32,  // the rotated pairs are scaled by this (1 but for YaRN)
    block_chunks: u32, // chunks from one block of the cache to the next (this and the next two: `KvAddressing`)
    table_stride: u32, // entries of a block table from one block of tokens to the next
    table_offset: u32, // the layer's own among them
}
#import step

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> tokens: array<Token>;
@group(0) @binding(2) var<storage, read> tables: array<u32>;
@group(0) @binding(3) var<storage, read> frequencies: array<f32>;
@group(0) @binding(4) var<storage, read> qkv: array<f32>;
@group(0) @binding(5) var<storage, read_write> query: array<f32>;
@group(0) @binding(6) var<storage, read_write> k_cache: array<KvWord>;
@group(0) @binding(7) var<storage, read_write> v_cache: array<KvWord>;
#import kv
#import kv_append
#import rope

fn turned_value(head: u32, i: u32, position: u32) -> f32 {
    return turned(qkv[head + i], qkv[head + partner_of(i)], i, turn_of(pair_of(i), position));
}

// What an invocation has of the keys and values.
struct Kept {
    is_kept: bool, // false for queries, and where a head has no more pairs
    is_key: bool,
    head: u32,
    pair: u32,
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let head = id.x / lanes_of_head();
    let pair = id.x % lanes_of_head();
    let first_value = params.heads + params.kv_heads;
    let is_pair = head < first_value + params.kv_heads && pair < params.head_pairs;
    let row = tokens[id.y];
    let begin = id.y * params.stride + head * params.head_pairs * 2u;
    let i = 2u * pair;
    var values = vec2<f32>();
    if is_pair && head >= first_value {
        values = vec2(qkv[begin + i], qkv[begin + i + 1u]);
    } else if is_pair {
        values = vec2(turned_value(begin, i, row.position), turned_value(begin, i + 1u, row.position));
    }
    if is_pair && head < params.heads {
        let at = id.y * params.query_stride + head * params.head_pairs * 2u + i;
        query[at] = values.x;
        query[at + 1u] = values.y;
    }
    let is_key = head < first_value;
    let kv_head = head - select(first_value, params.heads, is_key);
    append(row, Kept(is_pair && head >= params.heads, is_key, kv_head, pair), values, lane);
}
