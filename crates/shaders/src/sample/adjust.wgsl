// logits[output], in place: biases, then the penalties of tokens that the last ones of the sequence have, then DRY, as llama.cpp
// has them and in its order. A logit that is no finite number stays, since it ends the request, and so does the one of a token that
// is never chosen.
// Grid: (1, outputs).
const WORKGROUP_SIZE: u32 = 256u;
#import outputs
#import changes

struct Bias {
    token: u32,
    value: f32, // LEAST: the token is never chosen
}

@group(0) @binding(2) var<storage, read_write> logits: array<f32>;
@group(0) @binding(11) var<storage, read> history: array<u32>;
@group(0) @binding(12) var<storage, read> biases: array<Bias>; // [slots, BIASES], of different tokens
@group(0) @binding(13) var<storage, read> breakers: array<u32>; // [slots], a bit for each token that ends a repetition
@group(0) @binding(14) var<storage, read_write> changes: array<u32>;

// The last tokens of the sequence, the last one first.
var<workgroup> window: array<u32, HISTORY>;
// For each of them the length of the repetition that it would continue, two in a word.
var<workgroup> lengths: array<u32, HISTORY / 2u>;
// The tokens since the last one that ends repetitions.
var<workgroup> unbroken: atomic<u32>;
var<workgroup> changed: atomic<u32>;

// True for a token whose logit may change.
fn may_change(index: u32, token: u32) -> bool {
    if token >= params.vocabulary { return false; }
    let logit = logits[index * params.stride + token];
    return is_finite(logit) && logit != LEAST;
}

fn change(index: u32, token: u32, logit: f32) {
    let place = index * params.stride + token;
    if outputs[index].alternatives > 0u {
        let pair = changes_row(index) + 1u + 2u * atomicAdd(&changed, 1u);
        changes[pair] = token;
        changes[pair + 1u] = bitcast<u32>(logits[place]);
    }
    logits[place] = clamp(logit, LEAST, GREATEST);
}

fn add_biases(index: u32, lane: u32) {
    let output = outputs[index];
    for (var i = lane; i < min(output.biases, BIASES); i += WORKGROUP_SIZE) {
        let bias = biases[output.slot * BIASES + i];
        if may_change(index, bias.token) {
            change(index, bias.token, select(logits[index * params.stride + bias.token] + bias.value, LEAST, bias.value == LEAST));
        }
    }
}

// Of the tokens of the window, the last one of equals takes them all away.
fn penalise(index: u32, length: u32, lane: u32) {
    let output = outputs[index];
    for (var i = lane; i < length; i += WORKGROUP_SIZE) {
        let token = window[i];
        var count = 0u;
        var is_last = true;
        for (var other = 0u; other < length && is_last; other++) {
            if window[other] == token {
                count++;
                is_last = other >= i;
            }
        }
        if !is_last || !may_change(index, token) { continue; }
        var logit = logits[index * params.stride + token];
        if output.repetition_penalty > 0.0 {
            logit = select(logit / output.repetition_penalty, logit * output.repetition_penalty, logit <= 0.0);
        }
        change(index, token, logit - (f32(count) * output.frequency_penalty + output.presence_penalty));
    }
}

fn breaks(slot: u32, token: u32) -> bool {
    if token >= params.vocabulary { return false; }
    let words = (params.vocabulary + 31u) / 32u;
    return ((breakers[slot * words + token / 32u] >> (token % 32u)) & 1u) != 0u;
}

fn length_at(i: u32) -> u32 { return (lengths[i / 2u] >> (16u * (i % 2u))) & 0xffffu; }

// How many tokens before the one at `i` are those that the sequence ends with; at most `most`.
fn repeated_before(i: u32, length: u32, most: u32) -> u32 {
    let end = min(most, length - 1u - i);
    var repeated = 0u;
    while repeated < end && window[i + 1u + repeated] == window[repeated] { repeated++; }
    return repeated;
}

fn find_repetitions(index: u32, length: u32, lane: u32) {
    let output = outputs[index];
    for (var i = lane; i < length; i += WORKGROUP_SIZE) {
        if breaks(output.slot, window[i]) { atomicMin(&unbroken, i); }
    }
    workgroupBarrier();
    let most = min(min(atomicLoad(&unbroken), output.dry_most_length), length);
    for (var pair = lane; pair < (length + 1u) / 2u; pair += WORKGROUP_SIZE) {
        var both = repeated_before(2u * pair, length, most);
        if 2u * pair + 1u < length { both |= repeated_before(2u * pair + 1u, length, most) << 16u; }
        lengths[pair] = both;
    }
    workgroupBarrier();
}

// Of the tokens that would continue a repetition, the last one of equals takes them all away, by the longest. Nothing is known before
// the first token of the window.
fn penalise_repetitions(index: u32, length: u32, lane: u32) {
    let output = outputs[index];
    for (var i = lane; i + 1u < length; i += WORKGROUP_SIZE) {
        if length_at(i) < output.dry_allowed_length { continue; }
        let token = window[i];
        var longest = 0u;
        var is_last = true;
        for (var other = 0u; other + 1u < length && is_last; other++) {
            if window[other] == token && length_at(other) >= output.dry_allowed_length {
                longest = max(longest, length_at(other));
                is_last = other >= i;
            }
        }
        if !is_last || breaks(output.slot, token) || !may_change(index, token) { continue; }
        let penalty = output.dry_multiplier * pow(output.dry_base, f32(longest - output.dry_allowed_length));
        change(index, token, logits[index * params.stride + token] - penalty);
    }
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let output = outputs[group.y];
    if !adjusts(output) { return; }
    let length = min(output.position, HISTORY);
    let penalised = select(0u, min(length, output.penalty_last_n), penalises(output));
    let searched = select(0u, min(length, output.dry_last_n), has_dry(output));
    if lane == 0u {
        atomicStore(&changed, 0u);
        atomicStore(&unbroken, HISTORY);
    }
    for (var i = lane; i < max(penalised, searched); i += WORKGROUP_SIZE) {
        window[i] = history[output.slot * HISTORY + (output.position - 1u - i) % HISTORY];
    }
    workgroupBarrier();
    add_biases(group.y, lane);
    storageBarrier();
    penalise(group.y, penalised, lane);
    storageBarrier();
    find_repetitions(group.y, searched, lane);
    penalise_repetitions(group.y, searched, lane);
    workgroupBarrier();
    if lane == 0u { changes[changes_row(group.y)] = atomicLoad(&changed); }
}
