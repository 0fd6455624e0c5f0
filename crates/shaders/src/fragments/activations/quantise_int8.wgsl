// Activations in signed codes of 8 bits, for integer dot products: value = scale * code, with a scale for each row and group
// of 32, a 127th of the group's largest magnitude.
// codes_x: two vec4 a group, its first 16 values and the others; value 4w + i of these in byte i of word w. The first halves of
// all groups of a row come before the second ones. scales_x: (scale, scale * the sum of the codes) a group.

// What is smaller counts as zero: a 127th of it would underflow.
const SMALLEST: f32 = 1e-35;

// Stores a group of a row; `values` are its quads.
fn quantise_group(row: u32, group: u32, groups: u32, values: ptr<function, array<vec4<f32>, 8>>) {
    var magnitudes = vec4<f32>();
    for (var quad = 0u; quad < 8u; quad++) { magnitudes = max(magnitudes, abs((*values)[quad])); }
    let largest = max(max(magnitudes.x, magnitudes.y), max(magnitudes.z, magnitudes.w));
    let counts = largest >= SMALLEST;
    let inverse = select(0.0, 127.0 / largest, counts);
    var words: array<u32, 8>;
    var sum = 0;
    for (var quad = 0u; quad < 8u; quad++) {
        let codes = clamp(round((*values)[quad] * inverse), vec4(-127.0), vec4(127.0));
        words[quad] = pack4xI8(vec4<i32>(codes));
        sum += dot4I8Packed(words[quad], 0x01010101u);
    }
    let scale = select(0.0, largest / 127.0, counts);
    let first = row * 2u * groups + group;
    codes_x[first] = vec4(words[0], words[1], words[2], words[3]);
    codes_x[first + groups] = vec4(words[4], words[5], words[6], words[7]);
    scales_x[row * groups + group] = vec2(scale, scale * f32(sum));
}
