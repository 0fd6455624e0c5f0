// n / d for n below a million: GPUs take a dozen instructions for integers, one after the other.
fn quotient(n: u32, d: u32) -> u32 { return u32((f32(n) + 0.5) / f32(d)); }
