// Q4_K: (d * scale) * code - (dmin * minimum), codes of 4 bits; scales and minima of 6 bits, f16 factors a super-block.
#import nibbles_and_minimum
#import super_blocks

fn scale_of(bits: vec2<u32>, group: u32) -> vec2<f32> {
    let bytes = bytes_of(bits, group);
    return unpack2x16float(bits.x) * vec2(f32(bytes & 0xffu), -f32((bytes >> 8u) & 0xffu));
}
