// An f16 scale and an f16 minimum a group, in a word.
#import minimum
fn pure_scale_words(groups: u32) -> u32 { return groups; }

fn scale_bits(row: WeightRow, group: u32) -> vec2<u32> {
    return vec2(scales[row.scales + group * INTERLEAVE], 0u);
}

fn scale_of(bits: vec2<u32>, group: u32) -> Scale { return unpack2x16float(bits.x); }
