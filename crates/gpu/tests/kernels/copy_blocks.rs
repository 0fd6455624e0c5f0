//! Tests of `copy_blocks`: blocks of several sizes, one copy and several.

use wgslm_shaders::cpu::Resources;
use wgslm_shaders::{CopyBlocks, StateVariant};

use crate::case::{Agreement, Case, check};
use crate::random::Random;

const BLOCKS: usize = 9;

pub(crate) fn cases() -> Vec<Case> {
    let sizes = [1, 63, 64, 200];
    sizes.into_iter().flat_map(|quads| [1, 4].map(|copies| case(quads, copies))).collect()
}

fn case(quads: usize, copies: usize) -> Case {
    let mut random = Random::new((quads + copies) as u64);
    let blocks = random.shuffled(BLOCKS);
    // One block twice, to different places.
    let copies: Vec<[u32; 2]> = (0..copies).map(|i| [blocks[i / 2], blocks[BLOCKS - 1 - i]]).collect();
    let resources = Resources::default()
        .with("copies", &copies)
        .with("k_cache", &random.values(BLOCKS * 4 * quads))
        .with("v_cache", &random.values(BLOCKS * 4 * quads));
    let launch = (CopyBlocks { quads: quads as u32 }, StateVariant::CopyBlocks, copies.len());
    Case::new(format!("{copies:?} of {quads} quads"), Agreement::Exact, launch, resources)
}

#[test]
fn blocks_are_copied_whole_and_others_stay() {
    check(cases());
}
