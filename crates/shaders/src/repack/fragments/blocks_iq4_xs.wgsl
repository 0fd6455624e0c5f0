// f16 d, 16 upper bits and 4 bytes of lower bits of the scales, nibbles.
#import float_of_half
fn code_word(block: u32, group: u32, i: u32) -> u32 { return word(block + 8u + 16u * group + 4u * i); }
fn factors(block: u32) -> u32 { return float_of_half(half(block)); }
fn scales_of(block: u32, group: u32) -> u32 {
    let upper = (half(block + 2u) >> (2u * group)) & 3u;
    return ((nibble(block + 4u, group) + (upper << 4u) - 32u) & 0xffu) * 0x101u;
}
