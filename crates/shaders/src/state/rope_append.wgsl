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
@group(0) @binding(6) var<storage, read_write> k_cache: array<KvPair>;
@group(0) @binding(7) var<storage, read_write> v_cache: array<KvPair>;
#import kv
#import kv_values
#import rope

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let head = id.x / params.head_pairs;
    let pair = id.x % params.head_pairs;
    if head >= params.heads + 2u * params.kv_heads { return; }
    let row = tokens[id.y];
    let begin = id.y * params.stride + head * params.head_pairs * 2u;
    let first_value = params.heads + params.kv_heads;
    if head >= first_value {
        let chunks = (params.head_pairs + 3u) / 4u;
        let slot = value_chunk(row.table, row.position, head - first_value, chunks) * 4u + pair;
        v_cache[slot] = kv_pair(vec2(qkv[begin + 2u * pair], qkv[begin + 2u * pair + 1u]));
        return;
    }
    let i = 2u * pair;
    let values = vec2(
        turned(begin, i, turn_of(pair_of(i), row.position)),
        turned(begin, i + 1u, turn_of(pair_of(i + 1u), row.position)),
    );
    if head < params.heads {
        let at = id.y * params.query_stride + id.x * 2u;
        query[at] = values.x;
        query[at + 1u] = values.y;
    } else {
        let chunks = (params.head_pairs + 3u) / 4u;
        let chunk = key_chunk(row.table, row.position, head - params.heads, chunks) + pair / 4u * BLOCK_TOKENS;
        k_cache[chunk * 4u + pair % 4u] = kv_pair(values);
    }
}
