//! Tests of copies of blocks and of block tables, on a device.

use pollster::block_on;
use wgslm_gpu::{GpuOptions, ReadbackRing};
use wgslm_testing::skipped;

use super::*;
use crate::model::state::KvRoom;
use crate::model::state::layout::tests::model;

fn read(gpu: &Gpu, buffer: &Buffer) -> Vec<u32> {
    let mut ring = ReadbackRing::new(gpu, 1, buffer.size());
    let bytes = block_on(gpu.read(buffer, buffer.size(), &mut ring)).expect("the device answers");
    bytemuck::pod_collect_to_vec(&bytes)
}

#[test]
fn blocks_are_copied_in_the_buffers_of_all_layers_and_tables_lie_group_by_group() {
    let Ok(gpu) = block_on(Gpu::request(&GpuOptions::default())) else {
        return skipped("there is no GPU adapter");
    };
    let spec = model(&[Some((0, 1, 8)), Some((16, 1, 24)), None, Some((0, 2, 8)), Some((16, 1, 8))]);
    let room = KvRoom { tokens: 1200, sequences: 1, rows: 1200 };
    let layout = KvLayout::new(&spec, KvFormat::F16, room, 1 << 20);
    assert_eq!((layout.groups(), layout.buffers.len(), layout.blocks), (2, 2, 150));
    let kv = KvCache::new(&gpu, layout, KvFormat::F16, Tables { slots: 3, tokens: 33 }).expect("it fits");
    let content =
        |seed: u32, words: usize| (0..words as u32).map(|i| seed ^ i.wrapping_mul(40_503)).collect::<Vec<_>>();
    let buffers: Vec<&Buffer> = kv.buffers.iter().flatten().collect();
    let mut expected = Vec::new();
    for (seed, buffer) in (0..).zip(&buffers) {
        expected.push(content(seed, (buffer.size() / 4) as usize));
        gpu.write(buffer, 0, bytemuck::cast_slice(&expected[seed as usize]));
    }
    // More than one run of the program takes.
    let copies: Vec<[u32; 2]> = (0..70).map(|i| [i, 149 - i]).collect();
    kv.copy_blocks(&gpu, &copies);
    for (buffer, expected) in buffers.iter().zip(&mut expected) {
        let words = expected.len() / 150;
        for [from, to] in copies.iter().map(|copy| copy.map(|block| block as usize * words)) {
            expected.copy_within(from..from + words, to);
        }
        assert!(read(&gpu, buffer) == *expected, "a block isn't where it should be");
    }
    // Three blocks of two groups in each of three slots.
    kv.write_table(&gpu, 1, 1, &[7, 8, 9, 10]);
    assert_eq!(kv.table_offset(1), 6);
    assert_eq!(read(&gpu, &kv.tables)[..18], [0, 0, 0, 0, 0, 0, 0, 0, 7, 8, 9, 10, 0, 0, 0, 0, 0, 0]);
}
