// thresholds[output] = the least logit that counts after top-k, then top-p on the probabilities of what top-k left, then min-p,
// all on softmax(logits). Equal logits stay or go together. Outputs without any of them are left out.
//
// The last of four stages. `truncate_maxima` finds the largest logit, `truncate_histogram` adds up weights in bins by the
// distance from it, `truncate_band` lists the keys of the bins where the threshold is. In them it is found here by radix descent:
// a histogram of the first bits in which the keys differ tells which of these the threshold has, one of the bits after them, and
// so on. Only this stage is a single workgroup's.
// Grid: (1, outputs).
const WORKGROUP_SIZE: u32 = 256u;
#import band

@group(0) @binding(5) var<storage, read> band: array<u32>;
@group(0) @binding(6) var<storage, read_write> thresholds: array<f32>;

const DIGIT: u32 = 10u; // bits: BINS have as many

var<workgroup> some: atomic<u32>; // the bits that some key has
var<workgroup> all: atomic<u32>;  // and those that all keys have
var<workgroup> alike: vec2<u32>;

// Where the keys of an output begin, and how many they are.
fn listed(index: u32) -> vec2<u32> {
    let row = band_row(index);
    return vec2<u32>(row + 1u, min(band[row], params.vocabulary));
}

// How many bits at the end the keys differ in, and what they have before those.
fn find_alike(index: u32, lane: u32) -> vec2<u32> {
    if lane == 0u {
        atomicStore(&some, 0u);
        atomicStore(&all, 0xffffffffu);
    }
    workgroupBarrier();
    let list = listed(index);
    for (var i = lane; i < list.y; i += WORKGROUP_SIZE) {
        atomicOr(&some, band[list.x + i]);
        atomicAnd(&all, band[list.x + i]);
    }
    workgroupBarrier();
    if lane == 0u {
        let bits = 32u - countLeadingZeros(atomicLoad(&some) ^ atomicLoad(&all));
        alike = vec2<u32>(bits, atomicLoad(&all) & prefix_mask(bits));
    }
    return workgroupUniformLoad(&alike);
}

// All but the last `bits` bits.
fn prefix_mask(bits: u32) -> u32 {
    return select(0xffffffffu << bits, 0u, bits == 32u);
}

// The largest key such that the keys from there up, of those that are at least `bottom`, have what top-k or top-p asks for. At
// least `bottom`.
fn descend(index: u32, by_count: bool, bottom: u32, bins: Band, largest: f32, lane: u32) -> u32 {
    let output = outputs[index];
    let list = listed(index);
    let alike = find_alike(index, lane);
    var prefix = alike.y;
    var wanted = vec2<u32>(0u);
    for (var left = alike.x; left > 0u; left -= min(left, DIGIT)) {
        let shift = left - min(left, DIGIT);
        clear_bins(lane);
        for (var i = lane; i < list.y; i += WORKGROUP_SIZE) {
            let key = band[list.x + i];
            if key >= bottom && (key & prefix_mask(left)) == prefix {
                add_to_bin(BINS - 1u - ((key >> shift) & (BINS - 1u)), weight(key, by_count, largest));
            }
        }
        let sum = sum_bins(lane);
        if left == alike.x {
            // Never more than there is here, should two stages' exponentials differ.
            wanted = wide_subtract(goal(output, by_count, wide_add(sum, bins.elsewhere)), bins.before);
            if wide_less(sum, wanted) { wanted = sum; }
        }
        let digit = reach(wanted, lane);
        prefix |= (BINS - 1u - digit.bin) << shift;
        wanted = wide_subtract(wanted, digit.before);
    }
    return max(prefix, bottom);
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let output = outputs[group.y];
    if !truncates(output) { return; }
    let largest = find_largest(group.y, lane);
    var bottom = 1u;
    if has_top_k(output) || has_top_p(output) {
        let bins = find_band(group.y, lane);
        if has_top_k(output) { bottom = descend(group.y, true, bottom, bins, largest, lane); }
        if has_top_p(output) { bottom = descend(group.y, false, bottom, bins, largest, lane); }
    }
    if lane == 0u {
        var least = logit_of(bottom);
        // At most the largest itself, should the device's logarithm of 1 be above 0.
        if output.min_p > 0.0 { least = max(least, largest + min(log(output.min_p), 0.0)); }
        thresholds[group.y] = least;
    }
}
