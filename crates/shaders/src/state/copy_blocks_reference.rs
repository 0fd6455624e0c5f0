use crate::CopyBlocks;
use crate::resources::Resources;

/// Copies blocks, given as (from, to), within the keys and within the values.
pub(crate) fn copy_blocks(params: &CopyBlocks, count: usize, resources: &mut Resources) {
    let words = 4 * params.quads as usize;
    for name in ["k_cache", "v_cache"] {
        resources.update(name, |resources, cache: &mut [u32]| {
            for [from, to] in &resources.get::<[u32; 2]>("copies")[..count] {
                let from = *from as usize * words;
                cache.copy_within(from..from + words, *to as usize * words);
            }
        });
    }
}
