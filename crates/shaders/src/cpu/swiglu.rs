use super::Resources;
use crate::Swiglu;
use crate::format::plane_index;

/// `x * sigmoid(x)`.
pub(super) fn silu(x: f64) -> f64 {
    x / (1.0 + (-x).exp())
}

/// `y = silu(gate) * up`.
pub(crate) fn swiglu(params: &Swiglu, count: usize, resources: &mut Resources) {
    resources.update("y", |resources, y: &mut [f32]| {
        for row in 0..count {
            let x = &resources.get::<f32>("x")[row * params.x_stride as usize..];
            let (gate, up) = x.split_at(params.width as usize);
            for (i, (gate, up)) in gate.iter().zip(up).enumerate() {
                if i < params.width as usize {
                    y[row * params.y_stride as usize + plane_index(i, params.y_groups as usize)] =
                        (silu(f64::from(*gate)) * f64::from(*up)) as f32;
                }
            }
        }
    });
}
