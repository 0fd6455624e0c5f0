// bounds[output] = what counts of an output's logits: in phase TOP the least logit after top-k, then top-p on the probabilities of
// what top-k left, then min-p; in phase TYPICAL the largest distance from the expected logit; in phase REST the least logit after
// top-p and min-p on what typical-p left. All on softmax(logits). Equal logits stay or go together. Outputs without any of them
// are left out.
//
// The last of the stages. `truncate_maxima` finds the largest logit, `truncate_moments` what the expected one is told from,
// `truncate_histogram` adds up weights in bins by the distance from the largest or from the expected one, `truncate_band` lists
// the keys of the bins where the threshold is. In them it is found here by radix descent: a histogram of the first bits in which
// the ranks of keys differ tells which of these the threshold has, one of the bits after them, and so on. Only this stage is a
// single workgroup's.
// Grid: (1, outputs).
const WORKGROUP_SIZE: u32 = 256u;
#import band
#import band_rows

@group(0) @binding(4) var<storage, read_write> bounds: array<Bounds>;
@group(0) @binding(8) var<storage, read> band: array<u32>;

fn bounds_of(index: u32) -> Bounds { return bounds[index]; }

const DIGIT: u32 = 10u; // bits: BINS have as many

var<workgroup> some: atomic<u32>; // the bits that some rank has
var<workgroup> all: atomic<u32>;  // and those that all ranks have
var<workgroup> alike: vec2<u32>;

// Where the keys of an output begin, and how many they are.
fn listed(index: u32) -> vec2<u32> {
    let row = band_row(index);
    return vec2<u32>(row + 1u, min(band[row], params.vocabulary));
}

// How many bits at the end the ranks of the keys differ in, and what they have before those.
fn find_alike(index: u32, origin: Origin, lane: u32) -> vec2<u32> {
    if lane == 0u {
        atomicStore(&some, 0u);
        atomicStore(&all, 0xffffffffu);
    }
    workgroupBarrier();
    let list = listed(index);
    for (var i = lane; i < list.y; i += WORKGROUP_SIZE) {
        let rank = rank_of(band[list.x + i], origin);
        atomicOr(&some, rank);
        atomicAnd(&all, rank);
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

// The largest rank such that the keys from there up, of those that are at least `bottom`, have as many or as much as is asked for.
// At least `bottom`.
fn descend(index: u32, counts: bool, bottom: u32, bins: Band, origin: Origin, lane: u32) -> u32 {
    let output = outputs[index];
    let list = listed(index);
    let alike = find_alike(index, origin, lane);
    var prefix = alike.y;
    var wanted = vec2<u32>(0u);
    for (var left = alike.x; left > 0u; left -= min(left, DIGIT)) {
        let shift = left - min(left, DIGIT);
        clear_bins(lane);
        for (var i = lane; i < list.y; i += WORKGROUP_SIZE) {
            let key = band[list.x + i];
            let rank = rank_of(key, origin);
            if rank >= bottom && (rank & prefix_mask(left)) == prefix {
                add_to_bin(BINS - 1u - ((rank >> shift) & (BINS - 1u)), weight(key, counts, origin));
            }
        }
        let sum = sum_bins(lane);
        if left == alike.x {
            // Never more than there is here, should two stages' exponentials differ.
            wanted = wide_subtract(goal(output, counts, wide_add(sum, bins.elsewhere)), bins.before);
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
    if !takes_part(output) { return; }
    let origin = find_origin(group.y, lane);
    var bottom = 1u;
    if by_count(output) || by_probability(output) {
        let bins = find_band(group.y, lane);
        if by_count(output) { bottom = descend(group.y, true, bottom, bins, origin, lane); }
        if by_probability(output) { bottom = descend(group.y, false, bottom, bins, origin, lane); }
    }
    if lane > 0u { return; }
    var found = UNBOUNDED;
    if params.phase != TOP { found = bounds[group.y]; }
    if params.phase == TYPICAL {
        found.center = origin.center;
        found.distance = -logit_of(bottom);
    } else {
        found.least = max(found.least, logit_of(bottom));
        // At most the largest itself, should the device's logarithm of 1 be above 0.
        let comes_later = params.phase == TOP && has_share(output.typical_p);
        if output.min_p > 0.0 && !comes_later {
            found.least = max(found.least, origin.largest + min(log(output.min_p), 0.0));
        }
    }
    bounds[group.y] = found;
}
