//! Tests that the device repacks weights as the CPU packs them.

use std::collections::BTreeMap;
use std::fs;

use wgslm::engine::{Engine, EngineOptions, Loader};
use wgslm::gpu::{Buffer, ReadbackRing};
use wgslm::{Device, DeviceOptions, Result};

use crate::adapters::{as_on, opened, some_adapters};
use crate::golden::{Golden, goldens};
use crate::setup::{load_bytes, logits};

/// Loads a model whose bytes are written to the loader's room where there is some, at most `piece` at a time.
fn load_filled(device: &Device, bytes: &[u8], piece: usize) -> Result<Engine> {
    let mut loader = Loader::new(device, &EngineOptions::default());
    let mut at = 0;
    while at < bytes.len() {
        let next = &bytes[at..(at + piece).min(bytes.len())];
        let count = match loader.room()? {
            None => {
                loader.push(next)?;
                next.len()
            }
            Some(mut room) => {
                let count = next.len().min(room.len());
                room.write(&next[..count]);
                loader.filled(count, |from, copy| copy.copy_from_slice(&next[from..from + copy.len()]))?;
                count
            }
        };
        at += count;
        assert_eq!(loader.loaded_bytes(), at as u64);
    }
    pollster::block_on(loader.finish())
}

/// The planes of all matrices, by name, part and plane.
fn planes(engine: &Engine) -> BTreeMap<(String, u32, bool), Vec<u8>> {
    let gpu = engine.device().gpu();
    let read = |buffer: &Buffer| {
        let mut ring = ReadbackRing::new(gpu, 1, buffer.size());
        pollster::block_on(gpu.read(buffer, buffer.size(), &mut ring)).expect("it is readable")
    };
    let mut planes = BTreeMap::new();
    for (name, matrix) in engine.model().weights.matrices() {
        for part in &matrix.parts {
            planes.insert((name.to_owned(), part.first, false), read(&part.codes));
            if let Some(scales) = &part.scales {
                planes.insert((name.to_owned(), part.first, true), read(scales));
            }
        }
    }
    planes
}

/// A model for each tensor type, the smallest that has it.
fn one_of_each_type() -> Vec<Golden> {
    let mut models: Vec<(u64, Golden)> =
        goldens().into_iter().filter_map(|golden| Some((fs::metadata(golden.path()).ok()?.len(), golden))).collect();
    models.sort_by_key(|(bytes, _)| *bytes);
    let mut types = BTreeMap::new();
    for (_, golden) in models {
        for kind in golden.types.clone() {
            types.entry(kind).or_insert(golden.clone());
        }
    }
    assert!(types.len() >= 25, "there are models of all types: {:?}", types.keys());
    let mut chosen: Vec<Golden> = types.into_values().collect();
    chosen.dedup_by_key(|golden| golden.path());
    chosen
}

/// The options of a device with each layout and two sizes of bindings, that repacks or doesn't.
fn ways(device: &Device, repacked: bool) -> Vec<DeviceOptions> {
    let options = DeviceOptions { repacked_rows: Some(repacked), ..as_on(device) };
    let layouts = [true, false].map(|rows| DeviceOptions { interleaved_rows: Some(rows), ..options.clone() });
    let bindings = [None, Some(80 << 10)];
    layouts
        .iter()
        .flat_map(|layout| bindings.map(|max_binding| DeviceOptions { max_binding, ..layout.clone() }))
        .collect()
}

#[test]
fn planes_repacked_on_the_device_are_those_that_the_cpu_packs() {
    let models = one_of_each_type();
    for device in some_adapters() {
        for (packed, repacked) in ways(device, false).iter().zip(ways(device, true)) {
            let (packs, repacks) = (opened(packed), opened(&repacked));
            assert!(!packs.kernels().repacks && repacks.kernels().repacks);
            for golden in &models {
                let bytes = fs::read(golden.path()).expect("it is readable");
                let options = EngineOptions::default();
                let expected = load_bytes(&packs, &bytes, 1 << 20, &options).expect("it loads");
                let expected_planes = planes(&expected);
                // Pieces that end anywhere in a row, pushed and written to the loader's room.
                for piece in [bytes.len(), 4099] {
                    let pushed = load_bytes(&repacks, &bytes, piece, &options).expect("it loads");
                    let filled = load_filled(&repacks, &bytes, piece).expect("it loads");
                    for (way, engine) in [("pushed", &pushed), ("filled", &filled)] {
                        let path = golden.path();
                        let what = format!("{}, {way} in pieces of {piece}, {repacked:?}", path.display());
                        let found = planes(engine);
                        assert!(found.keys().eq(expected_planes.keys()), "{what}");
                        for (plane, bytes) in &expected_planes {
                            assert!(found[plane] == *bytes, "{plane:?} of {what} differs");
                        }
                    }
                    assert_eq!(filled.fingerprint(), expected.fingerprint());
                    assert_eq!(logits(&filled, &[1, 2, 3]), logits(&expected, &[1, 2, 3]));
                }
            }
        }
    }
}
