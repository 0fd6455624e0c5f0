use super::norm_reference::normalised;
use crate::NormHeads;
use crate::resources::Resources;

/// Normalises each unit of the queries and of the keys, in place.
pub(crate) fn norm_heads(params: &NormHeads, count: usize, resources: &mut Resources) {
    let sides = [("query_norm", params.queries, params.query_width), ("key_norm", params.keys, params.key_width)];
    resources.update("qkv", |resources, qkv: &mut [f32]| {
        for row in qkv.chunks_mut(params.stride as usize).take(count) {
            let mut rest = row;
            for (norm, units, width) in sides {
                let (side, after) = rest.split_at_mut((units * width) as usize);
                rest = after;
                for unit in side.chunks_mut(width as usize) {
                    let values: Vec<f64> = unit.iter().map(|value| f64::from(*value)).collect();
                    let normalised = normalised(&values, width as usize, params.epsilon);
                    for ((value, x), weight) in unit.iter_mut().zip(normalised).zip(resources.get::<f32>(norm)) {
                        *value = (x * f64::from(*weight)) as f32;
                    }
                }
            }
        }
    });
}
