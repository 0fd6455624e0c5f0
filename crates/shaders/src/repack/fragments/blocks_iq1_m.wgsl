// 32 grid indices, a nibble for each with its upper three bits and the sign of the eighth, and 8 bytes of 3-bit scales for 16
// weights each, in which the upper nibbles of four 16-bit words form an f16 d.
#import entries_of_octets
fn upper(block: u32, group: u32, i: u32) -> u32 { return nibble(block + 32u, 4u * group + i); }
fn entry_index(block: u32, group: u32, i: u32) -> u32 {
    return byte(block + 4u * group + i) | ((upper(block, group, i) & 7u) << 8u);
}
fn signs(block: u32, group: u32) -> u32 {
    var all = 0u;
    for (var i = 0u; i < 4u; i++) { all |= ((upper(block, group, i) >> 3u) * 0xffu) << (8u * i); }
    return all;
}
fn factors(block: u32) -> u32 {
    var all = 0u;
    for (var i = 0u; i < 4u; i++) { all |= (half(block + 48u + 2u * i) >> 12u) << (4u * i); }
    return divided_half(all, 3u);
}
fn scale_bits(block: u32, i: u32) -> u32 { return (half(block + 48u + i / 4u * 2u) >> (i % 4u * 3u)) & 7u; }
fn scales_of(block: u32, group: u32) -> u32 {
    return scale_pair(scale_bits(block, 2u * group), scale_bits(block, 2u * group + 1u));
}
