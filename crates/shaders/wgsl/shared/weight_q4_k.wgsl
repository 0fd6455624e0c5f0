// Q4_K: (d * scale) * code - (dmin * minimum), codes of 4 bits; scales and minima of 6 bits, f16 factors a super-block.
#import nibbles_and_minimum
#import super_blocks

fn group_scale(row: WeightRow, group: u32) -> vec2<f32> {
    let bytes = group_bytes(row, group);
    let factors = super_factors(row, group);
    return vec2(factors.x * f32(bytes & 0xffu), -(factors.y * f32((bytes >> 8u) & 0xffu)));
}
