// Entries of four magnitudes of three bits, with a sign each.
#import grid_entries
fn quad(block: u32, group: u32, i: u32) -> u32 {
    let nibbles = entry(block, group, i);
    let halves = (nibbles | (nibbles << 8u)) & 0x00ff00ffu;
    return ((halves | (halves << 4u)) & 0x0f0f0f0fu) | (spread_bits(signs(block, group) >> (4u * i)) << 3u);
}
fn code_word(block: u32, group: u32, i: u32) -> u32 { return quad(block, group, i) | (quad(block, group, i + 4u) << 4u); }
