//! Loading a model from pieces of its files.

use std::cell::RefCell;
use std::pin::Pin;

use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;
use wgslm_formats::quantize::Policy;
use wgslm_formats::source::{self, Wanted};

use super::error::{object, spent, to_js};
use super::model::JsModel;
use crate::Device;
use crate::engine::{Activations, EngineOptions, Loader};

/// Bytes between two waits for the device, which would otherwise queue up a whole model's writes. Each is for what was written
/// before the bytes written last, so that the device has something to do meanwhile.
const BYTES_AHEAD: u64 = 16 << 20;

#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct LoaderOptions {
    context_length: Option<u32>,
    activations: Option<String>,
    quantize: Option<serde_json::Value>,
    /// The file that the model begins with.
    entry: Option<String>,
}

/// A file that a loader wants.
#[derive(Serialize)]
struct JsWanted {
    file: String,
    offset: u64,
    optional: bool,
}

/// Takes a model's files in pieces.
#[wasm_bindgen(js_name = Loader)]
pub struct JsLoader {
    device: Device,
    state: RefCell<Option<Progress>>,
}

struct Progress {
    loader: Loader,
    waited_at: u64,
    writes: Option<Pin<Box<dyn Future<Output = wgslm_gpu::Result<()>>>>>,
}

impl JsLoader {
    pub(super) fn new(device: &Device, options: LoaderOptions) -> crate::Result<Self> {
        let entry = options.entry.unwrap_or_else(|| "model.gguf".to_owned());
        let options = EngineOptions {
            context_length: options.context_length,
            activations: options.activations.map_or(Ok(Activations::Auto), |text| text.parse())?,
            quantize: options.quantize.map(policy).transpose()?,
            ..EngineOptions::default()
        };
        let progress = Progress { loader: Loader::open(device, &entry, &options), waited_at: 0, writes: None };
        Ok(Self { device: device.clone(), state: RefCell::new(Some(progress)) })
    }

    fn with<T>(&self, call: impl FnOnce(&mut Loader) -> crate::Result<T>) -> Result<T, JsValue> {
        let mut state = self.state.borrow_mut();
        let progress = state.as_mut().ok_or_else(|| spent("loader"))?;
        call(&mut progress.loader).map_err(|error| to_js(&error))
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

    /// The file that is wanted next: `{file, offset, optional}`, or `undefined` when nothing more is.
    #[wasm_bindgen(js_name = nextFile)]
    pub fn next_file(&self) -> Result<JsValue, JsValue> {
        match self.with(|loader| Ok(loader.next_file()))? {
            Some(Wanted { file, offset, optional }) => object(&JsWanted { file, offset, optional }),
            None => Ok(JsValue::UNDEFINED),
        }
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

    /// Takes the next bytes of the file; resolves when more may come, with whether more of this file is wanted.
    pub async fn push(&self, bytes: Vec<u8>) -> Result<bool, JsValue> {
        let (earlier, reads_on) = {
            let mut state = self.state.borrow_mut();
            let progress = state.as_mut().ok_or_else(|| spent("loader"))?;
            progress.loader.push(&bytes).map_err(|error| to_js(&error))?;
            let loaded = progress.loader.loaded_bytes();
            let earlier = if loaded - progress.waited_at >= BYTES_AHEAD {
                progress.waited_at = loaded;
                progress.writes.replace(Box::pin(self.device.gpu().finished()))
            } else {
                None
            };
            (earlier, progress.loader.reads_on())
        };
        drop(bytes);
        if let Some(writes) = earlier {
            writes.await.map_err(|error| to_js(&error.into()))?;
        }
        Ok(reads_on)
    }

    /// Bytes taken so far, of all files.
    #[wasm_bindgen(getter, js_name = loadedBytes)]
    pub fn loaded_bytes(&self) -> f64 {
        self.state.borrow().as_ref().map_or(0.0, |progress| progress.loader.loaded_bytes() as f64)
    }

    /// The size of all files once their headers have been read.
    #[wasm_bindgen(getter, js_name = expectedBytes)]
    pub fn expected_bytes(&self) -> Option<f64> {
        let state = self.state.borrow();
        state.as_ref().and_then(|progress| progress.loader.expected_bytes()).map(|bytes| bytes as f64)
    }

    /// The model, once the last byte has been taken.
    pub async fn finish(self) -> Result<JsModel, JsValue> {
        let progress = self.state.borrow_mut().take().ok_or_else(|| spent("loader"))?;
        let engine = progress.loader.finish().await.map_err(|error| to_js(&error))?;
        Ok(JsModel::new(engine))
    }
}
