use super::Resources;
use crate::{Rope, Row};

/// Turns each pair of each head by position * frequency.
pub(crate) fn rope(params: &Rope, count: usize, resources: &mut Resources) {
    resources.update("x", |resources, x: &mut [f32]| {
        let frequencies = resources.get::<f32>("frequencies");
        for (index, row) in resources.get::<Row>("rows")[..count].iter().enumerate() {
            for head in 0..params.heads as usize {
                for (pair, frequency) in frequencies[..params.pairs as usize].iter().enumerate() {
                    let within = if params.pair_step == 1 { 2 * pair } else { pair };
                    let first = index * params.stride as usize + head * params.head_width as usize + within;
                    let second = first + params.pair_step as usize;
                    // The angle in f32, as the kernel has it; its sine and cosine exactly.
                    let angle = f64::from(row.position as f32 * frequency);
                    let (sin, cos) =
                        (angle.sin() * f64::from(params.magnitude), angle.cos() * f64::from(params.magnitude));
                    let (a, b) = (f64::from(x[first]), f64::from(x[second]));
                    x[first] = (a * cos - b * sin) as f32;
                    x[second] = (a * sin + b * cos) as f32;
                }
            }
        }
    });
}
