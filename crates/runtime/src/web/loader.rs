//! Loading a model from pieces of its files.

use std::cell::RefCell;
use std::num::NonZeroU32;

use js_sys::Uint8Array;
use serde::{Deserialize, Serialize};
use tsify::{Ts, Tsify};
use wasm_bindgen::prelude::*;
use wgslm_formats::quantise::Policy;
use wgslm_formats::source;

use super::error::{duration, object, spent, to_js};
use super::model::JsModel;
use super::tokenizer::{JsReader, reader};
use crate::Device;
use crate::engine::{self, EngineOptions, Loader};

/// The TypeScript types of values that the engine parses itself.
#[wasm_bindgen(typescript_custom_section)]
const QUANTIZE: &str = r#"
/** The kind of weights that a matrix gets: 8 bits, 4 bits, 4-bit NormalFloat, 16-bit or 32-bit floats, or those that it has. */
export type QuantizeKind = "q8" | "q4" | "nf4" | "f16" | "f32" | "keep";

/** A quantisation policy: the kind of weights that each matrix gets. */
export interface QuantizePolicy {
    /** The rules, of which the first whose pattern matches a tensor's name applies; `*` stands for any characters, `blk.last.` for the prefix of the last block. */
    rules?: readonly ({ pattern: string } & ({ kind: QuantizeKind } | { bits: 8 | 4 }))[];
    /** The kind of the matrices that no rule matches; by default `keep`. */
    default?: QuantizeKind;
    /** Quantises the scales too, which takes some 5 % off a 4-bit model. */
    doubleQuant?: boolean;
}

/** A policy or its name. `mixed` is 4 bits, with 8 bits for the tensors that lose most by rounding; `-dq` quantises the scales too. */
export type Quantize = `${"q8" | "q4" | "nf4" | "mixed"}${"" | "-dq"}` | "f16" | "f32" | QuantizePolicy;
"#;

/// Options of a load.
#[derive(Clone, Default, Deserialize, Tsify)]
#[serde(rename_all = "camelCase", default)]
pub struct LoaderOptions {
    /// The most tokens that prompt and answer may have together; by default the engine chooses.
    #[tsify(type = "number")]
    context_length: Option<u32>,
    /// The precision of the activations in matrix products; by default `auto`.
    activations: Activations,
    /// The quantisation policy for weights that are floats in the file; by default they stay as they are.
    #[tsify(type = "Quantize")]
    quantize: Option<serde_json::Value>,
    /// The format of the KV cache; by default the fastest.
    #[tsify(type = "KvFormat")]
    kv_format: Option<KvFormat>,
    /// The requests that run at a time, from 1 to 1024; by default 8.
    #[tsify(type = "number")]
    slots: Option<u32>,
    /// The requests that wait for a slot at a time, at least 1; by default 64. More are refused at once with the code `busy`.
    #[tsify(type = "number")]
    queue: Option<NonZeroU32>,
    /// The batching window in ms: the time that the first prompt of a burst waits for others that join its prefill; by default 0.
    #[tsify(type = "number")]
    batching_window_ms: Option<f64>,
    /// Keeps the prefixes of requests in the KV cache, as far as there is room, for later ones that begin alike; by default true.
    #[tsify(type = "boolean")]
    prefix_cache: Option<bool>,
    /// The tokens that the KV cache holds for all requests together, at least `contextLength`, which is the default.
    #[tsify(type = "number")]
    kv_tokens: Option<u32>,
    /// The states of requests that are kept for later ones, up to 65536, by models with layers whose state has a fixed size (LFM2); by
    /// default as many as fit 32 MiB, up to 256.
    #[tsify(type = "number")]
    state_checkpoints: Option<u32>,
    /// The most tokens of prompts in a step; by default chosen by the kind of device.
    #[tsify(type = "number")]
    prefill_tokens: Option<u32>,
    /// The price of the device, from which `metrics` computes costs.
    #[tsify(type = "Price")]
    price: Option<Price>,
}

impl LoaderOptions {
    pub(super) fn engine(self) -> crate::Result<EngineOptions> {
        let default = EngineOptions::default();
        let window = self.batching_window_ms.map(|ms| duration("batchingWindowMs", ms)).transpose()?;
        Ok(EngineOptions {
            context_length: self.context_length,
            slots: self.slots,
            queue: self.queue.map(NonZeroU32::get),
            batching_window: window.unwrap_or(default.batching_window),
            prefix_cache: self.prefix_cache,
            price: self.price.map(engine::Price::try_from).transpose()?,
            kv_tokens: self.kv_tokens,
            state_checkpoints: self.state_checkpoints,
            prefill_tokens: self.prefill_tokens,
            activations: self.activations.into(),
            quantize: self.quantize.map(policy).transpose()?,
            kv_format: self.kv_format.map(Into::into),
            ..default
        })
    }
}

/// The price of the device an hour, in any currency.
#[derive(Clone, Copy, Deserialize, Tsify)]
#[serde(rename_all = "camelCase")]
struct Price {
    /// The price of an hour.
    per_hour: f64,
    /// The hours that are paid for; by default `wall`.
    #[serde(default)]
    #[tsify(optional)]
    time: PricedTime,
}

/// The hours that are paid for: all since the model was loaded (`wall`), or those in which the GPU was busy (`busy`).
#[derive(Clone, Copy, Default, Deserialize, Tsify)]
#[serde(rename_all = "lowercase")]
enum PricedTime {
    #[default]
    Wall,
    Busy,
}

impl TryFrom<Price> for engine::Price {
    type Error = crate::Error;

    fn try_from(Price { per_hour, time }: Price) -> crate::Result<Self> {
        let time = match time {
            PricedTime::Wall => engine::PricedTime::Wall,
            PricedTime::Busy => engine::PricedTime::Busy,
        };
        Self::new(per_hour, time)
    }
}

/// The precision of the activations in matrix products: `float` is 32-bit floats; `int8` rounds to 8 bits, which is faster and
/// less exact; `auto` is `int8` for prompts of 64 tokens or more and, where the CPU stands in for a GPU, for answers, and
/// otherwise `float`.
#[derive(Clone, Copy, Default, Deserialize, Tsify)]
#[serde(rename_all = "lowercase")]
enum Activations {
    #[default]
    Auto,
    Float,
    Int8,
}

/// The format of the KV cache: `f16` and `f32` are floats of 16 and 32 bits, the fastest on GPUs and where the CPU stands in for one;
/// `q8` is 8 bits, which hold nearly twice the context in the same memory.
#[derive(Clone, Copy, Deserialize, Tsify)]
#[serde(rename_all = "lowercase")]
enum KvFormat {
    F16,
    F32,
    Q8,
}

impl From<KvFormat> for engine::KvFormat {
    fn from(wanted: KvFormat) -> Self {
        match wanted {
            KvFormat::F16 => Self::F16,
            KvFormat::F32 => Self::F32,
            KvFormat::Q8 => Self::Q8,
        }
    }
}

impl From<Activations> for engine::Activations {
    fn from(wanted: Activations) -> Self {
        match wanted {
            Activations::Auto => Self::Auto,
            Activations::Float => Self::Float,
            Activations::Int8 => Self::Int8,
        }
    }
}

/// A file of a model to read, the offset in bytes to start at, and whether the model can do without the file.
#[derive(Serialize, Tsify)]
pub struct WantedFile {
    pub(super) file: String,
    pub(super) offset: u64,
    pub(super) optional: bool,
}

/// Takes the files of a model in pieces, and writes its weights to the GPU as they arrive.
#[wasm_bindgen(js_name = Loader)]
pub struct JsLoader {
    loader: RefCell<Option<Loader>>,
    /// The room that was given last, until it is filled.
    room: RefCell<Option<Uint8Array>>,
}

impl JsLoader {
    pub(super) fn new(device: &Device, entry: &str, options: LoaderOptions) -> crate::Result<Self> {
        let loader = Loader::open(device, entry, &options.engine()?);
        Ok(Self { loader: RefCell::new(Some(loader)), room: RefCell::default() })
    }

    fn with<T>(&self, call: impl FnOnce(&mut Loader) -> crate::Result<T>) -> Result<T, JsValue> {
        let mut loader = self.loader.borrow_mut();
        let loader = loader.as_mut().ok_or_else(|| spent("loader"))?;
        call(loader).map_err(|error| to_js(&loader.explained(error)))
    }

    fn explained(&self, error: crate::Error) -> JsValue {
        match &*self.loader.borrow() {
            Some(loader) => to_js(&loader.explained(error)),
            None => to_js(&error),
        }
    }
}

/// Parses a policy from its name or from its JSON object.
fn policy(value: serde_json::Value) -> crate::Result<Policy> {
    match value {
        serde_json::Value::String(name) => Ok(name.parse()?),
        object => Ok(object.to_string().parse()?),
    }
}

#[wasm_bindgen(js_class = Loader)]
impl JsLoader {
    /// The file to begin with, of a model that is given as files or a folder with these names.
    #[allow(clippy::needless_pass_by_value)] // Arguments from JavaScript are owned.
    pub fn entry(names: Vec<String>) -> Result<String, JsValue> {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        source::entry(&names).map(str::to_owned).map_err(|error| to_js(&error.into()))
    }

    /// The next file to read, which counts as open from now on; `undefined` when no more files are wanted.
    #[wasm_bindgen(js_name = nextFile)]
    pub fn next_file(&self) -> Result<Option<Ts<WantedFile>>, JsValue> {
        let wanted = self.with(|loader| Ok(loader.next_file()))?;
        let wanted = wanted.map(|source::Wanted { file, offset, optional }| WantedFile { file, offset, optional });
        wanted.as_ref().map(object).transpose()
    }

    /// Has another module read the `tokenizer.json`; called before the file is pushed.
    #[wasm_bindgen(js_name = readTokenizerWith)]
    pub fn read_tokenizer_with(&self, class: JsReader) -> Result<(), JsValue> {
        self.with(|loader| {
            loader.read_json_with(reader(class));
            Ok(())
        })
    }

    /// Tells the loader that the wanted file doesn't exist.
    pub fn absent(&self) -> Result<(), JsValue> {
        self.with(Loader::absent)
    }

    /// Tells the loader that the open file has ended.
    #[wasm_bindgen(js_name = endFile)]
    pub fn end_file(&self) -> Result<(), JsValue> {
        self.with(Loader::end_file)
    }

    /// Takes the next bytes of the open file. Resolves once more may come, to true if more of this file is wanted.
    pub async fn push(&self, bytes: Vec<u8>) -> Result<bool, JsValue> {
        let (room, reads_on) = self.with(|loader| Ok((loader.push_paced(&bytes)?, loader.reads_on())))?;
        drop(bytes);
        room.await.map_err(|error| self.explained(error))?;
        Ok(reads_on)
    }

    /// Memory for the next bytes of the open file, once the GPU has room for them; `undefined` where they have to be pushed. It is the GPU's
    /// own, not WebAssembly's, and can be written until the next call of `filled` or `push`.
    #[wasm_bindgen(unchecked_return_type = "Uint8Array<ArrayBuffer> | undefined")]
    pub async fn room(&self) -> Result<Option<Uint8Array>, JsValue> {
        let ready = self.with(|loader| Ok(loader.ready()))?;
        ready.await.map_err(|error| self.explained(error))?;
        let room = self.with(|loader| Ok(loader.room()?.map(|room| room.array())))?;
        self.room.replace(room.clone());
        Ok(room)
    }

    /// Takes the first `bytes` bytes of the room, which the file's next bytes were written to. Returns true if more of this file is wanted.
    pub fn filled(&self, bytes: usize) -> Result<bool, JsValue> {
        let room = self.room.take().unwrap_or_else(|| Uint8Array::new_with_length(0));
        let read = |from: usize, copy: &mut [u8]| {
            let from = from as u32;
            room.subarray(from, from + copy.len() as u32).copy_to(copy);
        };
        self.with(|loader| {
            loader.filled(bytes.min(room.length() as usize), read)?;
            Ok(loader.reads_on())
        })
    }

    /// The number of bytes taken so far, over all files.
    #[wasm_bindgen(getter, js_name = loadedBytes)]
    pub fn loaded_bytes(&self) -> f64 {
        self.loader.borrow().as_ref().map_or(0.0, |loader| loader.loaded_bytes() as f64)
    }

    /// The size of all files in bytes, once their headers have been read.
    #[wasm_bindgen(getter, js_name = expectedBytes)]
    pub fn expected_bytes(&self) -> Option<f64> {
        self.loader.borrow().as_ref().and_then(Loader::expected_bytes).map(|bytes| bytes as f64)
    }

    /// The model, once all bytes have been taken. Consumes the loader, even when it fails.
    pub async fn finish(self) -> Result<JsModel, JsValue> {
        let loader = self.loader.borrow_mut().take().ok_or_else(|| spent("loader"))?;
        let engine = loader.finish().await.map_err(|error| to_js(&error))?;
        Ok(JsModel::new(engine))
    }
}
