// f16 d, 64 grid indices, their ninth bits, signs, 4-bit scales.
#import entries_of_quads
fn entry_index(block: u32, group: u32, i: u32) -> u32 {
    return byte(block + 2u + 8u * group + i) | (((byte(block + 66u + group) >> i) & 1u) << 8u);
}
fn signs(block: u32, group: u32) -> u32 { return word(block + 74u + 4u * group); }
fn factors(block: u32) -> u32 { return float_of_half(half(block)); }
fn scales_of(block: u32, group: u32) -> u32 {
    let bits = nibble(block + 106u, group);
    return scale_pair(bits, bits);
}
