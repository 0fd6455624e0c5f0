//! The device.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;

use super::error::{object, options, to_js};
use super::loader::{JsLoader, LoaderOptions};
use crate::{Device, DeviceOptions};

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct RequestOptions {
    baseline: bool,
    max_binding: Option<u64>,
    interleaved_rows: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SupportReport<'a> {
    adapter: AdapterReport<'a>,
    features: Vec<&'static str>,
    limits: BTreeMap<&'static str, u64>,
    chosen: BTreeMap<&'static str, String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AdapterReport<'a> {
    name: &'a str,
    backend: &'a str,
    software: bool,
}

/// An open device that has passed its self-check.
#[wasm_bindgen(js_name = Gpu)]
pub struct JsGpu {
    device: Device,
}

#[wasm_bindgen(js_class = Gpu)]
impl JsGpu {
    /// Opens the browser's GPU with `{baseline, maxBinding, interleavedRows}`.
    pub async fn request(options_: JsValue) -> Result<JsGpu, JsValue> {
        let wanted: RequestOptions = options(options_)?;
        let wanted = DeviceOptions {
            device: None,
            baseline: wanted.baseline,
            max_binding: wanted.max_binding,
            interleaved_rows: wanted.interleaved_rows,
            ..DeviceOptions::default()
        };
        let device = Device::open(&wanted).await.map_err(|error| to_js(&error))?;
        Ok(Self { device })
    }

    /// What the device is and what was chosen for it.
    pub fn support(&self) -> Result<JsValue, JsValue> {
        let (adapter, capabilities) = (self.device.adapter(), self.device.gpu().capabilities());
        let features = [(capabilities.subgroups, "subgroups"), (capabilities.timestamps, "timestamp-query")];
        let features = features.into_iter().filter(|(used, _)| *used).map(|(_, name)| name).collect();
        object(&SupportReport {
            adapter: AdapterReport { name: &adapter.name, backend: &adapter.backend, software: adapter.software },
            features,
            limits: BTreeMap::from([
                ("maxStorageBufferBindingSize", capabilities.max_binding),
                ("maxBufferSize", capabilities.max_buffer),
            ]),
            chosen: self.device.kernels().chosen().into_iter().collect(),
        })
    }

    /// The most bytes there were in GPU buffers at a time.
    #[wasm_bindgen(getter, js_name = peakBytes)]
    pub fn peak_bytes(&self) -> f64 {
        self.device.gpu().peak_bytes() as f64
    }

    /// Measures how many bytes the device reads and writes a second when it copies.
    #[wasm_bindgen(js_name = copyBytesPerSecond)]
    pub async fn copy_bytes_per_second(&self) -> Result<f64, JsValue> {
        self.device.gpu().copy_bytes_per_s().await.map_err(|error| to_js(&error.into()))
    }

    /// What tells whether a tuning made elsewhere holds for this device.
    #[wasm_bindgen(getter, js_name = tuningKey)]
    pub fn tuning_key(&self) -> String {
        self.device.tuning_key()
    }

    /// The choices of kernels measured so far, as text.
    pub fn tuning(&self) -> String {
        self.device.tuning()
    }

    /// Takes choices that `tuning` gave earlier.
    #[wasm_bindgen(js_name = adoptTuning)]
    pub fn adopt_tuning(&self, text: &str) {
        self.device.adopt_tuning(text);
    }

    /// A loader for one model, with `{contextLength, activations, quantize, entry}`.
    pub fn loader(&self, options_: JsValue) -> Result<JsLoader, JsValue> {
        let options: LoaderOptions = options(options_)?;
        JsLoader::new(&self.device, options).map_err(|error| to_js(&error))
    }
}
