// The experts that each row goes to (Shazeer et al. 2017): those of the `used` largest logits, the first of equal ones, weighed
// by the softmax of those logits alone, which is what a softmax over all comes to once the weights are made to add up to 1.
// Grid: (1, rows).
const WORKGROUP_SIZE: u32 = 64u;
const MAX_EXPERTS: u32 = 512u;
const MAX_USED: u32 = 32u;
struct Params {
    experts: u32, // at most MAX_EXPERTS
    used: u32,    // at most MAX_USED
    stride: u32,  // of logits, in f32
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> logits: array<f32>;
@group(0) @binding(2) var<storage, read_write> experts: array<u32>; // [row][used], the largest first
@group(0) @binding(3) var<storage, read_write> weights: array<f32>; // the same

var<workgroup> of_row: array<f32, MAX_EXPERTS>;
var<workgroup> chosen: array<f32, MAX_USED>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    for (var e = lane; e < params.experts; e += WORKGROUP_SIZE) { of_row[e] = logits[group.y * params.stride + e]; }
    workgroupBarrier();
    let first = group.y * params.used;
    for (var e = lane; e < params.experts; e += WORKGROUP_SIZE) {
        let own = of_row[e];
        var rank = 0u;
        for (var other = 0u; other < params.experts; other++) {
            let value = of_row[other];
            rank += select(0u, 1u, value > own || (value == own && other < e));
        }
        if rank < params.used {
            chosen[rank] = own;
            experts[first + rank] = e;
        }
    }
    workgroupBarrier();
    if lane >= params.used { return; }
    var total = 0.0;
    for (var i = 0u; i < params.used; i++) { total += exp(chosen[i] - chosen[0]); }
    weights[first + lane] = exp(chosen[lane] - chosen[0]) / total;
}
