use crate::format::{GROUP, plane_index};
use crate::resources::Resources;
use crate::{Output, Pool, Token};

/// The mean, the first or the last of each output's rows, divided by its length or as it is.
pub(crate) fn pool(params: &Pool, count: usize, resources: &mut Resources) {
    let width = params.width as usize;
    resources.update("y", |resources, y: &mut [f32]| {
        let (rows, x) = (resources.get::<Token>("tokens"), resources.get::<f32>("x"));
        let outputs = &resources.get::<Output>("outputs")[..count];
        let row = if params.plain == 1 { params.stride as usize * 4 } else { width };
        for (output, y) in outputs.iter().zip(y.chunks_mut(row)) {
            let first = output.token as usize;
            let sequence = rows[first..].iter().take_while(|row| row.table == rows[first].table).count();
            let chosen = match params.kind {
                Pool::FIRST => first..first + 1,
                Pool::LAST => first + sequence - 1..first + sequence,
                _ => first..first + sequence,
            };
            let value = |row: usize, i: usize| {
                f64::from(x[row * params.stride as usize * 4 + plane_index(i, params.groups as usize)])
            };
            let rows = chosen.len() as f64;
            if params.plain == 1 {
                let sum = |at: usize| {
                    chosen.clone().map(|row| f64::from(x[row * params.stride as usize * 4 + at])).sum::<f64>()
                };
                (0..params.groups as usize * GROUP).for_each(|at| y[at] = (sum(at) / rows) as f32);
                continue;
            }
            let sums = (0..width).map(|i| chosen.clone().map(|row| value(row, i)).sum::<f64>() / rows);
            let pooled: Vec<f64> = sums.collect();
            let length = pooled.iter().map(|value| value * value).sum::<f64>().sqrt();
            y.iter_mut().zip(pooled).for_each(|(y, value)| *y = (value / length.max(1e-12)) as f32);
        }
    });
}
