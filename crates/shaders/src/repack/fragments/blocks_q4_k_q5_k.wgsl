// f16 d and dmin, 12 bytes of scales and minima, odd bits in Q5_K, nibbles.
#import bits_of_groups
#ifdef ODD_BIT
const NIBBLES: u32 = 48u;
fn odd_bits(block: u32, group: u32) -> u32 { return bits_of(block + 16u, group); }
#else
const NIBBLES: u32 = 16u;
#endif
fn code_word(block: u32, group: u32, i: u32) -> u32 {
    return nibbles_of(block + NIBBLES + group / 2u * 32u, group % 2u, i);
}
fn factors(block: u32) -> u32 { return word(block); }
// `get_scale_min_k4` of <https://github.com/ggml-org/ggml/blob/master/src/ggml-quants.c>.
fn scales_of(block: u32, group: u32) -> u32 {
    let at = block + 4u + group % 4u;
    let first = byte(at);
    let second = byte(at + 4u);
    if group < 4u { return (first & 63u) | ((second & 63u) << 8u); }
    let lower = byte(at + 8u);
    return (lower & 15u) | ((first >> 6u) << 4u) | ((lower >> 4u) << 8u) | ((second >> 6u) << 12u);
}
