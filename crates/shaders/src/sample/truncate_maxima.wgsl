// maxima[output][chunk] = the key of the largest logit of a chunk of the vocabulary; 0 where there is none. Clears what the next
// stages of truncation add to.
// Grid: (chunks, outputs).
const WORKGROUP_SIZE: u32 = 256u;
#import keys
#import read_bounds
#import bins
#import band_rows

@group(0) @binding(5) var<storage, read_write> maxima: array<u32>;
@group(0) @binding(6) var<storage, read_write> moments: array<vec2<u32>>;
@group(0) @binding(7) var<storage, read_write> histogram: array<vec2<u32>>;
@group(0) @binding(8) var<storage, read_write> band: array<u32>;

var<workgroup> largest: atomic<u32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    if !takes_part(outputs[group.y]) { return; }
    for (var bin = group.x * WORKGROUP_SIZE + lane; bin < BINS; bin += chunks() * WORKGROUP_SIZE) {
        histogram[group.y * BINS + bin] = vec2<u32>(0u);
    }
    if lane < 2u && group.x == 0u { moments[2u * group.y + lane] = vec2<u32>(0u); }
    if lane == 0u {
        if group.x == 0u { band[band_row(group.y)] = 0u; }
        atomicStore(&largest, 0u);
    }
    workgroupBarrier();
    var keys = keys_of_chunk(group.y, group.x, lane);
    var own = 0u;
    for (var i = 0u; i < KEYS_EACH; i++) { own = max(own, keys[i]); }
    atomicMax(&largest, own);
    workgroupBarrier();
    if lane == 0u { maxima[group.y * chunks() + group.x] = atomicLoad(&largest); }
}
