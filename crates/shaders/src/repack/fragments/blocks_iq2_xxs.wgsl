// f16 d, and two words for each group: four grid indices, then signs and scale.
#import entries_of_octets
fn entry_index(block: u32, group: u32, i: u32) -> u32 { return byte(block + 2u + 8u * group + i); }
fn signs(block: u32, group: u32) -> u32 { return signs_of(word(block + 6u + 8u * group)); }
fn factors(block: u32) -> u32 { return divided_half(half(block), 3u); }
fn scales_of(block: u32, group: u32) -> u32 {
    let bits = word(block + 6u + 8u * group) >> 28u;
    return scale_pair(bits, bits);
}
