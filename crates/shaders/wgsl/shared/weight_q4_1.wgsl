// Q4_1: scale * code + minimum, codes of 4 bits; a group's f16 scale and minimum share a word.
#import nibbles_and_minimum

fn scale_words(groups: u32) -> u32 { return groups; }

fn group_scale(row: WeightRow, group: u32) -> vec2<f32> {
    return unpack2x16float(scales[row.scales + group * INTERLEAVE]);
}
