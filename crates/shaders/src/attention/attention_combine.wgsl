// Joins what `attention_split` left of each split of a row's context: y = sum(partial * weight) / sum(total * weight), where a
// split weighs exp(its largest score - the largest of all). An invocation takes a quad of every n-th split. With ENCODE, y is left
// in codes.
// Grid: (query heads, tokens). A token of a single split has its result already.
const WORKGROUP_SIZE: u32 = 128u;
const SPLIT_TOKENS: u32 = 128u;
#import attention_params
#import planes

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> tokens: array<Token>;
@group(0) @binding(2) var<storage, read> partials: array<vec4<f32>>;

// The splits' largest scores; later their totals.
var<workgroup> lane_values: array<f32, WORKGROUP_SIZE>;
var<workgroup> sums: array<vec4<f32>, WORKGROUP_SIZE>;
#import attended

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let length = tokens[group.y].context;
    let quads = params.head_pairs / 2u;
    let splits = (length + SPLIT_TOKENS - 1u) / SPLIT_TOKENS;
    let splits_at_once = WORKGROUP_SIZE / quads;
    let first = (group.y * params.heads + group.x) * params.splits;
    var largest = -3.0e38;
    for (var s = lane; s < splits; s += WORKGROUP_SIZE) { largest = max(largest, partials[(first + s) * (quads + 1u) + quads].x); }
    lane_values[lane] = largest;
    workgroupBarrier();
    for (var i = 0u; i < min(splits, WORKGROUP_SIZE); i++) { largest = max(largest, lane_values[i]); }
    var sum = vec4<f32>();
    var total = 0.0;
    if lane / quads < splits_at_once {
        for (var s = lane / quads; s < splits; s += splits_at_once) {
            let at = (first + s) * (quads + 1u);
            let split = partials[at + quads];
            let weight = exp(split.x - largest);
            total += weight * split.y;
            sum += weight * partials[at + lane % quads];
        }
    }
    workgroupBarrier();
    sums[lane] = sum;
    lane_values[lane] = total;
    workgroupBarrier();
    let is_made = splits > 1u && lane < quads;
    if is_made {
        for (var i = 1u; i < splits_at_once; i++) {
            sum += sums[i * quads + lane];
            total += lane_values[i * quads + lane];
        }
    }
    store_attended(group.y, group.x * quads + lane, sum / total, lane, is_made);
}
