// Codes of five bits: a nibble, and an odd bit.
#import pairs_of_codes
const CODE_WORDS: u32 = 4u;

fn planes_of(row: WeightRow, group: u32) -> Planes {
    return Planes(code_quad(row, group, 0u), vec2(odd_bits(row, group), 0u));
}

fn codes4(p: Planes, quad: u32, to_bit: u32) -> u32 {
    return moved(p.a[quad % 4u], quad / 4u * 4u, to_bit, 0x0f0f0f0fu) | moved(p.b.x, quad, to_bit + 4u, 0x01010101u);
}

fn codes8(row: WeightRow, group: u32, quarter: u32) -> vec2<u32> {
    let word = code_word(row, group, quarter);
    let odd = (vec2(odd_bits(row, group)) >> vec2(quarter, quarter + 4u)) & vec2(0x01010101u);
    return (vec2(word, word >> 4u) & vec2(0x0f0f0f0fu)) | (odd << vec2(4u));
}
