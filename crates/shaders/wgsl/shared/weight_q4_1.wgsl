// Q4_1: scale * code + minimum, codes of 4 bits; a group's f16 scale and minimum share a word.
#import nibbles

fn weights8(row: u32, group: u32, quarter: u32, groups: u32) -> Weights8 {
    let c = nibbles(row, group, quarter, groups);
    let s = unpack2x16float(scales[interleaved(row, group, groups)]);
    return Weights8(s.x * c.low + s.y, s.x * c.high + s.y);
}
