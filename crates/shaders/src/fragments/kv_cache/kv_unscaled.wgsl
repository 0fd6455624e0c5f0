// Keys and values that are numbers by themselves.
fn scale_chunks(chunks: u32) -> u32 { return 0u; }
fn key_scale(key: u32, position: u32, chunks: u32, chunk: u32) -> f32 { return 1.0; }
fn value_scale(value: u32, position: u32, chunks: u32, chunk: u32) -> f32 { return 1.0; }
