// f16 d, 32 grid indices, signs, the indices' upper two bits, 4-bit scales for 16 weights each.
#import entries_of_octets
fn entry_index(block: u32, group: u32, i: u32) -> u32 {
    return byte(block + 2u + 4u * group + i) | (((byte(block + 66u + group) >> (2u * i)) & 3u) << 8u);
}
fn signs(block: u32, group: u32) -> u32 { return word(block + 34u + 4u * group); }
fn factors(block: u32) -> u32 { return divided_half(half(block), 3u); }
fn scales_of(block: u32, group: u32) -> u32 {
    return scale_pair(nibble(block + 74u, 2u * group), nibble(block + 74u, 2u * group + 1u));
}
