// thresholds[output] = the least logit that counts after top-k, then top-p on the probabilities of what top-k left, then min-p,
// all on softmax(logits). Equal logits stay or go together. Outputs without any of them are left out.
//
// A threshold is found by radix descent on the logits' order: a histogram of 8 bits of their keys tells in which bin it lies, a
// histogram of that bin's next 8 bits where in there, and so on. Bins count tokens for top-k. For top-p they add probabilities
// as integers of 64 bits, so that the sums, and what is sampled, don't depend on the order of the additions.
// Grid: (1, outputs).
const WORKGROUP_SIZE: u32 = 256u; // also the bins of a histogram
struct Params {
    vocabulary: u32,
    stride: u32, // of logits, in f32
}
#import rows
#import wide

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> outputs: array<Output>;
@group(0) @binding(2) var<storage, read> logits: array<f32>;
@group(0) @binding(3) var<storage, read_write> thresholds: array<f32>;

// What the largest logit's probability is counted as: 2^40 leaves room for 2^24 such tokens, and the tail of a vocabulary counts.
const WHOLE: vec2<u32> = vec2<u32>(0u, 256u);

// What top-k leaves is listed if it is no more than this, and top-p looks there instead of reading all logits again.
const LIST_CAPACITY: u32 = 1024u;

var<workgroup> low_words: array<atomic<u32>, WORKGROUP_SIZE>;
var<workgroup> high_words: array<atomic<u32>, WORKGROUP_SIZE>;
var<workgroup> running: array<vec2<u32>, WORKGROUP_SIZE>;
var<workgroup> found_bin: u32;
var<workgroup> found_goal: vec2<u32>;
var<workgroup> list: array<u32, LIST_CAPACITY>;
var<workgroup> list_length: atomic<u32>;
var<workgroup> largest_key: atomic<u32>;

var<private> row: u32;         // where the output's logits begin
var<private> listed: u32 = 0u; // keys in the list; 0: the logits count
var<private> largest: f32;

// Larger logits have larger keys, equal ones the same. What is not a number has 0, as has what lies beyond the end.
fn key_of(logit: f32) -> u32 {
    let bits = bitcast<u32>(logit);
    let magnitude = bits & 0x7fffffffu;
    if magnitude > 0x7f800000u { return 0u; }
    return select(0x80000000u + magnitude, 0x80000000u - magnitude, bits != magnitude);
}

// The logit of a key; f32's least for keys below its key.
fn logit_of(key: u32) -> f32 {
    let positive = key >= 0x80000000u;
    return bitcast<f32>(select((0x80000000u - max(key, 0x00800001u)) | 0x80000000u, key - 0x80000000u, positive));
}

fn key(index: u32) -> u32 {
    if listed > 0u { return select(0u, list[min(index, LIST_CAPACITY - 1u)], index < listed); }
    if index >= params.vocabulary { return 0u; }
    return key_of(logits[row + index]);
}

// Four at a time, so that their loads wait together.
fn keys(index: u32) -> vec4<u32> {
    return vec4<u32>(key(index), key(index + WORKGROUP_SIZE), key(index + 2u * WORKGROUP_SIZE), key(index + 3u * WORKGROUP_SIZE));
}

fn key_count() -> u32 {
    return select(params.vocabulary, listed, listed > 0u);
}

// exp(logit - largest) as a part of WHOLE.
fn probability(key: u32) -> vec2<u32> {
    let logit = logit_of(key);
    if logit == largest { return WHOLE; }
    return wide(exp(logit - largest) * 256.0);
}

// Adds a key to its bin, if it is at least `bottom` and has the prefix.
fn tally(key: u32, bottom: u32, prefix: u32, mask: u32, shift: u32, by_probability: bool) {
    if key < bottom || (key & mask) != prefix { return; }
    let bin = (key >> shift) & 255u;
    var weight = vec2<u32>(1u, 0u);
    if by_probability { weight = probability(key); }
    let before = atomicAdd(&low_words[bin], weight.x);
    let high = weight.y + u32(before + weight.x < before);
    if high > 0u { atomicAdd(&high_words[bin], high); }
}

// The sum over the bins from the largest down to this lane's.
fn sum_from_top(own: vec2<u32>, lane: u32) -> vec2<u32> {
    var sum = own;
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
    return sum;
}

// The largest key such that the keys from there up, of those that are at least `bottom`, are `top_k` or have `top_p` of the
// probability. At least `bottom`, and never beyond the largest key.
fn descend(output: Output, by_probability: bool, bottom: u32, lane: u32) -> u32 {
    let bin = WORKGROUP_SIZE - 1u - lane;
    var prefix = 0u;
    var mask = 0u;
    var goal = vec2<u32>(output.top_k, 0u);
    if lane == 0u { found_bin = 0u; found_goal = vec2<u32>(0u); }
    for (var digit = 0u; digit < 4u; digit++) {
        let shift = 24u - 8u * digit;
        atomicStore(&low_words[lane], 0u);
        atomicStore(&high_words[lane], 0u);
        workgroupBarrier();
        for (var index = lane; index < key_count(); index += 4u * WORKGROUP_SIZE) {
            let four = keys(index);
            tally(four.x, bottom, prefix, mask, shift, by_probability);
            tally(four.y, bottom, prefix, mask, shift, by_probability);
            tally(four.z, bottom, prefix, mask, shift, by_probability);
            tally(four.w, bottom, prefix, mask, shift, by_probability);
        }
        workgroupBarrier();
        let own = vec2<u32>(atomicLoad(&low_words[bin]), atomicLoad(&high_words[bin]));
        let through = sum_from_top(own, lane);
        if digit == 0u {
            let total = running[WORKGROUP_SIZE - 1u];
            if by_probability { goal = wide(output.top_p * wide_to_f32(total)); }
            if wide_less(goal, vec2<u32>(1u, 0u)) { goal = vec2<u32>(1u, 0u); }
            if wide_less(total, goal) { goal = total; }
        }
        let above = wide_subtract(through, own);
        if wide_less(above, goal) && !wide_less(through, goal) {
            found_bin = bin;
            found_goal = wide_subtract(goal, above);
        }
        workgroupBarrier();
        prefix |= found_bin << shift;
        goal = found_goal;
        mask = (mask >> 8u) | 0xff000000u;
    }
    return max(prefix, bottom);
}

// Lists the keys that are at least `bottom`, if there is room.
fn gather(bottom: u32, lane: u32) {
    if lane == 0u { atomicStore(&list_length, 0u); }
    workgroupBarrier();
    for (var index = lane; index < params.vocabulary; index += WORKGROUP_SIZE) {
        let key = key(index);
        if key >= bottom {
            let place = atomicAdd(&list_length, 1u);
            if place < LIST_CAPACITY { list[place] = key; }
        }
    }
    workgroupBarrier();
    let length = atomicLoad(&list_length);
    listed = select(0u, length, length <= LIST_CAPACITY);
}

fn find_largest(lane: u32) {
    if lane == 0u { atomicStore(&largest_key, 0u); }
    workgroupBarrier();
    var own = vec4<u32>(0u);
    for (var index = lane; index < key_count(); index += 4u * WORKGROUP_SIZE) { own = max(own, keys(index)); }
    atomicMax(&largest_key, max(max(own.x, own.y), max(own.z, own.w)));
    workgroupBarrier();
    largest = logit_of(atomicLoad(&largest_key));
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let output = outputs[group.y];
    if !truncates(output) { return; }
    row = group.y * params.stride;
    let by_mass = output.top_p > 0.0 && output.top_p < 1.0;
    var bottom = 1u;
    if output.top_k > 0u && output.top_k < params.vocabulary {
        bottom = descend(output, false, bottom, lane);
        if output.top_k <= LIST_CAPACITY { gather(bottom, lane); }
    }
    if by_mass || output.min_p > 0.0 { find_largest(lane); }
    if by_mass { bottom = descend(output, true, bottom, lane); }
    if lane == 0u {
        var least = logit_of(bottom);
        // At most the largest itself, should the device's logarithm of 1 be above 0.
        if output.min_p > 0.0 { least = max(least, largest + min(log(output.min_p), 0.0)); }
        thresholds[group.y] = least;
    }
}
