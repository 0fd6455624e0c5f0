use super::Resources;
use super::kv_append::kv_slot;
use super::weight::half_of;
use crate::{Attention, Row};

/// `y = softmax(q . keys * scale) . values` over the positions up to the row's own.
pub(crate) fn attention(params: &Attention, count: usize, resources: &mut Resources) {
    let (heads, pairs) = (params.heads as usize, params.head_pairs as usize);
    let group = heads / params.kv_heads as usize;
    resources.update("y", |resources, y: &mut [f32]| {
        let tables = resources.get::<u32>("tables");
        let (keys, values) = (resources.get::<u32>("k_cache"), resources.get::<u32>("v_cache"));
        for (index, row) in resources.get::<Row>("rows")[..count].iter().enumerate() {
            for head in 0..heads {
                let base = 2 * (index * params.stride as usize + head * pairs);
                let query = &resources.get::<f32>("q")[base..][..2 * pairs];
                let cached = |cache: &[u32], position: u32, i: usize| {
                    let token = kv_slot(tables, row.table, position) * params.kv_heads as usize * pairs;
                    f64::from(half_of(cache[token + head / group * pairs + i / 2], i % 2))
                };
                let scores: Vec<f64> = (0..=row.position)
                    .map(|position| {
                        let dot: f64 = (0..2 * pairs).map(|i| f64::from(query[i]) * cached(keys, position, i)).sum();
                        dot * f64::from(params.scale)
                    })
                    .collect();
                let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let weights: Vec<f64> = scores.iter().map(|score| (score - largest).exp()).collect();
                let total: f64 = weights.iter().sum();
                for i in 0..2 * pairs {
                    let sum: f64 =
                        (0..).zip(&weights).map(|(position, weight)| weight * cached(values, position, i)).sum();
                    y[base + i] = (sum / total) as f32;
                }
            }
        }
    });
}
