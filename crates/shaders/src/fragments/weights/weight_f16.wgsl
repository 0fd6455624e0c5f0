// F16: two weights a word.
fn unpack_pair(word: u32) -> vec2<f32> { return unpack2x16float(word); }
#import halves
