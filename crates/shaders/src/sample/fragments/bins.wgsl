// Sums of 64 bits in bins, and where their running sum reaches a goal. Integers, so that what comes out doesn't depend on the
// order in which atomics come.
#import wide

const BINS: u32 = 1024u;
// Bins that an invocation adds up.
const BINS_EACH: u32 = BINS / WORKGROUP_SIZE;
// Lanes whose sums one of them adds up.
const SPAN: u32 = 16u;

var<workgroup> low_words: array<atomic<u32>, BINS>;
var<workgroup> high_words: array<atomic<u32>, BINS>;
var<workgroup> running: array<vec2<u32>, WORKGROUP_SIZE>; // over the bins of a span's lanes, up to a lane's own
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

// Adds up the bins; gives the sum over all. Needed before `reach`; every invocation has to have added what it adds.
fn sum_bins(lane: u32) -> vec2<u32> {
    workgroupBarrier();
    var sum = vec2<u32>(0u);
    for (var i = 0u; i < BINS_EACH; i++) { sum = wide_add(sum, bin_sum(lane * BINS_EACH + i)); }
    running[lane] = sum;
    workgroupBarrier();
    // In two levels, since barriers are what software adapters are slowest at.
    if lane < WORKGROUP_SIZE / SPAN {
        sum = vec2<u32>(0u);
        // Counted from zero: with a count from `lane * SPAN` on, an H200's driver leaves sums out.
        for (var i = 0u; i < SPAN; i++) {
            let at = lane * SPAN + i;
            sum = wide_add(sum, running[at]);
            running[at] = sum;
        }
    }
    workgroupBarrier();
    return sum_before(WORKGROUP_SIZE);
}

// The sum over the bins of the lanes before this one.
fn sum_before(lane: u32) -> vec2<u32> {
    var sum = vec2<u32>(0u);
    if lane % SPAN > 0u { sum = running[lane - 1u]; }
    for (var end = SPAN; end <= lane; end += SPAN) { sum = wide_add(sum, running[end - 1u]); }
    return sum;
}

// The first bin with which the sum over the bins is `goal` or more; the first of all where none is.
fn reach(goal: vec2<u32>, lane: u32) -> Reached {
    if lane == 0u { reached = Reached(0u, vec2<u32>(0u)); }
    workgroupBarrier();
    var sum = sum_before(lane);
    for (var i = 0u; i < BINS_EACH; i++) {
        let bin = lane * BINS_EACH + i;
        let through = wide_add(sum, bin_sum(bin));
        if wide_less(sum, goal) && !wide_less(through, goal) { reached = Reached(bin, sum); }
        sum = through;
    }
    workgroupBarrier();
    return reached;
}
