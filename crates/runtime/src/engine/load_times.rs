//! The times of a load's phases.

use web_time::Instant;

/// The times of a load's phases in ms, but for reading files and uploading their bytes, which the caller drives.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LoadTimes {
    /// Building everything but the weights, once the headers have been read.
    pub build_ms: f64,
    /// Waiting for the device to take and repack the last weights, once the last byte has been pushed.
    pub weights_ms: f64,
    /// Waiting for pipelines after that.
    pub pipelines_ms: f64,
    /// Measuring the fastest kernels, where the device has no tuning for the model's matrices.
    pub tuning_ms: f64,
    /// Touching pipelines and memory that drivers prepare on first use.
    pub first_use_ms: f64,
}

/// A clock that measures one phase after the other.
pub(super) struct Clock(Instant);

impl Clock {
    /// Starts the first phase.
    pub(super) fn start() -> Self {
        Self(Instant::now())
    }

    /// Ends a phase and starts the next; returns its duration in ms.
    pub(super) fn lap_ms(&mut self) -> f64 {
        let began = std::mem::replace(&mut self.0, Instant::now());
        (self.0 - began).as_secs_f64() * 1e3
    }
}
