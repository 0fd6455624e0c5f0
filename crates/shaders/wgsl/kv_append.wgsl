// Writes the keys and values of a step's tokens to their slots in the KV cache, as pairs of f16.
// Grid: (pairs / 64, rows).
struct Params {
    pairs: u32,  // of values in a token's keys, and in its values: KV heads * head width / 2
    stride: u32, // of k and v, in pairs
}
#import rows

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> rows: array<Row>;
@group(0) @binding(2) var<storage, read> tables: array<u32>;
@group(0) @binding(3) var<storage, read> k: array<vec2<f32>>;
@group(0) @binding(4) var<storage, read> v: array<vec2<f32>>;
@group(0) @binding(5) var<storage, read_write> k_cache: array<u32>;
@group(0) @binding(6) var<storage, read_write> v_cache: array<u32>;
#import kv

// What f16 cannot hold becomes its largest value: packing it is undefined, and an infinity would spread.
fn pack(pair: vec2<f32>) -> u32 {
    return pack2x16float(clamp(pair, vec2(-65504.0), vec2(65504.0)));
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= params.pairs { return; }
    let row = rows[id.y];
    let source = id.y * params.stride + id.x;
    let slot = kv_slot(row.table, row.position) * params.pairs + id.x;
    k_cache[slot] = pack(k[source]);
    v_cache[slot] = pack(v[source]);
}
