// Sums of 64 bits in bins, and where their running sum reaches a goal. Integers, so that what comes out doesn't depend on the
// order in which atomics come.
#import wide

const BINS: u32 = 1024u;
// Bins that an invocation adds up.
const BINS_EACH: u32 = BINS / WORKGROUP_SIZE;

var<workgroup> low_words: array<atomic<u32>, BINS>;
var<workgroup> high_words: array<atomic<u32>, BINS>;
var<workgroup> running: array<vec2<u32>, WORKGROUP_SIZE>;
var<workgroup> reached: Reached;

// A bin, and the sum over those before it.
struct Reached {
    bin: u32,
    before: vec2<u32>,
}

fn clear_bins(lane: u32) {
    for (var bin = lane; bin < BINS; bin += WORKGROUP_SIZE) {
        atomicStore(&low_words[bin], 0u);
        atomicStore(&high_words[bin], 0u);
    }
    workgroupBarrier();
}

fn add_to_bin(bin: u32, value: vec2<u32>) {
    let before = atomicAdd(&low_words[bin], value.x);
    let high = value.y + u32(before + value.x < before);
    if high > 0u { atomicAdd(&high_words[bin], high); }
}

fn bin_sum(bin: u32) -> vec2<u32> {
    return vec2<u32>(atomicLoad(&low_words[bin]), atomicLoad(&high_words[bin]));
}

// The sum over all bins. Needed before `reach`; every invocation has to have added what it adds.
fn sum_bins(lane: u32) -> vec2<u32> {
    workgroupBarrier();
    var sum = vec2<u32>(0u);
    for (var i = 0u; i < BINS_EACH; i++) { sum = wide_add(sum, bin_sum(lane * BINS_EACH + i)); }
    running[lane] = sum;
    for (var step = 1u; step < WORKGROUP_SIZE; step *= 2u) {
        workgroupBarrier();
        var before = vec2<u32>(0u);
        if lane >= step { before = running[lane - step]; }
        workgroupBarrier();
        sum = wide_add(sum, before);
        running[lane] = sum;
    }
    workgroupBarrier();
    return running[WORKGROUP_SIZE - 1u];
}

// The first bin with which the sum over the bins is `goal` or more; the first of all where none is.
fn reach(goal: vec2<u32>, lane: u32) -> Reached {
    if lane == 0u { reached = Reached(0u, vec2<u32>(0u)); }
    workgroupBarrier();
    var sum = vec2<u32>(0u);
    if lane > 0u { sum = running[lane - 1u]; }
    for (var i = 0u; i < BINS_EACH; i++) {
        let bin = lane * BINS_EACH + i;
        let through = wide_add(sum, bin_sum(bin));
        if wide_less(sum, goal) && !wide_less(through, goal) { reached = Reached(bin, sum); }
        sum = through;
    }
    workgroupBarrier();
    return reached;
}
