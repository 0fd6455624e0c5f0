//! Tests that the device repacks weights as the CPU packs them.

use std::collections::BTreeMap;
use std::fs;

use wgslm::engine::{Engine, EngineOptions, Loader};
use wgslm::formats::gguf::TensorType;
use wgslm::formats::source;
use wgslm::gpu::{Buffer, ReadbackRing};
use wgslm::{Device, DeviceOptions, Result};
use wgslm_testing::model_files::{Files, hugging_face, split_gguf};

use crate::adapters::{as_on, open, opened, some_adapters};
use crate::golden::{Golden, goldens, named};
use crate::setup::{load_files, logits};

/// Loads a model whose files' bytes are written to the loader's room where there is some, at most `piece` at a time.
fn load_filled(device: &Device, files: &Files, piece: usize) -> Result<Engine> {
    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    let mut loader = Loader::open(device, source::entry(&names)?, &EngineOptions::default());
    while let Some(wanted) = loader.next_file() {
        let Some(mut bytes) = files.get(&wanted.file).map(|bytes| &bytes[wanted.offset as usize..]) else {
            loader.absent()?;
            continue;
        };
        while !bytes.is_empty() && loader.reads_on() {
            let next = &bytes[..piece.min(bytes.len())];
            let before = loader.loaded_bytes();
            let count = match loader.room()? {
                None => {
                    loader.push(next)?;
                    next.len()
                }
                Some(mut room) => {
                    let count = next.len().min(room.len());
                    room.write(&next[..count]);
                    loader.filled(count, |from, copy| copy.copy_from_slice(&next[from..from + copy.len()]))?;
                    assert_eq!(loader.loaded_bytes(), before + count as u64);
                    count
                }
            };
            bytes = &bytes[count..];
        }
        loader.end_file()?;
    }
    pollster::block_on(loader.finish())
}

/// A model in one file.
fn one(bytes: &[u8]) -> Files {
    Files::from([("model.gguf".to_owned(), bytes.to_vec())])
}

fn load_pushed(device: &Device, files: &Files, piece: usize) -> Result<Engine> {
    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    let entry = source::entry(&names)?;
    load_files(device, entry, (piece, &EngineOptions::default()), |name| files.get(name).cloned())
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
    let goldens = goldens().into_iter().filter(Golden::has_logits);
    let mut models: Vec<(u64, Golden)> =
        goldens.filter_map(|golden| Some((fs::metadata(golden.path()).ok()?.len(), golden))).collect();
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

/// Checks that a device which repacks has the planes, the fingerprint and the logits of one that doesn't, whatever the pieces.
fn check(packs: &Device, repacks: &Device, files: &Files, what: &str) {
    let expected = load_pushed(packs, files, 1 << 20).expect("it loads");
    let expected_planes = planes(&expected);
    for piece in [1 << 20, 4099] {
        for (way, load) in [("pushed", load_pushed as Load), ("filled", load_filled)] {
            let what = format!("{what}, {way} in pieces of {piece}");
            let engine = load(repacks, files, piece).expect("it loads");
            let found = planes(&engine);
            assert!(found.keys().eq(expected_planes.keys()), "{what}");
            for (plane, bytes) in &expected_planes {
                assert!(found[plane] == *bytes, "{plane:?} of {what} differs");
            }
            assert_eq!(engine.fingerprint(), expected.fingerprint(), "{what}");
            assert_eq!(logits(&engine, &[1, 2, 3]), logits(&expected, &[1, 2, 3]), "{what}");
        }
    }
}

/// Loads files in pieces of a size.
type Load = fn(&Device, &Files, usize) -> Result<Engine>;

#[test]
fn planes_repacked_on_the_device_are_those_that_the_cpu_packs() {
    let models = one_of_each_type();
    for device in some_adapters() {
        for (packed, repacked) in ways(device, false).iter().zip(ways(device, true)) {
            let (packs, repacks) = (opened(packed), opened(&repacked));
            assert!(!packs.kernels().repacks && repacks.kernels().repacks);
            for golden in &models {
                let bytes = fs::read(golden.path()).expect("it is readable");
                check(&packs, &repacks, &one(&bytes), &format!("{}, {repacked:?}", golden.model));
            }
        }
    }
}

#[test]
fn models_of_several_files_are_repacked_alike() {
    for device in some_adapters() {
        for (packed, repacked) in ways(device, false).iter().zip(ways(device, true)) {
            let (packs, repacks) = (opened(packed), opened(&repacked));
            for kind in [TensorType::F32, TensorType::F16, TensorType::BF16] {
                check(&packs, &repacks, &hugging_face(kind, 2), &format!("a folder of {kind}, {repacked:?}"));
                check(&packs, &repacks, &split_gguf(kind, 3), &format!("three parts of {kind}, {repacked:?}"));
            }
        }
    }
}

#[test]
fn a_file_that_ends_early_is_refused_alike_and_leaves_nothing_behind() {
    let bytes = fs::read(named("llama-q4_k").path()).expect("it is readable");
    for device in some_adapters() {
        let options = |repacked| DeviceOptions { repacked_rows: Some(repacked), ..as_on(device) };
        let packs = opened(&options(false));
        // A device that no other test shares, whose memory is counted.
        let repacks = open(&options(true));
        for length in (bytes.len() / 2..bytes.len() - 64).step_by(4001).chain([bytes.len() - 64]) {
            let files = one(&bytes[..length]);
            let refusal = |result: Result<Engine>| {
                let error = result.map(|_| ()).expect_err("it is no model");
                (error.code(), error.to_string())
            };
            let expected = refusal(load_pushed(&packs, &files, 5000));
            assert_eq!(expected.0, "truncated");
            for load in [load_pushed as Load, load_filled] {
                assert_eq!(refusal(load(&repacks, &files, 5000)), expected, "at {length}");
                assert_eq!(repacks.gpu().bytes(), 0, "at {length}");
            }
        }
        let engine = load_filled(&repacks, &one(&bytes), 5000).expect("it is whole");
        let weights = engine.gpu_bytes();
        assert!(repacks.gpu().bytes() >= weights && repacks.gpu().peak_bytes() > repacks.gpu().bytes());
        drop(engine);
        assert_eq!(repacks.gpu().bytes(), 0, "the way of weights is closed behind them");
    }
}
