// Copies blocks of the KV cache within their buffers, which WebGPU's own copies between buffers don't do. No block that is copied
// is also written.
// Grid: (quads of words in a block / 64, copies).
struct Params {
    quads: u32, // of words, in a block
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> copies: array<vec2<u32>>; // (from, to)
@group(0) @binding(2) var<storage, read_write> k_cache: array<vec4<u32>>;
@group(0) @binding(3) var<storage, read_write> v_cache: array<vec4<u32>>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= params.quads { return; }
    let places = copies[id.y] * params.quads + id.x;
    k_cache[places.y] = k_cache[places.x];
    v_cache[places.y] = v_cache[places.x];
}
