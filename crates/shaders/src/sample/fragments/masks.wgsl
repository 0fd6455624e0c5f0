// The tokens that may be chosen.
#import sample_params

@group(0) @binding(3) var<storage, read> masks: array<u32>; // rows with a bit for each token; the first has all that a model may choose

fn is_allowed(mask: u32, token: u32) -> bool {
    let words = (params.vocabulary + 31u) / 32u;
    return ((masks[mask * words + token / 32u] >> (token % 32u)) & 1u) != 0u;
}
