// Q4_1: scale * code + minimum, codes of 4 bits; a group's f16 scale and minimum share a word.
#import nibbles_and_minimum

fn scale_words(groups: u32) -> u32 { return groups; }

fn scale_bits(row: WeightRow, group: u32) -> vec2<u32> {
    return vec2(scales[row.scales + group * INTERLEAVE], 0u);
}

fn scale_of(bits: vec2<u32>, group: u32) -> vec2<f32> {
    return unpack2x16float(bits.x);
}
