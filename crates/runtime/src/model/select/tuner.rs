//! Finds the fastest kernel for a single token and each kind of matrix of a model, by timing all of them on the model's weights.

use std::collections::BTreeMap;

use web_time::Instant;
use wgslm_gpu::{AsGiven, Buffer, Gpu, Program, ProgramBuilder};
use wgslm_shaders::format::GROUP;
use wgslm_shaders::{Activation, Encoding, Extent, Linear, LinearKernel, LinearVariant};

use super::{MatrixKind, Precision};
use crate::model::tensors::{EMBEDDINGS, GATE_UP, POSITIONS, TOKEN_TYPES};
use crate::model::{Matrix, Model};
use crate::{Device, Result};

/// Matrices of a kind to run in turn: enough that the cache of a large device doesn't hold them all.
const MATRICES: usize = 48;

/// Dispatches timed together: enough to outweigh the wait for them, which takes some ms in a browser.
const DISPATCHES: usize = if cfg!(target_arch = "wasm32") { 480 } else { 96 };

/// Measurements of each kernel, of which the shortest counts.
const MEASUREMENTS: usize = if cfg!(target_arch = "wasm32") { 2 } else { 5 };

/// How many times longer codes may take than f32 for a single token: they are several times as fast for several.
const WORTH_ENCODING: f64 = 1.25;

/// The kernels to measure, built before the weights arrive so that their pipelines compile meanwhile.
pub(crate) struct Tuner {
    candidates: Vec<(MatrixKind, Vec<Candidate>)>,
}

struct Candidate {
    kernel: LinearKernel,
    program: Program<AsGiven>,
    /// Runs of the program in a measurement.
    repeats: usize,
}

impl Tuner {
    /// A tuner for the kinds of matrix in `model` that the device has no kernel for yet; for none on devices that aren't tuned.
    ///
    /// # Errors
    /// As [`Gpu::storage_buffer`].
    pub(crate) fn new(device: &Device, model: &Model) -> Result<Self> {
        let (gpu, kernels) = (device.gpu(), device.kernels());
        if !kernels.fuses() || kernels.software {
            return Ok(Self { candidates: Vec::new() });
        }
        let mut kinds: BTreeMap<MatrixKind, Vec<(&Matrix, bool)>> = BTreeMap::new();
        for (name, matrix) in model.weights.matrices() {
            let looked_up = [POSITIONS, TOKEN_TYPES].contains(&name) || (name == EMBEDDINGS && !model.spec.tied_head);
            let decodes = !looked_up && matrix.unit == 1;
            if decodes && matrix.parts.len() == 1 {
                let matrices = kinds.entry(matrix.kind(Precision::Rounded)).or_default();
                matrices.push((matrix, name.contains(GATE_UP)));
            }
        }
        let unknown = kinds.into_iter().filter(|(kind, _)| !kernels.is_tuned(kind));
        let candidates = unknown.map(|(kind, matrices)| {
            let matrices = &matrices[..matrices.len().min(MATRICES)];
            let repeats = DISPATCHES.div_ceil(matrices.len());
            let candidate = |kernel| Ok(Candidate { kernel, program: program(gpu, &kind, matrices, kernel)?, repeats });
            let all = LinearVariant::single_token(kind.format, kernels.subgroups);
            Ok((kind, all.map(candidate).collect::<Result<_>>()?))
        });
        Ok(Self { candidates: candidates.collect::<Result<_>>()? })
    }

    /// Measures all kernels on the model's weights and records the fastest of each precision for each kind of matrix on the device: see
    /// [`Device::tuning`]. Returns true where there was anything to choose. Takes about a second in a browser, a fifth of that
    /// natively.
    ///
    /// # Errors
    /// What the device reports.
    pub(crate) async fn run(self, device: &Device) -> Result<bool> {
        for (kind, candidates) in &self.candidates {
            let measured = measure(device.gpu(), candidates).await?;
            let measured: Vec<(f64, LinearKernel)> = candidates
                .iter()
                .zip(measured)
                .map(|(candidate, seconds)| {
                    let kernel = candidate.kernel;
                    tracing::trace!(?kind, kernel = kernel.name(), seconds, "measured");
                    let worth = if kernel.integer_encoding().is_some() { WORTH_ENCODING } else { 1.0 };
                    (seconds / worth, kernel)
                })
                .collect();
            for precision in Precision::ALL {
                let allowed = measured.iter().filter(|(_, kernel)| precision.allows(kernel));
                if let Some((_, kernel)) = allowed.min_by(|a, b| a.0.total_cmp(&b.0)) {
                    let kind = MatrixKind { precision, ..*kind };
                    tracing::debug!(?kind, kernel = kernel.name(), "tuned");
                    device.kernels().choose(kind, *kernel);
                }
            }
        }
        Ok(!self.candidates.is_empty())
    }
}

/// A program with one dispatch for each matrix.
fn program(
    gpu: &Gpu,
    kind: &MatrixKind,
    matrices: &[(&Matrix, bool)],
    kernel: LinearKernel,
) -> Result<Program<AsGiven>> {
    let x = gpu.storage_buffer("tuning input", u64::from(kind.groups) * GROUP as u64 * 4)?;
    let y: Buffer = gpu.storage_buffer("tuning output", u64::from(kind.rows) * 4)?;
    let variant = LinearVariant { format: kind.format, kernel };
    let encoding = kernel.integer_encoding();
    let bytes = |of: fn(Encoding) -> u64| encoding.map_or(4, |encoding| of(encoding) * u64::from(kind.groups));
    let codes_x = gpu.storage_buffer("tuning codes", bytes(Encoding::group_bytes))?;
    let scales_x = gpu.storage_buffer("tuning scales", 2 * bytes(Encoding::scale_bytes))?;
    let mut builder = ProgramBuilder::default();
    for (matrix, gated) in matrices {
        let outputs = if *gated { kind.rows / 2 } else { kind.rows };
        let params = Linear {
            outputs,
            groups: kind.groups,
            tokens: 1,
            x_stride: kind.groups * GROUP as u32 / 4,
            y_stride: outputs,
            gate_outputs: if *gated { outputs } else { 0 },
            norm_width: if *gated { kind.groups * GROUP as u32 } else { 0 },
            epsilon: 1.0,
            activation: if *gated { Activation::Silu as u32 } else { 0 },
            ..Linear::default()
        };
        for part in &matrix.parts {
            let mut resources = vec![("codes", &part.codes), ("x", &x), ("y", &y), ("norm", &x), ("bias", &x)];
            resources.extend([("codes_x", &codes_x), ("scales_x", &scales_x)]);
            resources.extend(part.scales.as_ref().map(|scales| ("scales", scales)));
            builder.dispatch(params, variant, AsGiven, &resources);
        }
    }
    Ok(builder.build(gpu))
}

/// Seconds for the runs of each candidate: the shortest of several measurements, taken in turn, since a device's clock changes meanwhile.
async fn measure(gpu: &Gpu, candidates: &[Candidate]) -> Result<Vec<f64>> {
    let extent = Extent { count: 1, context: 1 };
    let run = |program, repeats| gpu.run(std::iter::repeat_n((program, extent), repeats));
    // Not timed: the device may have to prepare weights and a kernel on first use.
    candidates.iter().for_each(|candidate| run(&candidate.program, 1));
    gpu.finished().await?;
    let mut best = vec![f64::INFINITY; candidates.len()];
    for _ in 0..MEASUREMENTS {
        for (best, Candidate { program, repeats, .. }) in best.iter_mut().zip(candidates) {
            let began = Instant::now();
            run(program, *repeats);
            gpu.finished().await?;
            *best = best.min(began.elapsed().as_secs_f64());
        }
    }
    Ok(best)
}
