use super::Resources;
use crate::Swiglu;

/// `gate = silu(gate) * up`.
pub(crate) fn swiglu(params: &Swiglu, count: usize, resources: &mut Resources) {
    resources.update("gate", |resources, gate: &mut [f32]| {
        let up = resources.get::<f32>("up");
        for row in 0..count {
            for i in 0..params.width as usize {
                let i = row * params.stride as usize + i;
                gate[i] = gate[i] / (1.0 + (-gate[i]).exp()) * up[i];
            }
        }
    });
}
