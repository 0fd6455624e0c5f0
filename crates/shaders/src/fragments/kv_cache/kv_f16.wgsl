// Keys and values as halves: a pair in a word.
#import pack_pair
#import kv_unscaled
alias KvChunk = vec4<u32>; // eight values
alias KvQuad = vec2<u32>;
alias KvPair = u32;

fn values_of_quad(quad: KvQuad, scale: f32) -> vec4<f32> { return vec4(unpack2x16float(quad.x), unpack2x16float(quad.y)); }
fn low_values(chunk: KvChunk, scale: f32) -> vec4<f32> { return values_of_quad(chunk.xy, scale); }
fn high_values(chunk: KvChunk, scale: f32) -> vec4<f32> { return values_of_quad(chunk.zw, scale); }

fn kv_pair(values: vec2<f32>) -> KvPair { return pack_pair(values); }
fn kv_quad(values: vec4<f32>) -> KvQuad { return vec2(pack_pair(values.xy), pack_pair(values.zw)); }
fn kv_chunk(low: vec4<f32>, high: vec4<f32>) -> KvChunk { return vec4(kv_quad(low), kv_quad(high)); }
