// The bits of a group among those of a super-block, a few in each byte: words of its codes.

// Of nibbles: the low (0) or high (1) halves of 32 bytes.
fn nibbles_of(at: u32, upper: u32, i: u32) -> u32 {
    let low = (word(at + 4u * i) >> (4u * upper)) & 0x0f0f0f0fu;
    return low | (((word(at + 4u * i + 16u) >> (4u * upper)) & 0x0f0f0f0fu) << 4u);
}

// Of pairs: 32 bytes for each four groups, whose k-th pairs belong to group k.
fn pairs_of(at: u32, group: u32, i: u32) -> u32 {
    var all = 0u;
    for (var quad = 0u; quad < 4u; quad++) {
        let bytes = word(at + group / 4u * 32u + 16u * i + 4u * quad);
        all |= ((bytes >> (group % 4u * 2u)) & 0x03030303u) << (2u * quad);
    }
    return all;
}

// Of single bits: 32 bytes, whose k-th bits belong to group k.
fn bits_of(at: u32, group: u32) -> u32 {
    var all = 0u;
    for (var quad = 0u; quad < 8u; quad++) { all |= ((word(at + 4u * quad) >> group) & 0x01010101u) << quad; }
    return all;
}
