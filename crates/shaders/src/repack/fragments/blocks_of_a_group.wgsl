// Blocks of a group each: a scale (and a minimum), odd bits in some types, codes in the order in which they are read.
fn code_word(block: u32, group: u32, i: u32) -> u32 { return word(block + SCALE_BYTES + ODD_BYTES + 4u * i); }

#ifdef HALVES
#ifdef UPPER_HALVES
// The upper half of an f32: two to the power of an 8-bit exponent, halved, since the type's table holds doubled values.
fn scale(block: u32) -> u32 {
    let exponent = byte(block);
    return select((exponent - 1u) << 7u, 0x20u << exponent, exponent < 2u);
}
#else
fn scale(block: u32) -> u32 { return half(block); }
#endif
#endif

#ifdef ODD_BIT
#import spread
fn odd_bits(block: u32, group: u32) -> u32 { return spread_group(word(block + SCALE_BYTES)); }
#endif
