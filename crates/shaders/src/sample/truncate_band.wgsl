// band[output] = how many keys lie in the bins where the output's threshold is, and then those keys, in any order. Of the most
// likely tokens, the tokens are listed instead.
// Grid: (chunks, outputs).
const WORKGROUP_SIZE: u32 = 256u;
#import band
#import read_bounds
#import band_rows

@group(0) @binding(8) var<storage, read_write> band: array<atomic<u32>>;

var<workgroup> listed: atomic<u32>;
var<workgroup> place: u32; // of the workgroup's first key

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let output = outputs[group.y];
    if !takes_part(output) || (!by_count(output) && !by_probability(output)) { return; }
    if lane == 0u { atomicStore(&listed, 0u); }
    var keys = keys_of_chunk(group.y, group.x, lane);
    let origin = find_origin(group.y, lane);
    let bins = find_band(group.y, lane);
    var places: array<u32, KEYS_EACH>;
    for (var i = 0u; i < KEYS_EACH; i++) {
        let bin = bin_of(rank_of(keys[i], origin), origin);
        if keys[i] == 0u || bin < bins.first || bin > bins.last { keys[i] = 0u; } else { places[i] = atomicAdd(&listed, 1u); }
    }
    workgroupBarrier();
    let row = band_row(group.y);
    if lane == 0u { place = atomicAdd(&band[row], atomicLoad(&listed)); }
    workgroupBarrier();
    for (var i = 0u; i < KEYS_EACH; i++) {
        let index = place + places[i];
        let entry = select(keys[i], token_of_key(group.x, lane, i), params.phase == LOGPROBS);
        if keys[i] > 0u && index < params.vocabulary { atomicStore(&band[row + 1u + index], entry); }
    }
}
