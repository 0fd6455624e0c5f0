// Q4_0: scale * (code - 8), codes of 4 bits.
#import nibbles
#import scale_pairs

fn weights8(row: u32, group: u32, quarter: u32, groups: u32) -> Weights8 {
    let c = nibbles(row, group, quarter, groups);
    let s = scale(row, group, groups);
    return Weights8(s * (c.low - 8.0), s * (c.high - 8.0));
}
