// Reads keys and values of 8 bits.
#import q8
alias KvChunk = vec2<u32>; // eight values
alias KvQuad = u32;

fn values_of_quad(quad: KvQuad, scale: f32) -> vec4<f32> { return vec4<f32>(unpack4xI8(quad)) * scale; }
fn low_values(chunk: KvChunk, scale: f32) -> vec4<f32> { return values_of_quad(chunk.x, scale); }
fn high_values(chunk: KvChunk, scale: f32) -> vec4<f32> { return values_of_quad(chunk.y, scale); }

fn scale_of(halves: u32, chunk: u32) -> f32 {
    return unpack2x16float(halves)[chunk / GROUP_CHUNKS % 2u] * (1.0 / 127.0);
}

// The scale of a chunk of the keys of `position`, which begin in chunk `key`.
fn key_scale(key: u32, position: u32, chunks: u32, chunk: u32) -> f32 {
    let word = key_scale_word(key, position, chunks, chunk);
    return scale_of(k_cache[word / 2u][word % 2u], chunk);
}

// The scale of a chunk of the values of `position`, which begin in chunk `value`.
fn value_scale(value: u32, position: u32, chunks: u32, chunk: u32) -> f32 {
    let word = value_scale_word(value, position, chunks, chunk);
#ifdef VALUES_BY_CHUNK
    return scale_of(v_cache[word / 2u][word % 2u], chunk);
#else
    return scale_of(v_cache[word], chunk);
#endif
}
