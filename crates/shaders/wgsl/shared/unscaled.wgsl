// For formats without scales.
fn scale_words(groups: u32) -> u32 { return 0u; }

fn group_scale(row: WeightRow, group: u32) -> vec2<f32> { return vec2(1.0, 0.0); }
