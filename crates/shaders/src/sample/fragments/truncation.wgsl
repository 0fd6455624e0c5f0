// What the stages of truncation share: in which order and by which weights keys count, and the bins that they fall into.
#import keys
#import bins
#import largest

@group(0) @binding(6) var<storage, read> moments: array<vec2<u32>>;

// True where keys are counted: for the largest ones. An output may ask for top-k and top-p.
fn by_count(output: Output) -> bool {
    switch params.phase {
        case TOP: { return output.top_k > 0u && output.top_k < params.vocabulary; }
        case LOGPROBS: { return output.alternatives > 1u; }
        case FEW: { return true; }
        default: { return false; }
    }
}

// True where their probabilities are.
fn by_probability(output: Output) -> bool {
    switch params.phase {
        case TOP: { return has_share(output.top_p) && !has_share(output.typical_p); }
        case TYPICAL: { return true; }
        case REST: { return has_share(output.top_p); }
        default: { return false; }
    }
}

// The logits that keys are looked at from.
struct Origin {
    largest: f32,
    center: f32, // the expected logit
}

fn find_origin(index: u32, lane: u32) -> Origin {
    let largest = find_largest(index, lane);
    var center = 0.0;
    if params.phase == TYPICAL { center = largest - wide_to_f32(moments[2u * index + 1u]) / wide_to_f32(moments[2u * index]); }
    return Origin(largest, center);
}

// The key by which keys come one after another, the largest first: their own or, for typical-p, that of their distance from the
// expected logit, negated.
fn rank_of(key: u32, origin: Origin) -> u32 {
    if params.phase != TYPICAL { return key; }
    return key_of(-abs(logit_of(key) - origin.center));
}

// What a key counts.
fn weight(key: u32, counts: bool, origin: Origin) -> vec2<u32> {
    if counts { return vec2<u32>(1u, 0u); }
    return probability(logit_of(key), origin.largest);
}

// A sum of weights to reach that isn't nothing, and not more than there is.
fn bounded(goal: vec2<u32>, total: vec2<u32>) -> vec2<u32> {
    if wide_less(total, goal) { return total; }
    return vec2<u32>(max(goal.x, u32(goal.y == 0u)), goal.y);
}

// A share of all weights as a sum to reach.
fn share_of(part: f32, total: vec2<u32>) -> vec2<u32> { return bounded(wide(part * wide_to_f32(total)), total); }

// The sum of weights to reach, of the `total` that there is.
fn goal(output: Output, counts: bool, total: vec2<u32>) -> vec2<u32> {
    if counts { return bounded(vec2<u32>(select(output.top_k, output.alternatives - 1u, params.phase == LOGPROBS), 0u), total); }
    return share_of(select(output.top_p, output.typical_p, params.phase == TYPICAL), total);
}

// The bin of a rank: the exponent and 7 bits of 1 + its distance from the first, so that bins are a 128th wide there and an eighth
// at a distance of 16. Later ranks never have a smaller bin.
fn bin_of(rank: u32, origin: Origin) -> u32 {
    let value = logit_of(rank);
    let first = select(origin.largest, 0.0, params.phase == TYPICAL);
    if value == first { return 0u; }
    return min((bitcast<u32>(1.0 + (first - value)) - 0x3f800000u) >> 16u, BINS - 1u);
}
