// Rotary position embedding (Su et al. 2021), in place: each pair of a head turns by position * frequency.
// Pairs stand side by side (PAIR_STEP 1, as GGUF stores llama) or half a head apart.
// Grid: (heads * pairs / 64, rows).
struct Params {
    heads: u32,
    head_width: u32,
    pairs: u32,     // rotated pairs of a head; what follows them stays as it is
    pair_step: u32, // from the first to the second of a pair; 1: side by side
    stride: u32,    // of x, in f32
    magnitude: f32, // the rotated pairs are scaled by this (1 but for YaRN)
}
#import rows

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> rows: array<Row>;
@group(0) @binding(2) var<storage, read> frequencies: array<f32>;
@group(0) @binding(3) var<storage, read_write> x: array<f32>;
#import trigonometry

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= params.heads * params.pairs { return; }
    let pair = id.x % params.pairs;
    let within = select(pair, 2u * pair, params.pair_step == 1u);
    let first = id.y * params.stride + (id.x / params.pairs) * params.head_width + within;
    let second = first + params.pair_step;
    let turn = params.magnitude * cos_sin(f32(rows[id.y].position) * frequencies[pair]);
    let a = x[first];
    let b = x[second];
    x[first] = a * turn.x - b * turn.y;
    x[second] = a * turn.y + b * turn.x;
}
