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
#import descent

@group(0) @binding(4) var<storage, read_write> bounds: array<Bounds>;

fn bounds_of(index: u32) -> Bounds { return bounds[index]; }

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
