// Nibbles, pairs of bits, signed scales for 16 weights each, f16 d. Each half of 128 weights has 64 bytes of nibbles: the low ones
// belong to its groups 0 and 1, the high ones to its groups 2 and 3.
#import bits_of_groups
#import float_of_half
fn code_word(block: u32, group: u32, i: u32) -> u32 {
    if i >= 4u { return pairs_of(block + 128u, group, i - 4u); }
    return nibbles_of(block + group / 4u * 64u + group % 2u * 32u, group % 4u / 2u, i);
}
fn factors(block: u32) -> u32 { return float_of_half(half(block + 208u)); }
fn scales_of(block: u32, group: u32) -> u32 { return half(block + 192u + 2u * group); }
