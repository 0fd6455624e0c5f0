use crate::format::{GROUP, plane_index};
use crate::fragments::activations::write_encoded;
use crate::resources::Resources;
use crate::{Activation, Encoding, Gate};

/// `y = activation(gate) * up`, or `activation(gate)`.
pub(crate) fn gate(params: &Gate, encoding: Option<Encoding>, count: usize, resources: &mut Resources) {
    let width = params.width as usize;
    let activation = Activation::from_number(params.activation);
    let row = |row: usize| -> Vec<f32> {
        let (gate, up) = resources.get::<f32>("x")[row * params.x_stride as usize..].split_at(width);
        let value = |i: usize| match params.gated {
            0 => activation.apply(gate[i].into()),
            _ => activation.gate(gate[i].into(), up[i].into()),
        };
        (0..width).map(|i| value(i) as f32).collect()
    };
    let mut rows: Vec<Vec<f32>> = (0..count).map(row).collect();
    if let Some(encoding) = encoding {
        rows.iter_mut().for_each(|row| row.resize(params.y_groups as usize * GROUP, 0.0));
        return write_encoded(encoding, &rows, ("codes_x", "scales_x"), resources);
    }
    resources.update("y", |_, y: &mut [f32]| {
        for (row, values) in rows.iter().enumerate() {
            for (i, value) in values.iter().enumerate() {
                y[row * params.y_stride as usize + plane_index(i, params.y_groups as usize)] = *value;
            }
        }
    });
}
