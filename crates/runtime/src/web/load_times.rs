//! The times of a load's phases.

use serde::Serialize;
use tsify::Tsify;

use crate::engine;

/// The times in ms that the engine took for the phases of a load.
#[derive(Serialize, Tsify)]
#[serde(rename_all = "camelCase")]
pub struct EngineLoadTimes {
    /// Building everything but the weights, once the headers have been read.
    build_ms: f64,
    /// Waiting for the GPU to take and repack the last weights, once the last byte had been read.
    weights_ms: f64,
    /// Waiting for pipelines after that.
    pipelines_ms: f64,
    /// Measuring the fastest kernels, where that hadn't been done for such a model on this GPU.
    tuning_ms: f64,
    /// Waiting for what the GPU prepares on first use.
    first_use_ms: f64,
}

impl From<engine::LoadTimes> for EngineLoadTimes {
    fn from(times: engine::LoadTimes) -> Self {
        let engine::LoadTimes { build_ms, weights_ms, pipelines_ms, tuning_ms, first_use_ms } = times;
        Self { build_ms, weights_ms, pipelines_ms, tuning_ms, first_use_ms }
    }
}
