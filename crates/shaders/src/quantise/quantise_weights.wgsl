// codes, scales = rows of a matrix, in few bits: see `WeightFormat`. A group's scale comes from its largest magnitude, each code is
// the nearest. Everything that decides a code is exact, so that all devices and the CPU write the same bits.
// source: the number of the first row in the matrix and how many there are, in the first vec4; then the rows, as the file has them.
// An invocation takes four neighbouring groups, `lanes` of them 256 groups of a row.
// Grid: (rows / (64 / lanes), groups / 256).
struct Params {
    groups: u32,      // of 32, in a row
    kind: u32,        // of what the source holds: 0 f32, 1 f16, 2 bf16
    code_words: u32,  // in a row
    scale_words: u32, // in a row
    lanes: u32,       // a power of two up to 64
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> source: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read_write> codes: array<u32>;
@group(0) @binding(3) var<storage, read_write> scales: array<u32>;

alias Group = array<vec4<f32>, 8>;
#import exact
#import nearest_codes

// Below 2^-64 a group counts as zero: what it would be divided by could underflow.
const SMALLEST: f32 = 5.421011e-20;

// The values of a group; those that aren't finite count as zero.
fn group_of(row: u32, group: u32) -> Group {
    var values: Group;
    let at = row * params.groups + group;
    for (var i = 0u; i < 8u; i++) {
        var bits: vec4<u32>;
        if params.kind == 0u {
            bits = source[1u + at * 8u + i];
        } else {
            let four = source[1u + at * 4u + i / 2u];
            let two = select(four.xy, four.zw, i % 2u == 1u);
            let halves = vec4(two.x & 0xffffu, two.x >> 16u, two.y & 0xffffu, two.y >> 16u);
            bits = select(halves << vec4(16u), float_bits(halves), params.kind == 1u);
        }
        values[i] = bitcast<vec4<f32>>(select(bits, vec4<u32>(), (bits & vec4(0x7f800000u)) == vec4(0x7f800000u)));
    }
    return values;
}

// The value of the largest magnitude, the first of several.
fn extreme(group: ptr<function, Group>) -> f32 {
    var found = 0.0;
    for (var i = 0u; i < 8u; i++) {
        let four = (*group)[i];
        if abs(four.x) > abs(found) { found = four.x; }
        if abs(four.y) > abs(found) { found = four.y; }
        if abs(four.z) > abs(found) { found = four.z; }
        if abs(four.w) > abs(found) { found = four.w; }
    }
    return found;
}

fn scale_of(row: u32, group: u32) -> f32 {
    var values = group_of(row, group);
    let value = extreme(&values);
    if abs(value) < SMALLEST { return 0.0; }
    return chosen_scale(&values, value);
}

// Where a word of a row lies among those of the matrix: see weight.wgsl.
fn place(row: u32, word: u32, words: u32) -> u32 {
    return (row / INTERLEAVE * words + word) * INTERLEAVE + row % INTERLEAVE;
}

fn store_codes(row: u32, target_row: u32, group: u32, scale: f32) {
    var values = group_of(row, group);
    let inverse = select(0.0, divided(1.0, abs(scale)), scale != 0.0) * sign(scale);
    var c: array<vec4<u32>, 8>;
    for (var i = 0u; i < 8u; i++) { c[i] = nearest(values[i] * inverse); }
    for (var word = 0u; word < CODE_WORDS; word++) {
        let at = word / 4u * 4u * params.groups + group * 4u + word % 4u;
        codes[place(target_row, at, params.code_words)] = code_word(&c, word);
    }
}

#ifdef DOUBLE_QUANTISED
var<workgroup> magnitudes: array<f32, 64>;

// The largest of those that this invocation's block of 256 groups has.
fn largest_of_block(magnitude: f32, lane: u32) -> f32 {
    magnitudes[lane] = magnitude;
    workgroupBarrier();
    var largest = 0.0;
    let first = lane / params.lanes * params.lanes;
    for (var i = 0u; i < params.lanes; i++) { largest = max(largest, magnitudes[first + i]); }
    return largest;
}
#endif

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let row = workgroup.x * (64u / params.lanes) + lane / params.lanes;
    let within = lane % params.lanes;
    let first = workgroup.y * 256u + within * 4u;
    let takes = row < source[0].y && first < params.groups;
    let target_row = source[0].x + row;
    let count = min(params.groups - min(first, params.groups), 4u);

    var wanted: array<f32, 4>;
    if takes {
        for (var i = 0u; i < count; i++) { wanted[i] = scale_of(row, first + i); }
    }
#ifdef DOUBLE_QUANTISED
    let magnitude = max(max(abs(wanted[0]), abs(wanted[1])), max(abs(wanted[2]), abs(wanted[3])));
    let largest = largest_of_block(magnitude, lane);
    if !takes { return; }
    let block = workgroup.y * 65u;
    let counts = largest >= SMALLEST / 128.0;
    let factor = select(0.0, divided(largest, 127.0), counts);
    let inverse = select(0.0, divided(127.0, largest), counts);
    var bytes = 0u;
    for (var i = 0u; i < count; i++) {
        // A group that isn't zero doesn't become so.
        let least = select(0.0, 1.0, wanted[i] != 0.0 && counts);
        let byte = i32(clamp(rounded(abs(wanted[i]) * inverse), least, 127.0)) * i32(sign(wanted[i]));
        bytes |= (u32(byte) & 0xffu) << (8u * i);
        wanted[i] = factor * f32(byte);
    }
    if within == 0u { scales[place(target_row, block, params.scale_words)] = bitcast<u32>(factor); }
    scales[place(target_row, block + 1u + within, params.scale_words)] = bytes;
#else
    if !takes { return; }
    for (var i = 0u; i < count; i += 2u) {
        let pair = half_bits(wanted[i]) | (half_bits(wanted[i + 1u]) << 16u);
        scales[place(target_row, (first + i) / 2u, params.scale_words)] = pair;
    }
#endif
    for (var i = 0u; i < count; i++) { store_codes(row, target_row, first + i, wanted[i]); }
}
