// A scale and a minimum a group: two bytes, times the f16 factors of the super-block.
#import super_blocks
#import minimum

fn scale_of(bits: vec2<u32>, group: u32) -> Scale {
    let bytes = bytes_of(bits, group);
    return unpack2x16float(bits.x) * vec2(f32(bytes & 0xffu), -f32((bytes >> 8u) & 0xffu));
}
