use std::fs;
use std::path::PathBuf;

use crate::WeightLayout;
use crate::cpu::weight_row;

use super::*;

/// Blocks of a quantised type, and their weights as `gguf.quants.dequantize` gives them: see `make.py` there.
fn golden(kind: TensorType) -> (Vec<u8>, Vec<f32>) {
    const WEIGHTS: usize = 512;
    let name = kind.name().to_lowercase();
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/blocks/{name}.bin"));
    let mut blocks = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let values = blocks.split_off(WEIGHTS / kind.block_len() * kind.block_bytes());
    assert_eq!(values.len(), 4 * WEIGHTS, "{name}");
    (blocks, floats(TensorType::F32, &values).expect("they are"))
}

fn quantised_types() -> impl Iterator<Item = TensorType> {
    TensorType::ALL.iter().copied().filter(|kind| kind.block_len() > 1 && weight_format(*kind).is_some())
}

#[test]
fn every_quantised_type_means_what_its_definition_says() {
    assert_eq!(quantised_types().count(), 22);
    for kind in quantised_types() {
        let (blocks, expected) = golden(kind);
        let groups = groups_in(expected.len());
        for interleave in [1, 32] {
            let mut packed = PackedRows::new(kind, interleave, groups, 32);
            packed.pack(5, &blocks);
            let layout = WeightLayout { format: packed.format, interleave: interleave as u32 };
            let weights = weight_row(layout, &packed.codes, &packed.scales, 5, groups);
            for (k, (weight, expected)) in weights.iter().zip(&expected).enumerate() {
                let close = (weight - expected).abs() <= 1e-6 * expected.abs();
                assert!(close, "{kind}, interleave {interleave}, weight {k}: {weight:e} instead of {expected:e}");
            }
        }
    }
}

/// Blocks of any bytes can be packed: their bits keep grid indices, scales and signs in range.
#[test]
fn any_bytes_are_packed() {
    let mut state = 1u32;
    let mut byte = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    for kind in quantised_types() {
        let groups = 2 * kind.block_len() / GROUP;
        for bytes in [[0; 2000], [0xff; 2000], std::array::from_fn(|_| byte())] {
            let mut packed = PackedRows::new(kind, 1, groups, 1);
            packed.pack(0, &bytes[..2 * kind.block_bytes()]);
            let layout = WeightLayout { format: packed.format, interleave: 1 };
            assert_eq!(weight_row(layout, &packed.codes, &packed.scales, 0, groups).len(), groups * GROUP, "{kind}");
        }
    }
}

#[test]
fn plain_numbers_are_kept() {
    let values = [0.5f32, -1.25, 3.0, 1e-3, -7.0];
    let bytes = |kind| -> Vec<u8> {
        match kind {
            TensorType::F32 => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
            TensorType::F16 => values.iter().flat_map(|value| f16::from_f32(*value).to_le_bytes()).collect(),
            _ => values.iter().flat_map(|value| bf16::from_f32(*value).to_le_bytes()).collect(),
        }
    };
    for kind in [TensorType::F32, TensorType::F16, TensorType::BF16] {
        let mut packed = PackedRows::new(kind, 1, 1, 2);
        packed.pack(1, &bytes(kind));
        let layout = WeightLayout { format: packed.format, interleave: 1 };
        let weights = weight_row(layout, &packed.codes, &packed.scales, 1, 1);
        assert_eq!(weights[..5], floats(kind, &bytes(kind)).expect("it is plain"), "{kind}");
        assert_eq!(weights[5..], [0.0; 27], "{kind}");
    }
}

/// Prints how many MB of each type's blocks are packed in a second. `cargo test --release -- --ignored --nocapture packing`
#[test]
#[ignore = "it measures"]
fn packing_rates() {
    const ROWS: usize = 256;
    for kind in quantised_types() {
        let (blocks, weights) = golden(kind);
        let row = blocks.repeat(8);
        let groups = groups_in(8 * weights.len());
        for interleave in [1, 32] {
            let rate = (0..5).map(|_| {
                let start = std::time::Instant::now();
                let mut packed = PackedRows::new(kind, interleave, groups, ROWS);
                for index in 0..ROWS {
                    packed.pack(index, &row);
                }
                std::hint::black_box(&packed.codes);
                (ROWS * row.len()) as f64 / start.elapsed().as_secs_f64() / 1e6
            });
            println!("{kind:8} interleave {interleave:2}: {:5.0} MB/s", rate.fold(0.0, f64::max));
        }
    }
}
