use super::Resources;
use crate::Add;

/// `x += y`.
pub(crate) fn add(params: &Add, count: usize, resources: &mut Resources) {
    resources.update("x", |resources, x: &mut [f32]| {
        let y = resources.get::<f32>("y");
        for row in 0..count {
            for i in 0..params.width as usize {
                x[row * params.stride as usize + i] += y[row * params.stride as usize + i];
            }
        }
    });
}
