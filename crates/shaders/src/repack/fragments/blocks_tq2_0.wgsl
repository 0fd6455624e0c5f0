// Pairs of bits, f16 d: scale and minimum of each half of a group.
#import bits_of_groups
fn code_word(block: u32, group: u32, i: u32) -> u32 { return pairs_of(block, group, i); }
fn factors(block: u32) -> u32 { return half(block + 64u) * 0x10001u; }
fn scales_of(block: u32, group: u32) -> u32 { return 0x1111u; }
