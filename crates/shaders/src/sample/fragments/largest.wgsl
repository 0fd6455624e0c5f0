// The largest logit of an output, and what probability others have beside it.
#import wide

@group(0) @binding(5) var<storage, read> maxima: array<u32>;

// What the largest logit's probability is counted as: 2^40 leaves room for 2^24 such tokens, and the tail of a vocabulary counts.
const WHOLE: vec2<u32> = vec2<u32>(0u, 256u);

var<workgroup> largest_key: atomic<u32>;

// The largest logit of an output.
fn find_largest(index: u32, lane: u32) -> f32 {
    if lane == 0u { atomicStore(&largest_key, 0u); }
    workgroupBarrier();
    var own = 0u;
    for (var chunk = lane; chunk < chunks(); chunk += WORKGROUP_SIZE) { own = max(own, maxima[index * chunks() + chunk]); }
    atomicMax(&largest_key, own);
    workgroupBarrier();
    return logit_of(atomicLoad(&largest_key));
}

// exp(logit - largest) as a part of WHOLE.
fn probability(logit: f32, largest: f32) -> vec2<u32> {
    if logit == largest { return WHOLE; }
    return wide(exp(logit - largest) * 256.0);
}
