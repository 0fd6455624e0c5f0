// 16 bytes of scale and minimum, a nibble each, for 16 weights each; pairs of bits; f16 d and dmin.
#import bits_of_groups
fn code_word(block: u32, group: u32, i: u32) -> u32 { return pairs_of(block + 16u, group, i); }
fn factors(block: u32) -> u32 { return word(block + 80u); }
fn scales_of(block: u32, group: u32) -> u32 { return half(block + 2u * group); }
