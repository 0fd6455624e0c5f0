// Codes of three bits: two, and an odd one.
#import pairs_of_codes
const CODE_WORDS: u32 = 2u;

fn planes_of(row: WeightRow, group: u32) -> Planes {
    return Planes(vec4(pair_of_words(row, group, 0u), 0u, 0u), vec2(odd_bits(row, group), 0u));
}

fn codes4(p: Planes, quad: u32, to_bit: u32) -> u32 {
    return moved(p.a[quad / 4u], 2u * (quad % 4u), to_bit, 0x03030303u) | moved(p.b.x, quad, to_bit + 2u, 0x01010101u);
}

fn codes8(row: WeightRow, group: u32, quarter: u32) -> vec2<u32> {
    let odd = (vec2(odd_bits(row, group)) >> vec2(quarter, quarter + 4u)) & vec2(0x01010101u);
    return ((pair_of_words(row, group, 0u) >> vec2(2u * quarter)) & vec2(0x03030303u)) | (odd << vec2(2u));
}
