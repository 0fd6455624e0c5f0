use crate::format::plane_index;
use crate::resources::Resources;
use crate::{ShortConvolution, Token};

/// Convolves each row's gated input with those before it, and writes the states that rows ask for.
pub(crate) fn short_convolution(params: &ShortConvolution, count: usize, resources: &mut Resources) {
    let (width, taps) = (params.width as usize, params.taps as usize);
    let x = |resources: &Resources, row: usize, part: usize, channel: usize| {
        resources.get::<f32>("x")[row * params.x_stride as usize + part * width + channel]
    };
    let rows = resources.get::<Token>("tokens")[..count].to_vec();
    let before = resources.get::<f32>("states").to_vec();
    // Each sequence's inputs up to a row: those of its state, then those of the step.
    let mut inputs: Vec<Vec<f32>> = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        let own = (0..width).map(|channel| x(resources, index, 0, channel) * x(resources, index, 2, channel));
        let follows = index > 0 && rows[index - 1].table == row.table && rows[index - 1].position + 1 == row.position;
        let mut seen = if follows {
            inputs[index - 1].clone()
        } else {
            let kept = (taps - 1).min(row.position as usize);
            let mut seen = vec![0.0; (taps - 1 - kept) * width];
            let end = (row.state_from as usize + 1) * (taps - 1) * width;
            seen.extend_from_slice(if kept == 0 { &[] } else { &before[end - kept * width..end] });
            seen
        };
        seen.extend(own);
        inputs.push(seen[seen.len() - taps * width..].to_vec());
    }
    resources.update("states", |_, states: &mut [f32]| {
        for (row, inputs) in rows.iter().zip(&inputs).filter(|(row, _)| row.state_to > 0) {
            let state = (row.state_to - 1) as usize * (taps - 1) * width;
            states[state..][..(taps - 1) * width].copy_from_slice(&inputs[width..]);
        }
    });
    resources.update("y", |resources, y: &mut [f32]| {
        let kernel = resources.get::<f32>("kernel");
        for (index, inputs) in inputs.iter().enumerate() {
            for channel in 0..width {
                let product =
                    |tap: usize| f64::from(kernel[channel * taps + tap]) * f64::from(inputs[tap * width + channel]);
                let sum: f64 = (0..taps).map(product).sum();
                let at = index * params.y_stride as usize + plane_index(channel, params.y_groups as usize);
                y[at] = (f64::from(x(resources, index, 1, channel)) * sum) as f32;
            }
        }
    });
}
