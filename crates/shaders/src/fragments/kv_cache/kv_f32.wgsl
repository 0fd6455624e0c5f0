// Keys and values as they are: for CPUs, which spend more on turning halves into floats than on reading twice as much.
#import kv_unscaled
alias KvChunk = array<vec4<f32>, 2>; // eight values
alias KvQuad = vec4<f32>;
alias KvPair = vec2<f32>;

fn values_of_quad(quad: KvQuad, scale: f32) -> vec4<f32> { return quad; }
fn low_values(chunk: KvChunk, scale: f32) -> vec4<f32> { return chunk[0]; }
fn high_values(chunk: KvChunk, scale: f32) -> vec4<f32> { return chunk[1]; }

fn kv_pair(values: vec2<f32>) -> KvPair { return values; }
fn kv_quad(values: vec4<f32>) -> KvQuad { return values; }
fn kv_chunk(low: vec4<f32>, high: vec4<f32>) -> KvChunk { return KvChunk(low, high); }
