//! Tests that the memory told before a load is what the load takes, and that a model without room says what would fit.

use wgslm::engine::{EngineOptions, KvFormat, Loader, MemoryPlan};
use wgslm::formats::source::{Event, ModelHeader, Reader};
use wgslm::gpu::Gpu;
use wgslm::{Device, DeviceOptions, Error};
use wgslm_testing::golden;

use crate::adapters::{adapters, as_on, open};
use crate::setup::load_bytes;

/// Models of one shape each: plain, with windows, with states, with experts, an encoder.
const MODELS: [&str; 6] = ["llama-f32", "llama-q4_0", "gemma3", "lfm2", "qwen3moe", "bert-mean"];

fn header(bytes: &[u8]) -> ModelHeader {
    let mut reader = Reader::new("model.gguf");
    reader.next_file().expect("a file is wanted");
    let mut input = bytes;
    match reader.read(&mut input).expect("it is a model") {
        Some(Event::Header(header)) => header,
        other => panic!("the header comes first, not {other:?}"),
    }
}

fn options() -> [EngineOptions; 3] {
    let default = EngineOptions { context_length: Some(32), ..EngineOptions::default() };
    [
        default.clone(),
        EngineOptions { slots: Some(2), kv_format: Some(KvFormat::Q8), kv_tokens: Some(256), ..default.clone() },
        EngineOptions { quantize: Some("q4".parse().expect("it is a policy")), ..default },
    ]
}

#[test]
fn a_plan_tells_exactly_what_a_load_allocates() {
    for adapter in adapters() {
        let device = open(&as_on(adapter));
        for model in MODELS {
            let bytes = std::fs::read(golden(&format!("models/{model}.gguf"))).expect("it is there");
            for options in options() {
                let plan = MemoryPlan::new(&device, &header(&bytes), &options);
                assert_eq!(device.gpu().bytes(), 0, "a plan allocates nothing");
                let (plan, engine) = match (plan, load_bytes(&device, &bytes, 1 << 16, &options)) {
                    (Ok(plan), Ok(engine)) => (plan, engine),
                    // Weights that are quantised already can't be once more.
                    (plan, engine) => {
                        let codes =
                            (plan.map_err(|error| error.code()).err(), engine.map_err(|error| error.code()).err());
                        assert_eq!(codes, (Some("already-quantized"), Some("already-quantized")), "{model}");
                        continue;
                    }
                };
                let told = (plan.weight_bytes, plan.kv_cache_bytes, plan.context_length, plan.bytes());
                let taken = (engine.weight_bytes(), engine.kv_bytes(), engine.context_length(), device.gpu().bytes());
                assert_eq!(told, taken, "{model} with {options:?}");
            }
        }
    }
}

#[test]
fn alternatives_take_what_they_say() {
    let Some(adapter) = adapters().first() else { return };
    let device = open(&as_on(adapter));
    let bytes = std::fs::read(golden("models/llama-f32.gguf")).expect("it is there");
    let plan = MemoryPlan::new(&device, &header(&bytes), &EngineOptions::default()).expect("it can be run");
    assert!(!plan.alternatives.is_empty());
    for found in &plan.alternatives {
        let options = EngineOptions {
            context_length: found.context_length.or(Some(plan.context_length)),
            kv_format: found.kv_format,
            quantize: found.quantize.map(|name| name.parse().expect("it is a policy")),
            ..EngineOptions::default()
        };
        let engine = load_bytes(&device, &bytes, 1 << 16, &options).expect("it loads");
        assert_eq!(device.gpu().bytes(), found.bytes, "{found:?}");
        assert!(found.bytes < plan.bytes());
        drop(engine);
    }
}

#[test]
fn a_model_without_room_says_what_would_fit_and_leaves_nothing_behind() {
    let Some(adapter) = adapters().first() else { return };
    let device = open(&DeviceOptions { max_binding: Some(64 << 10), ..as_on(adapter) });
    let bytes = std::fs::read(golden("models/llama-f32.gguf")).expect("it is there");
    let trained = header(&bytes).metadata.u32("llama.context_length").expect("it is a number").expect("it has one");
    let options = EngineOptions { context_length: Some(trained), kv_tokens: Some(1 << 16), ..EngineOptions::default() };
    let mut loader = Loader::new(&device, &options);
    let error = loader.push(&bytes).expect_err("its cache is larger than a binding");
    let Error::NoRoom { plan, .. } = &error else { panic!("{error}") };
    assert_eq!(error.code(), "too-large");
    assert!(plan.too_large.is_some());
    drop(loader);
    assert_eq!(device.gpu().bytes(), 0, "nothing is left");
    let found = plan.alternatives.iter().find(|found| found.within_limits);
    let found = found.unwrap_or_else(|| panic!("something fits: {error}"));
    assert!(error.to_string().contains(&found.to_string()), "{error}");
    assert_loads(&device, &bytes, found.context_length.or(Some(trained)), found.kv_format);
}

fn assert_loads(device: &Device, bytes: &[u8], context_length: Option<u32>, kv_format: Option<KvFormat>) {
    let smaller = EngineOptions { context_length, kv_format, ..EngineOptions::default() };
    let engine = load_bytes(device, bytes, 1 << 16, &smaller).expect("it fits");
    let gpu: &Gpu = device.gpu();
    assert!(gpu.bytes() > 0);
    drop(engine);
}
