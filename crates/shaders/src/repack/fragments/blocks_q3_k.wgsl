// Odd bits, pairs of bits, 6-bit scales for 16 weights each, f16 d.
#import bits_of_groups
#import float_of_half
fn code_word(block: u32, group: u32, i: u32) -> u32 { return pairs_of(block + 32u, group, i); }
fn odd_bits(block: u32, group: u32) -> u32 { return bits_of(block, group); }
fn factors(block: u32) -> u32 { return float_of_half(half(block + 108u)); }
fn scale(block: u32, i: u32) -> u32 {
    let low = (byte(block + 96u + i % 8u) >> (i / 8u * 4u)) & 15u;
    let high = (byte(block + 104u + i % 4u) >> (i / 4u * 2u)) & 3u;
    return (low + (high << 4u) - 32u) & 0xffu;
}
fn scales_of(block: u32, group: u32) -> u32 { return scale(block, 2u * group) | (scale(block, 2u * group + 1u) << 8u); }
