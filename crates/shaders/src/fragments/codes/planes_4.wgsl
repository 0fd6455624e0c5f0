// Codes of four bits, eight a word, as GGUF's blocks have them: byte i of a group holds code i in its low half and code 16 + i
// in its high half.
const CODE_WORDS: u32 = 4u;

fn planes_of(row: WeightRow, group: u32) -> Planes {
    return Planes(code_quad(row, group, 0u), vec2<u32>());
}

fn codes4(p: Planes, quad: u32, to_bit: u32) -> u32 {
    return moved(p.a[quad % 4u], quad / 4u * 4u, to_bit, 0x0f0f0f0fu);
}

fn codes8(row: WeightRow, group: u32, quarter: u32) -> vec2<u32> {
    let word = code_word(row, group, quarter);
    return vec2(word, word >> 4u) & vec2(0x0f0f0f0fu);
}

// Four codes, two in each word, at the top of bytes 0 and 2.
fn pairs4(p: Planes, quad: u32) -> vec2<u32> {
    let word = p.a[quad % 4u];
    let bit = quad / 4u * 4u;
    return vec2(moved(word, bit, 4u, 0x000f000fu), moved(word, bit + 8u, 4u, 0x000f000fu));
}
