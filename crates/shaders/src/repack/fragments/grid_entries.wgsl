// Types whose blocks hold indices of entries of a grid and signs. Scales are odd numbers: bits + 1/2, times two.
#import spread
#import float_of_half

fn entry(block: u32, group: u32, i: u32) -> u32 {
    let at = GRID + entry_index(block, group, i);
    return (grids[at / 2u] >> (at % 2u * 16u)) & 0xffffu;
}

// Two odd scales, of bits.
fn scale_pair(first: u32, second: u32) -> u32 { return (2u * first + 1u) | ((2u * second + 1u) << 8u); }

// The bits of an f16 as those of an f32, divided by two to the power of `shift`.
fn divided_half(half: u32, shift: u32) -> u32 {
    let bits = float_of_half(half);
    let exponent = bits & 0x7f800000u;
    return select(bits - (shift << 23u), bits, exponent == 0u || exponent == 0x7f800000u);
}

// Eight signs from each seven: the eighth makes the number of negative weights even.
fn with_parity(signs: u32) -> u32 { return signs | ((countOneBits(signs) & 1u) << 7u); }
fn signs_of(bits: u32) -> u32 {
    var all = 0u;
    for (var i = 0u; i < 4u; i++) { all |= with_parity((bits >> (7u * i)) & 127u) << (8u * i); }
    return all;
}
