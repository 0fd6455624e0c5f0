//! Loading a model from pieces of its files.

use std::cell::RefCell;

use serde::{Deserialize, Serialize};
use tsify::{Ts, Tsify};
use wasm_bindgen::prelude::*;
use wgslm_formats::quantise::Policy;
use wgslm_formats::source;

use super::error::{object, spent, to_js};
use super::model::JsModel;
use crate::Device;
use crate::engine::{self, EngineOptions, Loader};

/// The types of what the engine parses by itself.
#[wasm_bindgen(typescript_custom_section)]
const QUANTIZE: &str = r#"
/** The kind that a matrix gets: 8 or 4 bits, 4-bit normal floats, floats, or the one that it has. */
export type QuantizeKind = "q8" | "q4" | "nf4" | "f16" | "f32" | "keep";

/** A policy for quantising: the kind that each matrix gets. */
export interface QuantizePolicy {
    /** The first whose pattern matches a tensor's name decides; `*` stands for anything, `blk.last.` for the last block's. */
    rules?: readonly ({ pattern: string } & ({ kind: QuantizeKind } | { bits: 8 | 4 }))[];
    /** The kind of all others; by default `keep`. */
    default?: QuantizeKind;
    /** Quantises the scales too, which takes some 5 % off a 4-bit model. */
    doubleQuant?: boolean;
}

/** A policy, or the name of one; `mixed` is 4 bits, and 8 where it matters. With `-dq` the scales are quantised too. */
export type Quantize = `${"q8" | "q4" | "nf4" | "mixed"}${"" | "-dq"}` | "f16" | "f32" | QuantizePolicy;
"#;

/// Options of a load.
#[derive(Clone, Default, Deserialize, Tsify)]
#[serde(rename_all = "camelCase", default)]
pub struct LoaderOptions {
    /// Tokens that prompt and answer may have together; by default the engine chooses.
    #[tsify(type = "number")]
    context_length: Option<u32>,
    /// The activations that weights multiply; by default `auto`.
    activations: Activations,
    /// The policy under which weights that are floats in the file are quantised; by default they stay as they are.
    #[tsify(type = "Quantize")]
    quantize: Option<serde_json::Value>,
}

/// The activations that weights multiply: `float` is 32-bit floats; `int8` rounds them to 8 bits, which is faster and less exact; `auto` does
/// that for prompts of 64 tokens or more and, where the CPU stands in for a GPU, for answers.
#[derive(Clone, Copy, Default, Deserialize, Tsify)]
#[serde(rename_all = "lowercase")]
enum Activations {
    #[default]
    Auto,
    Float,
    Int8,
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

/// A file of a model, and the place in it to start at. The model may do without an optional one.
#[derive(Serialize, Tsify)]
pub struct WantedFile {
    file: String,
    offset: u64,
    optional: bool,
}

/// Takes a model's files in pieces and writes its weights to the GPU as they come.
#[wasm_bindgen(js_name = Loader)]
pub struct JsLoader {
    loader: RefCell<Option<Loader>>,
}

impl JsLoader {
    pub(super) fn new(device: &Device, entry: &str, options: LoaderOptions) -> crate::Result<Self> {
        let options = EngineOptions {
            context_length: options.context_length,
            activations: options.activations.into(),
            quantize: options.quantize.map(policy).transpose()?,
            ..EngineOptions::default()
        };
        Ok(Self { loader: RefCell::new(Some(Loader::open(device, entry, &options))) })
    }

    fn with<T>(&self, call: impl FnOnce(&mut Loader) -> crate::Result<T>) -> Result<T, JsValue> {
        let mut loader = self.loader.borrow_mut();
        call(loader.as_mut().ok_or_else(|| spent("loader"))?).map_err(|error| to_js(&error))
    }
}

/// A policy by its name, or as the object that its JSON would be.
fn policy(value: serde_json::Value) -> crate::Result<Policy> {
    match value {
        serde_json::Value::String(name) => Ok(name.parse()?),
        object => Ok(object.to_string().parse()?),
    }
}

#[wasm_bindgen(js_class = Loader)]
impl JsLoader {
    /// The file to begin with, where a model is given as files or a folder with these names.
    #[allow(clippy::needless_pass_by_value)] // What comes from JavaScript is owned.
    pub fn entry(names: Vec<String>) -> Result<String, JsValue> {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        source::entry(&names).map(str::to_owned).map_err(|error| to_js(&error.into()))
    }

    /// The file whose bytes are wanted next; `undefined` when nothing more is.
    #[wasm_bindgen(js_name = nextFile)]
    pub fn next_file(&self) -> Result<Option<Ts<WantedFile>>, JsValue> {
        let wanted = self.with(|loader| Ok(loader.next_file()))?;
        let wanted = wanted.map(|source::Wanted { file, offset, optional }| WantedFile { file, offset, optional });
        wanted.as_ref().map(object).transpose()
    }

    /// There is no such file.
    pub fn absent(&self) -> Result<(), JsValue> {
        self.with(Loader::absent)
    }

    /// The file has ended.
    #[wasm_bindgen(js_name = endFile)]
    pub fn end_file(&self) -> Result<(), JsValue> {
        self.with(Loader::end_file)
    }

    /// Takes the next bytes of the file; resolves, when more may come, with whether more of this file is wanted.
    pub async fn push(&self, bytes: Vec<u8>) -> Result<bool, JsValue> {
        let (room, reads_on) = self.with(|loader| Ok((loader.push_paced(&bytes)?, loader.reads_on())))?;
        drop(bytes);
        room.await.map_err(|error| to_js(&error))?;
        Ok(reads_on)
    }

    /// Bytes taken so far, of all files.
    #[wasm_bindgen(getter, js_name = loadedBytes)]
    pub fn loaded_bytes(&self) -> f64 {
        self.loader.borrow().as_ref().map_or(0.0, |loader| loader.loaded_bytes() as f64)
    }

    /// The size of all files in bytes, once their headers have been read.
    #[wasm_bindgen(getter, js_name = expectedBytes)]
    pub fn expected_bytes(&self) -> Option<f64> {
        self.loader.borrow().as_ref().and_then(Loader::expected_bytes).map(|bytes| bytes as f64)
    }

    /// The model, once the last byte has been taken. Consumes the loader, also when it fails.
    pub async fn finish(self) -> Result<JsModel, JsValue> {
        let loader = self.loader.borrow_mut().take().ok_or_else(|| spent("loader"))?;
        let engine = loader.finish().await.map_err(|error| to_js(&error))?;
        Ok(JsModel::new(engine))
    }
}
