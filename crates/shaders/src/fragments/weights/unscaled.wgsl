// For formats without scales.
alias Scale = vec2<f32>;
fn scale_words(groups: u32) -> u32 { return 0u; }

fn scale_bits(row: WeightRow, group: u32) -> vec2<u32> { return vec2<u32>(); }

fn scale_of(bits: vec2<u32>, group: u32) -> Scale { return vec2(1.0, 0.0); }
