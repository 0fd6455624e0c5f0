// What the stages of truncation share: how top-k and top-p weigh a logit, and the bins that logits fall into by their distance
// from the largest.
#import keys
#import bins

@group(0) @binding(3) var<storage, read> maxima: array<u32>;

// What the largest logit's probability is counted as: 2^40 leaves room for 2^24 such tokens, and the tail of a vocabulary counts.
const WHOLE: vec2<u32> = vec2<u32>(0u, 256u);

var<workgroup> largest_key: atomic<u32>;

fn has_top_k(output: Output) -> bool {
    return output.top_k > 0u && output.top_k < params.vocabulary;
}

fn has_top_p(output: Output) -> bool {
    return output.top_p > 0.0 && output.top_p < 1.0;
}

// The largest logit of an output.
fn find_largest(output: u32, lane: u32) -> f32 {
    if lane == 0u { atomicStore(&largest_key, 0u); }
    workgroupBarrier();
    var own = 0u;
    for (var chunk = lane; chunk < chunks(); chunk += WORKGROUP_SIZE) { own = max(own, maxima[output * chunks() + chunk]); }
    atomicMax(&largest_key, own);
    workgroupBarrier();
    return logit_of(atomicLoad(&largest_key));
}

// What a key counts: one for top-k; for top-p exp(logit - largest) as a part of WHOLE.
fn weight(key: u32, by_count: bool, largest: f32) -> vec2<u32> {
    if by_count { return vec2<u32>(1u, 0u); }
    let logit = logit_of(key);
    if logit == largest { return WHOLE; }
    return wide(exp(logit - largest) * 256.0);
}

// The sum of weights to reach, of the `total` that there is.
fn goal(output: Output, by_count: bool, total: vec2<u32>) -> vec2<u32> {
    var goal = vec2<u32>(output.top_k, 0u);
    if !by_count { goal = wide(output.top_p * wide_to_f32(total)); }
    if wide_less(goal, vec2<u32>(1u, 0u)) { goal = vec2<u32>(1u, 0u); }
    if wide_less(total, goal) { goal = total; }
    return goal;
}

// The bin of a key: the exponent and 7 bits of 1 + distance, so that bins are a 128th wide near the largest logit and an eighth
// at a distance of 16. Smaller logits never have a smaller bin.
fn bin_of(key: u32, largest: f32) -> u32 {
    let logit = logit_of(key);
    if logit == largest { return 0u; }
    return min((bitcast<u32>(1.0 + (largest - logit)) - 0x3f800000u) >> 16u, BINS - 1u);
}
