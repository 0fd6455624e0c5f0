use crate::fragments::kv_cache::{KvPart, KvPlaces};
use crate::resources::Resources;
use crate::{KvFormat, RopeAppend, Token};

/// Turns queries and keys; writes queries to `query`, keys and values to the slots of their tokens.
pub(crate) fn rope_append(params: &RopeAppend, kv: KvFormat, count: usize, resources: &mut Resources) {
    let (heads, kv_heads) = (params.heads as usize, params.kv_heads as usize);
    let head_pairs = params.head_pairs as usize;
    let head = |resources: &Resources, row: usize, head: usize| {
        resources.get::<f32>("qkv")[row * params.stride as usize + head * 2 * head_pairs..][..2 * head_pairs].to_vec()
    };
    let turned = |resources: &Resources, row: usize, index: usize| {
        let mut values = head(resources, row, index);
        let position = resources.get::<Token>("tokens")[row].position;
        let frequencies = resources.get::<f32>("frequencies");
        for (pair, frequency) in frequencies[..params.pairs as usize].iter().enumerate() {
            let first = if params.pair_step == 1 { 2 * pair } else { pair };
            let second = first + params.pair_step as usize;
            // The angle in f32, as the kernel has it; its sine and cosine exactly.
            let angle = f64::from(position as f32 * frequency);
            let (sin, cos) = (angle.sin() * f64::from(params.magnitude), angle.cos() * f64::from(params.magnitude));
            let (a, b) = (f64::from(values[first]), f64::from(values[second]));
            values[first] = (a * cos - b * sin) as f32;
            values[second] = (a * sin + b * cos) as f32;
        }
        values
    };
    resources.update("query", |resources, query: &mut [f32]| {
        for row in 0..count {
            for h in 0..heads {
                let values = turned(resources, row, h);
                query[row * params.query_stride as usize + h * 2 * head_pairs..][..2 * head_pairs]
                    .copy_from_slice(&values);
            }
        }
    });
    for (name, part, first) in [("k_cache", KvPart::Keys, heads), ("v_cache", KvPart::Values, heads + kv_heads)] {
        resources.update(name, |resources, cache: &mut [u32]| {
            let places = KvPlaces::new(resources.get("tables"), params.cache, kv, params.head_pairs);
            for (row, of) in resources.get::<Token>("tokens")[..count].iter().enumerate() {
                for h in 0..kv_heads {
                    let values = match part {
                        KvPart::Keys => turned(resources, row, first + h),
                        KvPart::Values => head(resources, row, first + h),
                    };
                    places.write(cache, part, (of.table, of.position), h, &values);
                }
            }
        });
    }
}
