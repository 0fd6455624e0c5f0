// Codes of six bits: a nibble, and two bits.
#import pairs_of_codes
const CODE_WORDS: u32 = 6u;

fn planes_of(row: WeightRow, group: u32) -> Planes {
    return Planes(code_quad(row, group, 0u), pair_of_words(row, group, 1u));
}

fn codes4(p: Planes, quad: u32, to_bit: u32) -> u32 {
    return moved(p.a[quad % 4u], quad / 4u * 4u, to_bit, 0x0f0f0f0fu)
        | moved(p.b[quad / 4u], 2u * (quad % 4u), to_bit + 4u, 0x03030303u);
}

fn codes8(row: WeightRow, group: u32, quarter: u32) -> vec2<u32> {
    let word = code_word(row, group, quarter);
    let upper = (pair_of_words(row, group, 1u) >> vec2(2u * quarter)) & vec2(0x03030303u);
    return (vec2(word, word >> 4u) & vec2(0x0f0f0f0fu)) | (upper << vec2(4u));
}
