// For formats without scales.
fn scale_words(groups: u32) -> u32 { return 0u; }

fn scale_bits(row: WeightRow, group: u32) -> vec2<u32> { return vec2<u32>(); }

fn scale_of(bits: vec2<u32>, group: u32) -> vec2<f32> { return vec2(1.0, 0.0); }
