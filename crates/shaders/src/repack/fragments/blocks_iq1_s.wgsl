// f16 d, 32 grid indices, and 16 bits for each group: the indices' upper three bits, the scale, and the sign of the eighth.
#import entries_of_octets
fn entry_index(block: u32, group: u32, i: u32) -> u32 {
    return byte(block + 2u + 4u * group + i) | (((half(block + 34u + 2u * group) >> (3u * i)) & 7u) << 8u);
}
fn signs(block: u32, group: u32) -> u32 { return (half(block + 34u + 2u * group) >> 15u) * 0xffffffffu; }
fn factors(block: u32) -> u32 { return divided_half(half(block), 3u); }
fn scales_of(block: u32, group: u32) -> u32 {
    let bits = (half(block + 34u + 2u * group) >> 12u) & 7u;
    return scale_pair(bits, bits);
}
