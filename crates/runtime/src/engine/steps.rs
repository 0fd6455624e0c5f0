//! The programs of a model, and what a step of them is made of.

use wgslm_shaders::{Output, Row};

use super::Inner;
use crate::Result;
use crate::gpu::{Counts, Program, Readback, ReadbackRing};
use crate::model::Graph;

/// Everything a model runs, made once.
pub(super) struct Programs {
    decode: Program,
    prefill: Program,
    head: Program,
    head_of_many: Program,
    truncation: Program,
    sampler: Program,
}

impl Programs {
    pub(super) fn build(graph: &Graph<'_>) -> Result<Self> {
        Ok(Self {
            decode: graph.body(false)?,
            prefill: graph.body(true)?,
            head: graph.head(false)?,
            head_of_many: graph.head(true)?,
            truncation: graph.truncation(),
            sampler: graph.sampler(),
        })
    }

    pub(super) fn dispatches_per_token(&self) -> usize {
        self.decode.len() + self.head.len() + self.sampler.len()
    }
}

/// Bytes that come back a step: the tokens sampled last in all slots.
pub(super) const SAMPLED_BYTES: u64 = 4 * super::SLOTS as u64;

impl Inner {
    /// Runs `rows` through the model and samples the `outputs`; brings the sampled tokens back. The caller holds the state.
    pub(super) fn submit_step(&self, rows: &[Row], outputs: &[Output], ring: &mut ReadbackRing) -> Readback {
        let a = &self.activations;
        self.gpu.write(&a.rows, 0, bytemuck::cast_slice(rows));
        self.gpu.write(&a.outputs, 0, bytemuck::cast_slice(outputs));
        let counts = counts(rows.len(), outputs.len());
        let mut programs = vec![(self.body(rows.len()), counts)];
        if !outputs.is_empty() {
            programs.push((self.head(outputs.len()), counts));
            if outputs.iter().any(Output::truncates) {
                programs.push((&self.programs.truncation, counts));
            }
            programs.push((&self.programs.sampler, counts));
        }
        self.gpu.run_and_read(&programs, &a.sampled, SAMPLED_BYTES, ring)
    }

    /// Runs `rows` through the model, up to the residual stream. The caller holds the state.
    pub(super) fn submit_rows(&self, rows: &[Row]) {
        self.gpu.write(&self.activations.rows, 0, bytemuck::cast_slice(rows));
        self.gpu.run(&[(self.body(rows.len()), counts(rows.len(), 0))]);
    }

    /// Brings back the logits of `outputs` of the rows submitted last. The caller holds the state.
    pub(super) fn submit_logits(&self, outputs: &[Output], ring: &mut ReadbackRing) -> Readback {
        self.gpu.write(&self.activations.outputs, 0, bytemuck::cast_slice(outputs));
        let programs = [(self.head(outputs.len()), counts(0, outputs.len()))];
        self.gpu.run_and_read(&programs, &self.activations.logits, self.logit_bytes(outputs.len()), ring)
    }

    /// Bytes in the logits of `outputs` outputs.
    pub(super) fn logit_bytes(&self, outputs: usize) -> u64 {
        outputs as u64 * u64::from(self.model.spec.vocabulary) * 4
    }

    fn body(&self, rows: usize) -> &Program {
        if rows == 1 { &self.programs.decode } else { &self.programs.prefill }
    }

    fn head(&self, outputs: usize) -> &Program {
        if outputs == 1 { &self.programs.head } else { &self.programs.head_of_many }
    }
}

fn counts(rows: usize, outputs: usize) -> Counts {
    Counts { rows: rows as u32, outputs: outputs as u32 }
}
