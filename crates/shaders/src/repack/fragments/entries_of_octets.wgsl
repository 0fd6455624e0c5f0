// Entries of eight magnitudes of two bits; signs are the odd bits.
#import grid_entries
fn spread_pairs(pairs: u32) -> u32 {
    let halves = ((pairs & 0xffu) | (pairs << 12u)) & 0x000f000fu;
    return (halves | (halves << 6u)) & 0x03030303u;
}
fn octet(block: u32, group: u32, i: u32) -> u32 {
    let pairs = entry(block, group, i);
    return spread_pairs(pairs) | (spread_pairs(pairs >> 8u) << 2u);
}
fn code_word(block: u32, group: u32, i: u32) -> u32 {
    return octet(block, group, 2u * i) | (octet(block, group, 2u * i + 1u) << 4u);
}
fn odd_bits(block: u32, group: u32) -> u32 { return spread_group(signs(block, group)); }
