// Radix descent to the threshold among an output's listed keys.
#import band
#import band_rows

@group(0) @binding(8) var<storage, read> band: array<u32>;

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
