// Codes of two bits.
#import pairs_of_codes
const CODE_WORDS: u32 = 2u;

fn planes_of(row: WeightRow, group: u32) -> Planes {
    return Planes(vec4(pair_of_words(row, group, 0u), 0u, 0u), vec2<u32>());
}

// Four codes that begin at bit `to` of each byte.
fn codes4(p: Planes, quad: u32, to_bit: u32) -> u32 {
    return moved(p.a[quad / 4u], 2u * (quad % 4u), to_bit, 0x03030303u);
}

// Two times four codes, of the two halves of a group.
fn codes8(row: WeightRow, group: u32, quarter: u32) -> vec2<u32> {
    return (pair_of_words(row, group, 0u) >> vec2(2u * quarter)) & vec2(0x03030303u);
}
