//! Loading a model from pieces of a file.

use std::cell::RefCell;
use std::pin::Pin;

use serde::Deserialize;
use wasm_bindgen::prelude::*;

use super::error::{spent, to_js};
use super::model::JsModel;
use crate::engine::{Activations, EngineOptions, Loader};
use crate::gpu::Gpu;
use crate::quantize::Policy;

/// Bytes between two waits for the device, which would otherwise queue up a whole model's writes. Each is for what was written
/// before the bytes written last, so that the device has something to do meanwhile.
const BYTES_AHEAD: u64 = 16 << 20;

#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct LoaderOptions {
    context_length: Option<u32>,
    activations: Option<String>,
    quantize: Option<serde_json::Value>,
}

/// Takes a GGUF file in pieces.
#[wasm_bindgen(js_name = Loader)]
pub struct JsLoader {
    gpu: Gpu,
    state: RefCell<Option<Progress>>,
}

struct Progress {
    loader: Loader,
    waited_at: u64,
    writes: Option<Pin<Box<dyn Future<Output = crate::Result<()>>>>>,
}

impl JsLoader {
    pub(super) fn new(gpu: &Gpu, options: LoaderOptions) -> crate::Result<Self> {
        let options = EngineOptions {
            context_length: options.context_length,
            activations: options.activations.map_or(Ok(Activations::Auto), |text| text.parse())?,
            quantize: options.quantize.map(policy).transpose()?,
            ..EngineOptions::default()
        };
        let progress = Progress { loader: Loader::new(gpu, &options), waited_at: 0, writes: None };
        Ok(Self { gpu: gpu.clone(), state: RefCell::new(Some(progress)) })
    }
}

/// A policy by its name, or as the object that its JSON would be.
fn policy(value: serde_json::Value) -> crate::Result<Policy> {
    match value {
        serde_json::Value::String(name) => name.parse(),
        object => object.to_string().parse(),
    }
}

#[wasm_bindgen(js_class = Loader)]
impl JsLoader {
    /// Takes the next bytes; resolves when more may come.
    pub async fn push(&self, bytes: Vec<u8>) -> Result<(), JsValue> {
        let earlier = {
            let mut state = self.state.borrow_mut();
            let progress = state.as_mut().ok_or_else(|| spent("loader"))?;
            progress.loader.push(&bytes).map_err(|error| to_js(&error))?;
            let loaded = progress.loader.loaded_bytes();
            if loaded - progress.waited_at >= BYTES_AHEAD {
                progress.waited_at = loaded;
                progress.writes.replace(Box::pin(self.gpu.finished()))
            } else {
                None
            }
        };
        drop(bytes);
        match earlier {
            Some(writes) => writes.await.map_err(|error| to_js(&error)),
            None => Ok(()),
        }
    }

    /// The file's size once its header has been read.
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
