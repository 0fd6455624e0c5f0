//! The programs of a model, and what a step of them is made of.

use std::iter;

use wgslm_shaders::{Encoding, Output, Row};

use super::Inner;
use crate::Result;
use crate::gpu::{Counts, Gpu, Program, Readback, ReadbackRing};
use crate::model::Graph;

/// Everything a model runs, made once.
pub(super) struct Programs {
    /// For few rows, where the device's kernels for them take in what stands beside a matrix.
    few: Option<Few>,
    body: Program,
    quantised: Option<Quantised>,
    head: Program,
    truncation: Program,
    sampler: Program,
}

struct Few {
    body: Program,
    /// Output i is row i.
    head: Program,
    /// The most rows it is for.
    rows: usize,
}

/// With encoded activations: for many rows or, where few have no kernels of their own, for any number.
struct Quantised {
    body: Program,
    /// Where it isn't for many rows alone: the one that a prompt's end has wouldn't be worth it.
    head: Option<Program>,
}

impl Quantised {
    fn build(graph: &Graph<'_>, encoding: Encoding) -> Result<Self> {
        let graph = Graph { encoding: Some(encoding), ..*graph };
        let head = (!graph.gpu.capabilities().fuses()).then(|| graph.head(false)).transpose()?;
        Ok(Self { body: graph.body(false)?, head })
    }
}

impl Programs {
    /// Also with activations in this encoding, where there is one.
    pub(super) fn build(graph: &Graph<'_>, encoding: Option<Encoding>) -> Result<Self> {
        let rows = graph.activations.split_rows as usize;
        let few = graph.gpu.capabilities().fuses();
        let few = few.then(|| Ok(Few { body: graph.body(true)?, head: graph.head(true)?, rows })).transpose()?;
        Ok(Self {
            few,
            body: graph.body(false)?,
            quantised: encoding.map(|encoding| Quantised::build(graph, encoding)).transpose()?,
            head: graph.head(false)?,
            truncation: graph.truncation(),
            sampler: graph.sampler(),
        })
    }

    /// The body and the head for these rows and outputs; `quantise`: with encoded activations where there
    /// are kernels for that many.
    fn of(&self, rows: &[Row], outputs: &[Output], quantise: bool) -> (&Program, &Program) {
        match &self.few {
            Some(few) if rows.len() <= few.rows => {
                let in_order = outputs.iter().enumerate().all(|(i, output)| output.row as usize == i);
                (&few.body, if in_order { &few.head } else { &self.head })
            }
            _ => match self.quantised.as_ref().filter(|_| quantise) {
                Some(quantised) => (&quantised.body, self.head(quantise)),
                None => (&self.body, &self.head),
            },
        }
    }

    /// The head for any outputs.
    fn head(&self, quantise: bool) -> &Program {
        let quantised = self.quantised.as_ref().filter(|_| quantise);
        quantised.and_then(|quantised| quantised.head.as_ref()).unwrap_or(&self.head)
    }

    /// Runs each without any work: see [`Gpu::touch`].
    pub(super) fn touch(&self, gpu: &Gpu) {
        let few = self.few.iter().flat_map(|few| [&few.body, &few.head]);
        let quantised = self.quantised.iter().flat_map(|quantised| iter::once(&quantised.body).chain(&quantised.head));
        let all = few.chain(quantised).chain([&self.body, &self.head, &self.truncation, &self.sampler]);
        gpu.touch(all);
    }

    pub(super) fn dispatches_per_token(&self) -> usize {
        let (body, head) = self.of(&[Row::default()], &[Output::default()], true);
        let counts = counts(&[Row::default()], 1);
        [body, head, &self.sampler].iter().map(|program| program.len(counts)).sum()
    }
}

/// Bytes that come back a step: the tokens sampled last in all slots.
pub(super) const SAMPLED_BYTES: u64 = 4 * super::SLOTS as u64;

impl Inner {
    /// Runs `rows` through the model and samples the `outputs`; brings the sampled tokens back. The caller holds the state.
    pub(super) fn submit_step(
        &self,
        rows: &[Row],
        outputs: &[Output],
        quantise: bool,
        ring: &mut ReadbackRing,
    ) -> Readback {
        let a = &self.activations;
        self.write_rows(rows);
        self.gpu.write(&a.outputs, 0, bytemuck::cast_slice(outputs));
        let (programs, counts) = self.step_programs(rows, outputs, quantise);
        let programs: Vec<_> = programs.into_iter().map(|program| (program, counts)).collect();
        self.gpu.run_and_read(&programs, &a.sampled, SAMPLED_BYTES, ring)
    }

    /// Writes the rows of the next step, and their end.
    pub(super) fn write_rows(&self, rows: &[Row]) {
        let rows: Vec<Row> = rows.iter().copied().chain([Row::END]).collect();
        self.gpu.write(&self.activations.rows, 0, bytemuck::cast_slice(&rows));
    }

    /// Runs `rows` through the model, up to the residual stream. The caller holds the state.
    pub(super) fn submit_rows(&self, rows: &[Row], quantise: bool) {
        self.write_rows(rows);
        self.gpu.run(&[(self.programs.of(rows, &[], quantise).0, counts(rows, 0))]);
    }

    /// Brings back the logits of `outputs` of the rows submitted last. The caller holds the state.
    pub(super) fn submit_logits(&self, outputs: &[Output], quantise: bool, ring: &mut ReadbackRing) -> Readback {
        self.gpu.write(&self.activations.outputs, 0, bytemuck::cast_slice(outputs));
        let programs = [(self.programs.head(quantise), counts(&[], outputs.len()))];
        self.gpu.run_and_read(&programs, &self.activations.logits, self.logit_bytes(outputs.len()), ring)
    }

    /// Bytes in the logits of `outputs` outputs.
    pub(super) fn logit_bytes(&self, outputs: usize) -> u64 {
        outputs as u64 * u64::from(self.model.spec.vocabulary) * 4
    }

    /// What a step of these rows and outputs runs, in order, and how much of it.
    pub(super) fn step_programs(&self, rows: &[Row], outputs: &[Output], quantise: bool) -> (Vec<&Program>, Counts) {
        let (body, head) = self.programs.of(rows, outputs, quantise);
        let mut programs = vec![body];
        if !outputs.is_empty() {
            programs.push(head);
            if outputs.iter().any(Output::truncates) {
                programs.push(&self.programs.truncation);
            }
            programs.push(&self.programs.sampler);
        }
        (programs, counts(rows, outputs.len()))
    }
}

fn counts(rows: &[Row], outputs: usize) -> Counts {
    let context = rows.iter().map(|row| row.position + 1).max().unwrap_or(0);
    Counts { rows: rows.len() as u32, outputs: outputs as u32, context }
}
