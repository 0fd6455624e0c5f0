//! Planning the memory of a model from the headers of its files.

use std::cell::RefCell;

use serde::Serialize;
use tsify::{Ts, Tsify};
use wasm_bindgen::prelude::*;
use wgslm_formats::source::{Event, ModelHeader, Reader, Wanted};
use wgslm_shaders::KvFormat;

use super::error::{object, to_js};
use super::loader::{LoaderOptions, WantedFile};
use crate::engine::{self, EngineOptions};
use crate::{Device, Result};

/// The bytes of the GPU buffers that a model takes with some options. Drivers take more for pipelines and alignment, and WebGPU doesn't tell
/// how much memory a GPU has left.
#[derive(Serialize, Tsify)]
#[serde(rename_all = "camelCase")]
pub(super) struct MemoryPlan {
    /// All bytes on the GPU once the model is loaded.
    gpu_bytes: u64,
    /// The most bytes on the GPU while the model loads: those, and staging buffers. Some kB of parameters come and go besides.
    gpu_peak_bytes: u64,
    /// The bytes of the weights.
    weight_bytes: u64,
    /// The bytes of the KV cache, which has room for `contextLength` tokens from the start, and of states.
    kv_cache_bytes: u64,
    /// The bytes of activations, logits, parameters and readback.
    workspace_bytes: u64,
    /// The bytes of the model's files.
    file_bytes: u64,
    /// The most tokens that prompt and answer may have together.
    context_length: u32,
    /// The format of the KV cache.
    #[tsify(type = "KvFormat")]
    kv_format: &'static str,
    /// True if no buffer is larger than the GPU allows. The memory may still not suffice, which only loading shows.
    within_limits: bool,
    /// The largest buffer that the GPU doesn't allow, in words, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[tsify(optional)]
    exceeds: Option<String>,
    /// Options with which the model takes less, those that change the least first.
    alternatives: Vec<PlanAlternative>,
}

/// Options with which a model takes less memory, and how much.
#[derive(Serialize, Tsify)]
#[serde(rename_all = "camelCase")]
struct PlanAlternative {
    /// The options of `Engine.load` to change.
    options: AlternativeOptions,
    /// All bytes on the GPU once the model is loaded.
    gpu_bytes: u64,
    /// The most bytes on the GPU while the model loads.
    gpu_peak_bytes: u64,
    /// True if no buffer is larger than the GPU allows.
    within_limits: bool,
}

/// Options of `Engine.load` to change.
#[derive(Serialize, Tsify)]
#[serde(rename_all = "camelCase")]
struct AlternativeOptions {
    /// A shorter context.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[tsify(optional)]
    context_length: Option<u32>,
    /// A KV cache of 8 bits.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[tsify(optional, type = "KvFormat")]
    kv_format: Option<&'static str>,
    /// A policy that quantises weights as they are loaded.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[tsify(optional, type = "\"q8\" | \"q4\"")]
    quantize: Option<&'static str>,
}

impl From<&engine::MemoryPlan> for MemoryPlan {
    fn from(plan: &engine::MemoryPlan) -> Self {
        let alternative = |found: &engine::Alternative| PlanAlternative {
            options: AlternativeOptions {
                context_length: found.context_length,
                kv_format: found.kv_format.map(name),
                quantize: found.quantize,
            },
            gpu_bytes: found.bytes,
            gpu_peak_bytes: found.peak_bytes,
            within_limits: found.within_limits,
        };
        Self {
            gpu_bytes: plan.bytes(),
            gpu_peak_bytes: plan.peak_bytes(),
            weight_bytes: plan.weight_bytes,
            kv_cache_bytes: plan.kv_cache_bytes,
            workspace_bytes: plan.workspace_bytes,
            file_bytes: plan.file_bytes,
            context_length: plan.context_length,
            kv_format: name(plan.kv_format),
            within_limits: plan.too_large.is_none(),
            exceeds: plan.too_large.as_ref().map(ToString::to_string),
            alternatives: plan.alternatives.iter().map(alternative).collect(),
        }
    }
}

fn name(format: KvFormat) -> &'static str {
    match format {
        KvFormat::F16 => "f16",
        KvFormat::F32 => "f32",
        KvFormat::Q8 => "q8",
    }
}

/// Takes the headers of a model's files in pieces.
#[wasm_bindgen(js_name = Planner)]
pub struct JsPlanner {
    device: Device,
    options: EngineOptions,
    state: RefCell<State>,
}

struct State {
    reader: Reader,
    header: Option<ModelHeader>,
}

impl JsPlanner {
    pub(super) fn new(device: &Device, entry: &str, options: LoaderOptions) -> Result<Self> {
        let state = RefCell::new(State { reader: Reader::new(entry), header: None });
        Ok(Self { device: device.clone(), options: options.engine()?, state })
    }
}

#[wasm_bindgen(js_class = Planner)]
impl JsPlanner {
    /// The next file to read, which counts as open from now on; `undefined` once all headers have been read.
    #[wasm_bindgen(js_name = nextFile)]
    pub fn next_file(&self) -> std::result::Result<Option<Ts<WantedFile>>, JsValue> {
        let State { reader, header } = &mut *self.state.borrow_mut();
        let wanted = if header.is_some() { None } else { reader.next_file() };
        wanted.map(|Wanted { file, offset, optional }| object(&WantedFile { file, offset, optional })).transpose()
    }

    /// Tells the planner that the wanted file doesn't exist.
    pub fn absent(&self) -> std::result::Result<(), JsValue> {
        self.state.borrow_mut().reader.absent().map_err(|error| to_js(&error.into()))
    }

    /// Tells the planner that the open file has ended.
    #[wasm_bindgen(js_name = endFile)]
    pub fn end_file(&self) -> std::result::Result<(), JsValue> {
        self.state.borrow_mut().reader.end_file().map_err(|error| to_js(&error.into()))
    }

    /// Takes the next bytes of the open file. Returns true if more of it is wanted.
    pub fn push(&self, mut bytes: &[u8]) -> std::result::Result<bool, JsValue> {
        let State { reader, header } = &mut *self.state.borrow_mut();
        while header.is_none()
            && let Some(event) = reader.read(&mut bytes).map_err(|error| to_js(&error.into()))?
        {
            if let Event::Header(found) = event {
                *header = Some(found);
            }
        }
        Ok(header.is_none() && reader.reads_on())
    }

    /// The plan, once all headers have been read.
    #[wasm_bindgen(unchecked_return_type = "MemoryPlan")]
    pub fn plan(&self) -> std::result::Result<JsValue, JsValue> {
        let state = &*self.state.borrow();
        let Some(header) = &state.header else {
            return Err(to_js(&wgslm_formats::Error::Truncated { what: "the header".to_owned(), offset: 0 }.into()));
        };
        let plan = engine::MemoryPlan::new(&self.device, header, &self.options).map_err(|error| to_js(&error))?;
        object(&MemoryPlan::from(&plan)).map(JsValue::from)
    }
}
