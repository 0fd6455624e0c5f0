// Scales of K-quants: five words for a super-block of eight groups. The first holds factors; each of the others two bytes
// for each of two groups.
fn pure_scale_words(groups: u32) -> u32 { return (groups + 7u) / 8u * 5u; }

// The word of factors, and that with the bytes of a group.
fn scale_bits(row: WeightRow, group: u32) -> vec2<u32> {
    let first = row.scales + group / 8u * 5u * INTERLEAVE;
    return vec2(scales[first], scales[first + (1u + group % 8u / 2u) * INTERLEAVE]);
}

// The bytes of a group in the lower half.
fn bytes_of(bits: vec2<u32>, group: u32) -> u32 {
    return bits.y >> (16u * (group & 1u));
}
