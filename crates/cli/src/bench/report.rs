//! The report of a bench as JSON, whose keys BENCHMARKS.md describes.

use serde::Serialize;
use wgslm::engine::Engine;
use wgslm::gpu::AdapterDescription;

use super::cached::CachedReport;
use super::figure::Figure;
use super::kernels::Profile;
use super::streams::StreamsReport;
use crate::load::LoadReport;

#[derive(Serialize)]
pub(super) struct Report {
    pub(super) model: ModelReport,
    pub(super) device: DeviceReport,
    pub(super) settings: SettingsReport,
    pub(super) load_ms: f64,
    pub(super) load_phases: LoadReport,
    pub(super) first_request_ms: f64,
    pub(super) warm_request_ms: Figure,
    pub(super) ttft_ms: Figure,
    pub(super) dispatches_per_token: usize,
    pub(super) depths: Vec<DepthReport>,
    /// Absent without a prefix cache.
    pub(super) cached_prefix: Option<CachedReport>,
    pub(super) streams: Vec<StreamsReport>,
    pub(super) memory: MemoryReport,
    pub(super) copy_bytes_per_s: f64,
    pub(super) profiles: Vec<Profile>,
}

#[derive(Serialize)]
pub(super) struct ModelReport {
    pub(super) file: String,
    pub(super) name: String,
    pub(super) architecture: String,
    pub(super) parameters: u64,
}

impl ModelReport {
    pub(super) fn of(engine: &Engine, file: String) -> Self {
        let model = engine.model();
        Self {
            file,
            name: model.spec.name.clone(),
            architecture: model.spec.architecture.clone(),
            parameters: model.parameters,
        }
    }
}

#[derive(Serialize)]
pub(super) struct DeviceReport {
    pub(super) name: String,
    pub(super) backend: String,
    pub(super) driver: String,
    pub(super) software: bool,
    pub(super) features: Vec<&'static str>,
}

impl From<&AdapterDescription> for DeviceReport {
    fn from(adapter: &AdapterDescription) -> Self {
        Self {
            name: adapter.name.clone(),
            backend: adapter.backend.clone(),
            driver: adapter.driver.clone(),
            software: adapter.software,
            features: adapter.features.clone(),
        }
    }
}

#[derive(Serialize)]
pub(super) struct SettingsReport {
    pub(super) prompt_tokens: u32,
    pub(super) gen_tokens: u32,
    pub(super) batch: u32,
    pub(super) repeat: u32,
    pub(super) tokens_in_flight: u32,
    pub(super) temperature: f32,
    pub(super) top_k: u32,
    pub(super) top_p: f32,
    pub(super) min_p: f32,
    pub(super) context_length: u32,
    pub(super) slots: u32,
    pub(super) shared_prefix: u32,
    pub(super) prefix_cache: bool,
}

#[derive(Serialize)]
pub(super) struct DepthReport {
    pub(super) depth: u32,
    pub(super) prefill_tokens_per_s: Figure,
    pub(super) decode_tokens_per_s: Figure,
    pub(super) bytes_per_token: u64,
    /// Absent with several generations at a time, which may share the reading of a step.
    pub(super) bytes_per_s: Option<f64>,
    pub(super) bandwidth_share: Option<f64>,
}

impl DepthReport {
    pub(super) fn new(depth: u32, prefill: Figure, decode: Figure, bytes_per_token: u64) -> Self {
        Self {
            depth,
            prefill_tokens_per_s: prefill,
            decode_tokens_per_s: decode,
            bytes_per_token,
            bytes_per_s: None,
            bandwidth_share: None,
        }
    }

    /// Fills in the bandwidth of decode, absolute and as a share of the copy bandwidth.
    pub(super) fn compare(&mut self, copy_bytes_per_s: f64) {
        let bytes_per_s = self.bytes_per_token as f64 * self.decode_tokens_per_s.median;
        self.bytes_per_s = Some(bytes_per_s);
        self.bandwidth_share = Some(bytes_per_s / copy_bytes_per_s);
    }
}

#[derive(Serialize)]
pub(super) struct MemoryReport {
    pub(super) peak_bytes: u64,
    pub(super) weight_bytes: u64,
    pub(super) kv_cache_bytes: u64,
}
