// BF16, the upper half of an f32: two weights a word.
fn unpack_pair(word: u32) -> vec2<f32> { return bitcast<vec2<f32>>(vec2(word << 16u, word & 0xffff0000u)); }
#import halves
