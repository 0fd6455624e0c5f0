// Scales of K-quants: five words for a super-block of eight groups. The first holds f16 factors; each of the others four bytes
// for a pair of groups.
fn scale_words(groups: u32) -> u32 { return (groups + 7u) / 8u * 5u; }

fn super_factors(row: WeightRow, group: u32) -> vec2<f32> {
    return unpack2x16float(scales[row.scales + group / 8u * 5u * INTERLEAVE]);
}

// The word with the bytes of a group, those in the lower half.
fn group_bytes(row: WeightRow, group: u32) -> u32 {
    let word = scales[row.scales + (group / 8u * 5u + 1u + group % 8u / 2u) * INTERLEAVE];
    return word >> (16u * (group & 1u));
}
