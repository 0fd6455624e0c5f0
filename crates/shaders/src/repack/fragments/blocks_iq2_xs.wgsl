// f16 d, 32 grid indices of 9 bits with 7 bits of signs, 4-bit scales for 16 weights each.
#import entries_of_octets
fn packed(block: u32, group: u32, i: u32) -> u32 { return half(block + 2u + 8u * group + 2u * i); }
fn entry_index(block: u32, group: u32, i: u32) -> u32 { return packed(block, group, i) & 511u; }
fn signs(block: u32, group: u32) -> u32 {
    var all = 0u;
    for (var i = 0u; i < 4u; i++) { all |= with_parity(packed(block, group, i) >> 9u) << (8u * i); }
    return all;
}
fn factors(block: u32) -> u32 { return divided_half(half(block), 3u); }
fn scales_of(block: u32, group: u32) -> u32 {
    return scale_pair(nibble(block + 66u, 2u * group), nibble(block + 66u, 2u * group + 1u));
}
