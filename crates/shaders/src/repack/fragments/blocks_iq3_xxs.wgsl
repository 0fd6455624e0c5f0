// f16 d, 64 grid indices, and a word for each group with its signs and scale.
#import entries_of_quads
fn entry_index(block: u32, group: u32, i: u32) -> u32 { return byte(block + 2u + 8u * group + i); }
fn signs(block: u32, group: u32) -> u32 { return signs_of(word(block + 66u + 4u * group)); }
fn factors(block: u32) -> u32 { return divided_half(half(block), 2u); }
fn scales_of(block: u32, group: u32) -> u32 {
    let bits = word(block + 66u + 4u * group) >> 28u;
    return scale_pair(bits, bits);
}
