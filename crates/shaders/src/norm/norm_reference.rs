use crate::format::{GROUP, plane_index};
use crate::fragments::activations::write_encoded;
use crate::resources::Resources;
use crate::{Encoding, Norm, Output};

/// `x / sqrt(mean(x^2) + epsilon)`, the mean being over `width` values.
pub(crate) fn normalised(x: &[f64], width: usize, epsilon: f32) -> impl Iterator<Item = f64> {
    let squares: f64 = x.iter().map(|value| value * value).sum();
    let root = (squares / width as f64 + f64::from(epsilon)).sqrt();
    x.iter().map(move |value| value / root)
}

/// RMS norm or layer norm, of the rows in order or of those that the outputs name.
pub(crate) fn norm(params: &Norm, gather: bool, encoding: Option<Encoding>, count: usize, resources: &mut Resources) {
    let (groups, stride, width) = (params.groups as usize, params.stride as usize * 4, params.width as usize);
    let place = |i: usize| plane_index(i, groups);
    let row = |row: usize| -> Vec<f64> {
        let source = if gather { resources.get::<Output>("outputs")[row].token as usize } else { row };
        let given = |name: &str, i: usize| f64::from(resources.get::<f32>(name)[source * stride + place(i)]);
        let mut x: Vec<f64> = (0..width).map(|i| given("x", i)).collect();
        if params.of_sum > 0 {
            x.iter_mut().enumerate().for_each(|(i, x)| *x += given("y", i));
        }
        let weight = resources.get::<f32>("weight");
        let bias = (params.centred > 0).then(|| resources.get::<f32>("bias"));
        if params.centred > 0 {
            let mean = x.iter().sum::<f64>() / width as f64;
            x.iter_mut().for_each(|x| *x -= mean);
        }
        let weighted = normalised(&x, width, params.epsilon)
            .enumerate()
            .map(|(i, x)| x * f64::from(weight[place(i)]) + bias.map_or(0.0, |bias| f64::from(bias[place(i)])));
        weighted.chain(std::iter::repeat(0.0)).take(groups * GROUP).collect()
    };
    let rows: Vec<Vec<f64>> = (0..count).map(row).collect();
    if let Some(encoding) = encoding {
        let rows: Vec<Vec<f32>> = rows.iter().map(|row| row.iter().map(|value| *value as f32).collect()).collect();
        return write_encoded(encoding, &rows, ("codes_x", "scales_x"), resources);
    }
    resources.update("y", |_, y: &mut [f32]| {
        for (row, values) in rows.iter().enumerate() {
            for (i, value) in values.iter().enumerate() {
                let y = &mut y[row * stride + place(i)];
                *y = if params.accumulate > 0 { *y + (f64::from(params.scale) * value) as f32 } else { *value as f32 };
            }
        }
    });
}
