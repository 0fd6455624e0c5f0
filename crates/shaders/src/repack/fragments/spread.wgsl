// Four bits, one to a byte.
fn spread_bits(bits: u32) -> u32 { return ((bits & 15u) * 0x204081u) & 0x01010101u; }

// The bits of a group in the order of the plane of odd bits.
fn spread_group(bits: u32) -> u32 {
    var all = 0u;
    for (var quad = 0u; quad < 8u; quad++) { all |= spread_bits(bits >> (4u * quad)) << quad; }
    return all;
}
