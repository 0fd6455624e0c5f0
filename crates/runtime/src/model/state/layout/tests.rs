//! Tests that layouts waste little, fit bindings, and keep layers apart.

use std::collections::BTreeSet;

use super::*;
use crate::model::architecture::metadata_of;
use crate::model::{LayerSpec, MixerSpec};

/// A layer: `None` for a convolution, else window, KV heads and head width of its attention.
pub(in crate::model::state) type Layer = Option<(u32, u32, u32)>;

pub(in crate::model::state) fn model(layers: &[Layer]) -> ModelSpec {
    let spec = ModelSpec::from_metadata(&metadata_of("llama", &[])).expect("a small model");
    let of_kind = |layer: &Layer| {
        let example = spec.layers[0].clone();
        let mixer = match (*layer, example.mixer) {
            (Some((window, kv_heads, head_width)), MixerSpec::Attention(attention)) => {
                MixerSpec::Attention(AttentionSpec { window, kv_heads, head_width, heads: kv_heads, ..attention })
            }
            _ => MixerSpec::ShortConvolution { taps: 3 },
        };
        LayerSpec { mixer, ..example }
    };
    ModelSpec { layers: layers.iter().map(of_kind).collect(), ..spec }
}

/// Layers of which every `period`-th sees everything and the others have a window.
fn every(count: usize, period: usize, window: u32, width: (u32, u32)) -> Vec<Layer> {
    (1..=count).map(|layer| Some((if layer % period == 0 { 0 } else { window }, width.0, width.1))).collect()
}

const ROOM: KvRoom = KvRoom { tokens: 4096, sequences: 4, rows: 512 };

#[test]
fn a_layout_has_groups_of_one_window_and_wastes_little() {
    let gemma3_1b = every(26, 6, 512, (1, 256));
    let gpt_oss = every(24, 2, 128, (8, 64));
    let lfm2 = (0..16).map(|layer| [2, 5, 8, 10, 12, 14].contains(&layer).then_some((0, 8, 64))).collect();
    let short = KvRoom { tokens: 40_960, sequences: 1, rows: 64 };
    for (name, layers, room, groups, layers_of_group) in [
        ("llama", vec![Some((0, 8, 128)); 32], ROOM, 1, 32),
        ("gemma 3", gemma3_1b.clone(), ROOM, 13, 2),
        // Unused parts of short windows cost little.
        ("gemma 3 with a long context", gemma3_1b, short, 7, 4),
        ("gpt-oss", gpt_oss, ROOM, 2, 12),
        ("lfm2", lfm2, ROOM, 1, 6),
        ("convolutions alone", vec![None; 3], ROOM, 0, 1),
        ("a prime number", [vec![Some((0, 1, 64))], vec![Some((16, 1, 64)); 7]].concat(), ROOM, 8, 1),
    ] {
        let spec = model(&layers);
        let layout = KvLayout::new(&spec, KvFormat::F16, room, 128 << 20);
        assert_eq!((layout.groups(), layout.buffers.len()), (groups, layers_of_group), "{name}");
        let used: u64 = spec
            .layers
            .iter()
            .filter_map(LayerSpec::attention)
            .map(|attention| 2 * block_bytes(attention, KvFormat::F16) * u64::from(room.blocks(attention.window)))
            .sum();
        assert!(layout.bytes() >= used && layout.bytes() <= used + used / 32, "{name}: {} for {used}", layout.bytes());
    }
}

#[test]
fn layers_that_share_a_buffer_are_of_different_groups() {
    for layers in [every(26, 6, 512, (1, 256)), every(24, 2, 128, (8, 64)), mixed_widths(), vec![None; 2]] {
        let spec = model(&layers);
        for max_binding in [128 << 20, 1 << 20, 0] {
            let layout = KvLayout::new(&spec, KvFormat::F32, ROOM, max_binding);
            let mut places = BTreeSet::new();
            for (index, layer) in spec.layers.iter().enumerate() {
                let Some(attention) = layer.attention() else {
                    assert_eq!(layout.place(index), None);
                    continue;
                };
                let (buffer, addressing) = layout.place(index).expect("a layer with attention has a place");
                let group = addressing.table_offset;
                assert!(places.insert((buffer, group)), "layer {index} shares a place");
                assert_eq!(layout.windows[group as usize], attention.window, "layer {index}");
                assert_eq!(addressing.table_stride, layout.groups());
                assert!(layout.buffers[buffer] >= block_bytes(attention, KvFormat::F32), "layer {index}");
                assert_eq!(u64::from(addressing.block_chunks) * 32, layout.buffers[buffer], "layer {index}");
            }
        }
    }
}

/// Layers with windows that are twice as wide as those without, among convolutions.
fn mixed_widths() -> Vec<Layer> {
    (0..18).map(|layer| [Some((0, 2, 64)), Some((32, 2, 128)), None][layer % 3]).collect()
}

#[test]
fn buffers_fit_bindings_where_any_layout_does() {
    let spec = model(&every(62, 6, 1024, (16, 128)));
    let largest = |max_binding| KvLayout::new(&spec, KvFormat::F16, ROOM, max_binding).largest_buffer();
    let layouts = |max_binding: u64| KvLayout::new(&spec, KvFormat::F16, ROOM, max_binding);
    // All groups of two would have buffers of half a GiB.
    assert!(largest(1 << 30) > 128 << 20 && largest(128 << 20) <= 128 << 20);
    assert!(layouts(128 << 20).fits(128 << 20));
    // Two groups, each with as many layers as have a window: nothing is smaller.
    assert_eq!((layouts(1).groups(), layouts(1).fits(1)), (2, false));
    assert_eq!(largest(1), 2 * 256 * block_bytes(spec.layers[0].attention().expect("attention"), KvFormat::F16));
}

#[test]
fn eight_bits_hold_1_7_times_the_context_in_the_same_bytes() {
    for width in [40, 64, 80, 96, 128, 256] {
        let spec = model(&every(12, 3, 512, (4, width)));
        // The most tokens of which keys and values fit a GiB, in layers with a window and without.
        let tokens = |format| {
            let bytes =
                |tokens| KvLayout::new(&spec, format, KvRoom { tokens, sequences: 1, rows: 512 }, u64::MAX).bytes();
            (1..).map(|blocks| blocks * 64 * BLOCK_TOKENS).find(|tokens| bytes(*tokens) > 1 << 30).unwrap_or_default()
        };
        let [f16, q8] = [KvFormat::F16, KvFormat::Q8].map(tokens);
        assert!(f64::from(q8) > 1.7 * f64::from(f16), "heads of {width}: {q8} tokens where f16 has {f16}");
    }
}

#[test]
fn a_window_takes_no_more_blocks_than_all_tokens_and_no_fewer_than_a_step_sees() {
    for (window, rows) in [(1, 1), (2, 1), (16, 1), (17, 16), (512, 512), (3, 64), (33, 7)] {
        let blocks = window_blocks(window, rows);
        for first in 0..100 {
            // The oldest token that is kept (see `BlockTable`), and the newest that a step writes.
            let (oldest, newest) = ((first + 1_u32).saturating_sub(window + BLOCK_TOKENS), first + rows - 1);
            assert!(
                newest / BLOCK_TOKENS - oldest / BLOCK_TOKENS < blocks,
                "a window of {window}, {rows} from {first}"
            );
        }
    }
    let room = KvRoom { tokens: 4096, sequences: 3, rows: 16 };
    assert_eq!([0, 16, 100_000].map(|window| room.blocks(window)), [256, 12, 256]);
}
