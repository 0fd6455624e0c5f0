// The band of bins in which an output's threshold lies, told from the histogram of its logits.
#import truncation

@group(0) @binding(7) var<storage, read> histogram: array<vec2<u32>>;

struct Band {
    first: u32,            // its bins
    last: u32,
    before: vec2<u32>,     // the weights of the bins before
    elsewhere: vec2<u32>,  // the weights of all bins outside
}

// The bin where what is counted or else what is weighed ends. Where both are, the second ends somewhere between the first of all
// and there; the most likely tokens, and few that top-k leaves, are all from the first to there.
fn find_band(index: u32, lane: u32) -> Band {
    for (var bin = lane; bin < BINS; bin += WORKGROUP_SIZE) {
        let sum = histogram[index * BINS + bin];
        atomicStore(&low_words[bin], sum.x);
        atomicStore(&high_words[bin], sum.y);
    }
    let total = sum_bins(lane);
    let output = outputs[index];
    let end = reach(goal(output, by_count(output), total), lane);
    if by_count(output) && (by_probability(output) || params.phase == LOGPROBS || params.phase == FEW) {
        return Band(0u, end.bin, vec2<u32>(0u), vec2<u32>(0u));
    }
    return Band(end.bin, end.bin, end.before, wide_subtract(total, bin_sum(end.bin)));
}
