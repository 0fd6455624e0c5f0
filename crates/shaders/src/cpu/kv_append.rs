use half::f16;

use super::Resources;
use crate::{BLOCK_TOKENS, KvAppend, Row};

/// The token slot of `position` in the KV cache, for the sequence whose table begins at `table`.
pub(crate) fn kv_slot(tables: &[u32], table: u32, position: u32) -> usize {
    (tables[(table + position / BLOCK_TOKENS) as usize] * BLOCK_TOKENS + position % BLOCK_TOKENS) as usize
}

/// Writes keys and values to the slots of their tokens.
pub(crate) fn kv_append(params: &KvAppend, count: usize, resources: &mut Resources) {
    for (source, cache) in [("k", "k_cache"), ("v", "v_cache")] {
        resources.update(cache, |resources, cache: &mut [u32]| {
            let (rows, tables) = (resources.get::<Row>("rows"), resources.get::<u32>("tables"));
            for (index, row) in rows[..count].iter().enumerate() {
                let slot = kv_slot(tables, row.table, row.position);
                for i in 0..params.pairs as usize {
                    let pair = &resources.get::<[f32; 2]>(source)[index * params.stride as usize + i];
                    let [low, high] =
                        pair.map(|value| u32::from(f16::from_f32(value.clamp(-65504.0, 65504.0)).to_bits()));
                    cache[slot * params.pairs as usize + i] = low | high << 16;
                }
            }
        });
    }
}
