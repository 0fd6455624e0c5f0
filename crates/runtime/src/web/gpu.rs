//! The GPU device.

use std::collections::BTreeMap;

use js_sys::Promise;
use serde::{Deserialize, Serialize};
use tsify::{Ts, Tsify};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::future_to_promise;

use super::error::{object, options, to_js};
use super::loader::{JsLoader, LoaderOptions};
use super::planner::JsPlanner;
use crate::{Device, DeviceOptions};

/// Limits on the GPU features that are used.
#[derive(Default, Deserialize, Tsify)]
#[serde(rename_all = "camelCase", default)]
pub struct GpuOptions {
    /// Uses WebGPU's default limits and no optional features, whatever the adapter has: for comparisons and bug reports.
    baseline: bool,
    /// The largest buffer binding in bytes; larger tensors are split.
    #[tsify(type = "number")]
    max_binding: Option<u64>,
}

/// The GPU, the WebGPU features and limits in use, and the kernels chosen for them.
#[derive(Serialize, Tsify)]
#[serde(rename_all = "camelCase")]
#[tsify(hashmap_as_object)]
pub struct SupportReport {
    adapter: AdapterInfo,
    /// The WebGPU features in use.
    features: Vec<&'static str>,
    /// The WebGPU limits in use.
    limits: BTreeMap<&'static str, u64>,
    /// The chosen kernel variants, by kind of kernel.
    chosen: BTreeMap<&'static str, String>,
}

/// The GPU as the browser describes it.
#[derive(Serialize, Tsify)]
#[serde(rename_all = "camelCase")]
struct AdapterInfo {
    /// The adapter's description, or else its vendor and architecture.
    name: String,
    /// The vendor, such as `nvidia`; empty where the browser doesn't tell.
    vendor: String,
    /// The family of GPUs, such as `ampere`; empty where the browser doesn't tell.
    architecture: String,
    /// True where a program on the CPU stands in for a GPU.
    software: bool,
}

/// An open device that has passed its self-check.
#[wasm_bindgen(js_name = Gpu)]
pub struct JsGpu {
    device: Device,
}

#[wasm_bindgen(js_class = Gpu)]
impl JsGpu {
    /// Opens the browser's GPU.
    #[wasm_bindgen(unchecked_return_type = "Gpu")]
    pub async fn request(wanted: Ts<GpuOptions>) -> Result<JsGpu, JsValue> {
        let wanted = options(wanted)?;
        let wanted =
            DeviceOptions { baseline: wanted.baseline, max_binding: wanted.max_binding, ..DeviceOptions::default() };
        let device = Device::open(&wanted).await.map_err(|error| to_js(&error))?;
        Ok(Self { device })
    }

    /// The GPU, and the kernels chosen for it.
    pub fn support(&self) -> Result<Ts<SupportReport>, JsValue> {
        let (adapter, capabilities) = (self.device.adapter(), self.device.gpu().capabilities());
        let features = [(capabilities.subgroups, "subgroups"), (capabilities.timestamps, "timestamp-query")];
        object(&SupportReport {
            adapter: AdapterInfo {
                name: adapter.name.clone(),
                vendor: adapter.vendor.clone(),
                architecture: adapter.architecture.clone(),
                software: adapter.software,
            },
            features: features.into_iter().filter(|(used, _)| *used).map(|(_, name)| name).collect(),
            limits: BTreeMap::from([
                ("maxStorageBufferBindingSize", capabilities.max_binding),
                ("maxBufferSize", capabilities.max_buffer),
            ]),
            chosen: self.device.kernels().chosen().into_iter().collect(),
        })
    }

    /// True while the device isn't lost and has reported no error.
    #[wasm_bindgen(getter, js_name = isUsable)]
    pub fn is_usable(&self) -> bool {
        self.device.gpu().check().is_ok()
    }

    /// The error for which the device is not usable any more, if it isn't.
    pub fn failure(&self) -> JsValue {
        self.device.gpu().check().map_or_else(|error| to_js(&error.into()), |()| JsValue::UNDEFINED)
    }

    /// Resolves to the error once the device is not usable any more. It may be asked once.
    #[wasm_bindgen(unchecked_return_type = "Promise<Error>")]
    pub fn failed(&self) -> Promise {
        let failed = self.device.gpu().failed();
        future_to_promise(async move { Ok(to_js(&failed.await.into())) })
    }

    /// The bytes in GPU buffers.
    #[wasm_bindgen(getter)]
    pub fn bytes(&self) -> f64 {
        self.device.gpu().bytes() as f64
    }

    /// The most bytes that were in GPU buffers at any time.
    #[wasm_bindgen(getter, js_name = peakBytes)]
    pub fn peak_bytes(&self) -> f64 {
        self.device.gpu().peak_bytes() as f64
    }

    /// Measures the device's copy bandwidth in bytes per second, read and written.
    #[wasm_bindgen(js_name = copyBytesPerSecond)]
    pub async fn copy_bytes_per_second(&self) -> Result<f64, JsValue> {
        self.device.gpu().copy_bytes_per_s().await.map_err(|error| to_js(&error.into()))
    }

    /// The key to store this device's kernel choices under: they are valid on devices with the same key.
    #[wasm_bindgen(getter, js_name = tuningKey)]
    pub fn tuning_key(&self) -> String {
        self.device.tuning_key()
    }

    /// The kernel choices measured so far, as text to store; empty where there was nothing to choose.
    pub fn tuning(&self) -> String {
        self.device.tuning()
    }

    /// Restores kernel choices from the text of an earlier `tuning`.
    #[wasm_bindgen(js_name = adoptTuning)]
    pub fn adopt_tuning(&self, text: &str) {
        self.device.adopt_tuning(text);
    }

    /// A planner for the model that begins with the file `entry`.
    pub fn planner(&self, entry: &str, wanted: Ts<LoaderOptions>) -> Result<JsPlanner, JsValue> {
        JsPlanner::new(&self.device, entry, options(wanted)?).map_err(|error| to_js(&error))
    }

    /// A loader for the model that begins with the file `entry`.
    pub fn loader(&self, entry: &str, wanted: Ts<LoaderOptions>) -> Result<JsLoader, JsValue> {
        JsLoader::new(&self.device, entry, options(wanted)?).map_err(|error| to_js(&error))
    }
}
