use crate::format::plane_index;
use crate::resources::Resources;
use crate::{BLOCK_TOKENS, ShortConvolution, Token};

/// Puts each row's gated input into the cache, and convolves it with those before it.
pub(crate) fn short_convolution(params: &ShortConvolution, count: usize, resources: &mut Resources) {
    let (width, taps) = (params.width as usize, params.taps as usize);
    let x = |resources: &Resources, row: usize, part: usize, channel: usize| {
        resources.get::<f32>("x")[row * params.x_stride as usize + part * width + channel]
    };
    let place = |resources: &Resources, row: &Token, position: u32, channel: usize| {
        let block = resources.get::<u32>("tables")[(row.table + position / BLOCK_TOKENS) as usize];
        (block * BLOCK_TOKENS + position % BLOCK_TOKENS) as usize * width + channel
    };
    let rows = resources.get::<Token>("tokens")[..count].to_vec();
    // All rows first: in the cache, those before a row are where those of earlier steps are.
    resources.update("cache", |resources, cache: &mut [f32]| {
        for (index, row) in rows.iter().enumerate() {
            for channel in 0..width {
                let input = x(resources, index, 0, channel) * x(resources, index, 2, channel);
                cache[place(resources, row, row.position, channel)] = input;
            }
        }
    });
    resources.update("y", |resources, y: &mut [f32]| {
        let (cache, kernel) = (resources.get::<f32>("cache"), resources.get::<f32>("kernel"));
        for (index, row) in rows.iter().enumerate() {
            for channel in 0..width {
                let seen = 0..taps.min(row.position as usize + 1);
                let sum: f64 = seen
                    .map(|back| {
                        let input = cache[place(resources, row, row.position - back as u32, channel)];
                        f64::from(kernel[channel * taps + taps - 1 - back]) * f64::from(input)
                    })
                    .sum();
                let at = index * params.y_stride as usize + plane_index(channel, params.y_groups as usize);
                y[at] = (f64::from(x(resources, index, 1, channel)) * sum) as f32;
            }
        }
    });
}
