// bounds[output] = what top-k, typical-p, top-p, min-p and XTC leave of an output's logits, in this order, where top-k is at most FEW:
// bit for bit what the stages of `truncate` and `xtc` find, without a dispatch for each. An invocation has one of the logits that top-k
// leaves; equal ones beyond those share the last.
//
// Comes after `truncate_maxima`, `truncate_histogram` and `truncate_band`, which lists all that top-k leaves and perhaps more.
// Grid: (1, outputs).
const WORKGROUP_SIZE: u32 = 256u;
#import descent

@group(0) @binding(4) var<storage, read_write> bounds: array<Bounds>;

fn bounds_of(index: u32) -> Bounds { return bounds[index]; }

// A logit that top-k may leave.
struct Entry {
    key: u32,
    count: u32, // of logits that are equal to it; 0 where it is left out
}

var<workgroup> ranks: array<u32, WORKGROUP_SIZE>;
var<workgroup> weights: array<vec2<u32>, WORKGROUP_SIZE>;
var<workgroup> gathered: atomic<u32>;
var<workgroup> equal: atomic<u32>;
var<workgroup> highest: atomic<u32>;
var<workgroup> lowest: atomic<u32>;

// The entry of this invocation. Where more keys are listed than there are invocations, those that top-k leaves out are left out here.
fn gather(index: u32, lane: u32) -> Entry {
    let list = listed(index);
    if list.y <= WORKGROUP_SIZE {
        let here = lane < list.y;
        return Entry(select(0u, band[list.x + min(lane, list.y)], here), u32(here));
    }
    let bottom = descend(index, true, 1u, Band(0u, 0u, vec2<u32>(0u), vec2<u32>(0u)), Origin(0.0, 0.0), lane);
    if lane == 0u {
        atomicStore(&gathered, 0u);
        atomicStore(&equal, 0u);
    }
    workgroupBarrier();
    for (var i = lane; i < list.y; i += WORKGROUP_SIZE) {
        let key = band[list.x + i];
        if key == bottom { atomicAdd(&equal, 1u); }
        if key > bottom { ranks[atomicAdd(&gathered, 1u) % WORKGROUP_SIZE] = key; }
    }
    workgroupBarrier();
    let others = atomicLoad(&gathered);
    return Entry(select(bottom, ranks[lane], lane < others), select(select(0u, atomicLoad(&equal), lane == others), 1u, lane < others));
}

// `value` for each of the logits of an entry.
fn of_each(entry: Entry, value: vec2<u32>) -> vec2<u32> {
    var sum = vec2<u32>(0u);
    var power = value;
    for (var left = entry.count; left > 0u; left >>= 1u) {
        if (left & 1u) != 0u { sum = wide_add(sum, power); }
        power = wide_add(power, power);
    }
    return sum;
}

// Sums of the weights of entries.
struct Sums {
    through: vec2<u32>, // of this invocation's entry and those of the same rank or a higher one
    total: vec2<u32>,
}

fn add_up(rank: u32, weight: vec2<u32>, used: u32, lane: u32) -> Sums {
    workgroupBarrier();
    ranks[lane] = rank;
    weights[lane] = weight;
    if lane == 0u {
        atomicStore(&highest, 1u);
        atomicStore(&lowest, 0xffffffffu);
    }
    workgroupBarrier();
    var sums = Sums(vec2<u32>(0u), vec2<u32>(0u));
    for (var i = 0u; i < used; i++) {
        sums.total = wide_add(sums.total, weights[i]);
        if ranks[i] >= rank { sums.through = wide_add(sums.through, weights[i]); }
    }
    return sums;
}

// The highest rank with which the entries from there up weigh `goal`.
fn threshold(rank: u32, entry: Entry, sums: Sums, goal: vec2<u32>) -> u32 {
    if entry.count > 0u && !wide_less(sums.through, goal) { atomicMax(&highest, rank); }
    workgroupBarrier();
    return atomicLoad(&highest);
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let output = outputs[group.y];
    if !takes_part(output) { return; }
    var largest = find_largest(group.y, lane);
    var entry = gather(group.y, lane);
    let used = min(listed(group.y).y, WORKGROUP_SIZE);
    let logit = logit_of(entry.key);
    var found = UNBOUNDED;

    var sums = add_up(entry.key, vec2<u32>(entry.count, 0u), used, lane);
    let bottom = threshold(entry.key, entry, sums, bounded(vec2<u32>(output.top_k, 0u), sums.total));
    if output.top_k < params.vocabulary {
        found.least = logit_of(bottom);
        if entry.key < bottom { entry.count = 0u; }
    }
    var weight = of_each(entry, probability(logit, largest));

    if has_share(output.typical_p) {
        let below = largest - logit;
        var product = vec2<u32>(0u);
        if below < 64.0 { product = of_each(entry, wide(below * exp(-below) * 256.0)); }
        let products = add_up(0u, product, used, lane).total;
        found.center = largest - wide_to_f32(products) / wide_to_f32(add_up(0u, weight, used, lane).total);
        let rank = key_of(-abs(logit - found.center));
        sums = add_up(rank, weight, used, lane);
        found.distance = -logit_of(threshold(rank, entry, sums, share_of(output.typical_p, sums.total)));
        if !within(found, logit) { entry.count = 0u; }
        _ = add_up(0u, vec2<u32>(0u), 0u, lane);
        if entry.count > 0u { atomicMax(&highest, entry.key); }
        workgroupBarrier();
        largest = logit_of(atomicLoad(&highest));
        weight = of_each(entry, probability(logit, largest));
    }

    if has_share(output.top_p) {
        sums = add_up(entry.key, weight, used, lane);
        found.least = max(found.least, logit_of(threshold(entry.key, entry, sums, share_of(output.top_p, sums.total))));
    }
    // At most the largest itself, should the device's logarithm of 1 be above 0.
    if output.min_p > 0.0 { found.least = max(found.least, largest + min(log(output.min_p), 0.0)); }
    if logit < found.least { weight = vec2<u32>(0u); }

    if output.xtc_threshold > 0.0 {
        // The sum's unit is 2^32, the largest logit's part of it 2^40.
        let sum = wide_to_f32(add_up(0u, weight, used, lane).total);
        let likely = largest + log(output.xtc_threshold * sum / 256.0);
        if entry.count > 0u && logit >= found.least && logit >= likely { atomicMin(&lowest, entry.key); }
        workgroupBarrier();
        found.greatest = atomicLoad(&lowest);
    }
    if lane == 0u { bounds[group.y] = found; }
}
