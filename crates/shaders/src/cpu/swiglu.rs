use super::Resources;
use super::quantise::write_encoded;
use crate::format::{GROUP, plane_index};
use crate::{Swiglu, Variant};

/// `x * sigmoid(x)`.
pub(super) fn silu(x: f64) -> f64 {
    x / (1.0 + (-x).exp())
}

/// `y = silu(gate) * up`.
pub(crate) fn swiglu(params: &Swiglu, variant: &Variant, count: usize, resources: &mut Resources) {
    let width = params.width as usize;
    let row = |row: usize| -> Vec<f32> {
        let (gate, up) = resources.get::<f32>("x")[row * params.x_stride as usize..].split_at(width);
        gate.iter().zip(up).map(|(gate, up)| (silu(f64::from(*gate)) * f64::from(*up)) as f32).collect()
    };
    let mut rows: Vec<Vec<f32>> = (0..count).map(row).collect();
    if let Some(encoding) = variant.encoding {
        rows.iter_mut().for_each(|row| row.resize(params.y_groups as usize * GROUP, 0.0));
        return write_encoded(encoding, &rows, resources);
    }
    resources.update("y", |_, y: &mut [f32]| {
        for (row, values) in rows.iter().enumerate() {
            for (i, value) in values.iter().enumerate() {
                y[row * params.y_stride as usize + plane_index(i, params.y_groups as usize)] = *value;
            }
        }
    });
}
