//! Finds the fastest shape of `matvec` for each kind of matrix of a model, by timing all shapes on the model's weights.

use std::collections::BTreeMap;

use web_time::Instant;
use wgslm_gpu::{AsGiven, Buffer, Gpu, Program, ProgramBuilder};
use wgslm_shaders::format::GROUP;
use wgslm_shaders::{Activation, Extent, Linear, LinearKernel, LinearVariant, MatvecShape};

use super::MatrixKind;
use crate::model::tensors::{EMBEDDINGS, GATE_UP, POSITIONS, TOKEN_TYPES};
use crate::model::{Matrix, Model};
use crate::{Device, Result};

/// Matrices of a kind to run in turn: enough that the cache of a large device doesn't hold them all.
const MATRICES: usize = 12;

/// Dispatches timed together: enough to outweigh the wait for them, which takes some ms in a browser.
const DISPATCHES: usize = if cfg!(target_arch = "wasm32") { 480 } else { 96 };

/// Measurements of each shape, of which the shortest counts.
const MEASUREMENTS: usize = if cfg!(target_arch = "wasm32") { 2 } else { 5 };

/// The shapes of `matvec` to measure, built before the weights arrive so that their pipelines compile meanwhile.
pub(crate) struct Tuner {
    candidates: Vec<(MatrixKind, Vec<Candidate>)>,
}

struct Candidate {
    shape: MatvecShape,
    program: Program<AsGiven>,
    /// Runs of the program in a measurement.
    repeats: usize,
}

impl Tuner {
    /// A tuner for the kinds of matrix in `model` that the device has no shape for yet; for none on devices that aren't tuned.
    ///
    /// # Errors
    /// As [`Gpu::storage_buffer`].
    pub(crate) fn new(device: &Device, model: &Model) -> Result<Self> {
        let (gpu, kernels) = (device.gpu(), device.kernels());
        if !kernels.fuses() || !kernels.subgroups || kernels.software {
            return Ok(Self { candidates: Vec::new() });
        }
        let mut kinds: BTreeMap<MatrixKind, Vec<&Matrix>> = BTreeMap::new();
        for (name, matrix) in model.weights.matrices() {
            let looked_up = [POSITIONS, TOKEN_TYPES].contains(&name) || (name == EMBEDDINGS && !model.spec.tied_head);
            let decodes = !looked_up && matrix.unit == 1;
            if decodes && let [part] = matrix.parts.as_slice() {
                let kind = matrix.kind(part.rows, name.contains(GATE_UP));
                kinds.entry(kind).or_default().push(matrix);
            }
        }
        let unknown = kinds.into_iter().filter(|(kind, _)| kernels.shape(kind).is_none());
        let candidates = unknown.map(|(kind, matrices)| {
            let matrices = &matrices[..matrices.len().min(MATRICES)];
            let repeats = DISPATCHES.div_ceil(matrices.len());
            let candidate = |shape| Ok(Candidate { shape, program: program(gpu, &kind, matrices, shape)?, repeats });
            Ok((kind, MatvecShape::single_token(kind.format).map(candidate).collect::<Result<_>>()?))
        });
        Ok(Self { candidates: candidates.collect::<Result<_>>()? })
    }

    /// Measures all shapes on the model's weights and records the fastest for each kind of matrix on the device: see
    /// [`Device::tuning`]. Returns true where there was anything to choose. Takes about a second in a browser, a fifth of that
    /// natively.
    ///
    /// # Errors
    /// What the device reports.
    pub(crate) async fn run(self, device: &Device) -> Result<bool> {
        for (kind, candidates) in &self.candidates {
            let mut best = (f64::INFINITY, MatvecShape::DEFAULT);
            for Candidate { shape, program, repeats } in candidates {
                let seconds = measure(device.gpu(), program, *repeats).await?;
                if seconds < best.0 {
                    best = (seconds, *shape);
                }
            }
            tracing::debug!(?kind, shape = ?best.1, "tuned");
            device.kernels().choose(*kind, best.1);
        }
        Ok(!self.candidates.is_empty())
    }
}

/// A program with one dispatch for each matrix.
fn program(gpu: &Gpu, kind: &MatrixKind, matrices: &[&Matrix], shape: MatvecShape) -> Result<Program<AsGiven>> {
    let x = gpu.storage_buffer("tuning input", u64::from(kind.groups) * GROUP as u64 * 4)?;
    let y: Buffer = gpu.storage_buffer("tuning output", u64::from(kind.rows) * 4)?;
    let outputs = if kind.gated { kind.rows / 2 } else { kind.rows };
    let params = Linear {
        outputs,
        groups: kind.groups,
        tokens: 1,
        x_stride: kind.groups * GROUP as u32 / 4,
        y_stride: outputs,
        gate_outputs: if kind.gated { outputs } else { 0 },
        norm_width: if kind.gated { kind.groups * GROUP as u32 } else { 0 },
        epsilon: 1.0,
        activation: if kind.gated { Activation::Silu as u32 } else { 0 },
        ..Linear::default()
    };
    let mut builder = ProgramBuilder::default();
    for part in matrices.iter().flat_map(|matrix| &matrix.parts) {
        let kernel = LinearKernel::Matvec { shape, subgroups: true, experts: false };
        let variant = LinearVariant { format: kind.format, kernel };
        let mut resources = vec![("codes", &part.codes), ("x", &x), ("y", &y), ("norm", &x), ("bias", &x)];
        resources.extend(part.scales.as_ref().map(|scales| ("scales", scales)));
        builder.dispatch(params, variant, AsGiven, &resources);
    }
    Ok(builder.build(gpu))
}

/// Seconds for `repeats` runs of a program.
async fn measure(gpu: &Gpu, program: &Program<AsGiven>, repeats: usize) -> Result<f64> {
    let extent = Extent { count: 1, context: 1 };
    let run = |repeats| gpu.run(std::iter::repeat_n((program, extent), repeats));
    // Not timed: the device may have to prepare weights and a kernel on first use.
    run(1);
    gpu.finished().await?;
    let mut best = f64::INFINITY;
    for _ in 0..MEASUREMENTS {
        let began = Instant::now();
        run(repeats);
        gpu.finished().await?;
        best = best.min(began.elapsed().as_secs_f64());
    }
    Ok(best)
}
