// Joins what `attention_split` left of each split of a row's context: y = sum(partial * weight) / sum(total * weight), where a
// split weighs exp(its largest score - the largest of all).
// Grid: (query heads, rows). A row of a single split has its result already.
const WORKGROUP_SIZE: u32 = 64u; // heads are at most 256 wide: an invocation a quad
const SPLIT_TOKENS: u32 = 128u;
#import attention_params
#import planes

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> rows: array<Row>;
@group(0) @binding(2) var<storage, read> partials: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> softmax: array<vec2<f32>>;
@group(0) @binding(4) var<storage, read_write> y: array<vec4<f32>>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let length = rows[group.y].position + 1u;
    let quads = params.head_pairs / 2u;
    if length <= SPLIT_TOKENS || lane >= quads { return; }
    let splits = (length + SPLIT_TOKENS - 1u) / SPLIT_TOKENS;
    let first = (group.y * params.heads + group.x) * params.splits;
    var largest = softmax[first].x;
    for (var s = 1u; s < splits; s++) { largest = max(largest, softmax[first + s].x); }
    var sum = vec4<f32>();
    var total = 0.0;
    for (var s = 0u; s < splits; s++) {
        let split = softmax[first + s];
        let weight = exp(split.x - largest);
        total += weight * split.y;
        sum += weight * partials[(first + s) * quads + lane];
    }
    let at = plane_quad((group.x * quads + lane) * 4u, params.y_groups);
    y[group.y * params.y_stride / 4u + at] = sum / total;
}
