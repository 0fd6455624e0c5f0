// Keys and values as signed bytes: value = code * largest / 127, where `largest` is the largest magnitude of a group of 32 values
// of a token's head, as a half. Halves of small scales would be subnormal, those of magnitudes aren't.
// The codes of a head of a block come first, as `kv.wgsl` has them. Then come the halves, those of two groups in a word: of keys
// [two groups][token], of values [token][two groups], so that they are read as the codes are.
#import pack_pair

const GROUP_CHUNKS: u32 = 4u;

// Chunks that the halves of a head of a block take.
fn scale_chunks(chunks: u32) -> u32 {
    return (chunks + 7u) / 8u * BLOCK_TOKENS / 2u;
}

// The word with the half of a chunk, for the keys of `position` that begin in chunk `key`.
fn key_scale_word(key: u32, position: u32, chunks: u32, chunk: u32) -> u32 {
    let token = position % BLOCK_TOKENS;
    return 2u * (key - token + BLOCK_TOKENS * chunks) + chunk / 8u * BLOCK_TOKENS + token;
}

// The word with the half of a chunk, for the values of `position` that begin in chunk `value`.
fn value_scale_word(value: u32, position: u32, chunks: u32, chunk: u32) -> u32 {
    let token = position % BLOCK_TOKENS;
    return 2u * (value - token * chunks + BLOCK_TOKENS * chunks) + token * ((chunks + 7u) / 8u) + chunk / 8u;
}

fn largest_of(values: vec4<f32>) -> f32 {
    let magnitudes = abs(values);
    return max(max(magnitudes.x, magnitudes.y), max(magnitudes.z, magnitudes.w));
}

// The factor of values whose largest magnitude is `largest`, as its half has it.
fn to_codes(largest: f32) -> f32 {
    let kept = unpack2x16float(pack_pair(vec2(largest, 0.0))).x;
    return select(0.0, 127.0 / kept, kept > 0.0);
}

fn code_word(values: vec4<f32>, factor: f32) -> u32 {
    return pack4xI8(vec4<i32>(clamp(round(values * factor), vec4(-127.0), vec4(127.0))));
}
