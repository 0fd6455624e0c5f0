// 48 bytes of five weights each, 4 bytes of four weights each, f16 d. A byte is a fraction of 256 whose base-3 digits are the
// weights; the n-th digits of 32 bytes follow each other, then those of 16, then those of 4.
fn code(block: u32, weight: u32) -> u32 {
    var at = weight % 32u;
    var digit = weight / 32u;
    if weight >= 240u {
        at = 48u + weight % 4u;
        digit = (weight - 240u) / 4u;
    } else if weight >= 160u {
        at = 32u + weight % 16u;
        digit = (weight - 160u) / 16u;
    }
    var fraction = byte(block + at);
    for (var i = 0u; i < digit; i++) { fraction = (fraction * 3u) & 0xffu; }
    return (fraction * 3u) >> 8u;
}
fn code_word(block: u32, group: u32, i: u32) -> u32 {
    var all = 0u;
    for (var k = 0u; k < 16u; k++) { all |= code(block, 32u * group + 16u * i + k) << (k % 4u * 8u + k / 4u * 2u); }
    return all;
}
fn factors(block: u32) -> u32 { return half(block + 52u) * 0x10001u; }
fn scales_of(block: u32, group: u32) -> u32 { return 0x1111u; }
