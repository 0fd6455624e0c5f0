//! The programs of a model, and the choice among them for a step.

use wgslm_gpu::{Gpu, Readback, ReadbackRing};
use wgslm_shaders::{Encoding, Output, Token};

use super::Inner;
use super::batch::Batch;
use super::sequence::Sampling;
use crate::Result;
use crate::model::{Counts, Graph, Program};

/// All programs of a model, built once. Of the bodies, as of the heads, a step runs the first that fits it.
pub(super) struct Programs {
    bodies: Vec<Choice>,
    heads: Vec<Choice>,
    truncation: Program,
    sampler: Program,
    pool: Program,
}

/// A program, and the steps it is for.
struct Choice {
    program: Program,
    /// The most tokens in a step. Heads for few tokens assume that output i is of token i.
    tokens: usize,
    /// For steps whose activations may be encoded, and no others.
    encoded: bool,
}

/// Any number of tokens.
const MANY: usize = usize::MAX;

impl Programs {
    /// Builds the programs, including those with activations in `encoding` if there is one.
    pub(super) fn build(graph: &Graph<'_>, encoding: Option<Encoding>) -> Result<Self> {
        let for_steps = |tokens, encoded, program| Choice { program, tokens, encoded };
        let (mut bodies, mut heads) = (Vec::new(), Vec::new());
        let fuses = graph.device.kernels().fuses();
        if fuses {
            let few = graph.workspace.split_tokens as usize;
            bodies.push(for_steps(few, false, graph.body(true)?));
            heads.push(for_steps(few, false, graph.head(true)?));
        }
        if encoding.is_some() {
            let encoding = Graph { encoding, ..*graph };
            bodies.push(for_steps(MANY, true, encoding.body(false)?));
            // Where few tokens have kernels of their own, encoding the single output at a prompt's end wouldn't pay.
            if !fuses {
                heads.push(for_steps(MANY, true, encoding.head(false)?));
            }
        }
        bodies.push(for_steps(MANY, false, graph.body(false)?));
        heads.push(for_steps(MANY, false, graph.head(false)?));
        Ok(Self { bodies, heads, truncation: graph.truncation(), sampler: graph.sampler(), pool: graph.pool()? })
    }

    /// Runs every program with no workgroups: see [`Gpu::touch`].
    pub(super) fn touch(&self, gpu: &Gpu) {
        let choices = self.bodies.iter().chain(&self.heads).map(|choice| &choice.program);
        gpu.touch(choices.chain([&self.truncation, &self.sampler, &self.pool]));
    }
}

/// The first program for a step of `tokens` tokens, whose activations may be encoded if `encode` is true.
fn choose(choices: &[Choice], tokens: usize, encode: bool) -> &Program {
    let found = choices.iter().find(|choice| tokens <= choice.tokens && (encode || !choice.encoded));
    found.map_or_else(|| unreachable!("the last is for any step"), |choice| &choice.program)
}

impl Inner {
    /// Runs a step and reads back the sampled tokens. The caller holds the lock of the state, here and in the functions below.
    pub(super) fn submit_batch(&self, batch: &Batch, encode: bool, ring: &mut ReadbackRing) -> Readback {
        self.write_batch(batch);
        let (programs, counts) = self.programs_of(batch, encode);
        let programs = programs.into_iter().flatten().map(|program| (program, counts));
        self.device.gpu().run_and_read(programs, &self.workspace.sampled, self.sampled_bytes(), ring)
    }

    /// Runs the tokens of a step through all layers, without outputs.
    pub(super) fn submit_tokens(&self, batch: &mut Batch, encode: bool) {
        batch.set_outputs(&[]);
        self.write_batch(batch);
        self.device.gpu().run([(choose(&self.programs.bodies, batch.tokens().len(), encode), batch.counts())]);
    }

    /// Computes and reads back the logits of `outputs` of the tokens submitted last.
    pub(super) fn submit_logits(
        &self,
        batch: &mut Batch,
        outputs: &[Output],
        encode: bool,
        ring: &mut ReadbackRing,
    ) -> Readback {
        batch.set_outputs(outputs);
        self.write_batch(batch);
        let programs = [(choose(&self.programs.heads, MANY, encode), batch.counts())];
        self.device.gpu().run_and_read(programs, &self.workspace.logits, self.logit_bytes(outputs.len()), ring)
    }

    /// Runs a step whose outputs name the first tokens of sequences, and reads back `bytes` bytes of their embeddings.
    pub(super) fn submit_embedding(
        &self,
        batch: &Batch,
        encode: bool,
        bytes: u64,
        ring: &mut ReadbackRing,
    ) -> Readback {
        self.write_batch(batch);
        let body = choose(&self.programs.bodies, batch.tokens().len(), encode);
        let programs = [body, &self.programs.pool].map(|program| (program, batch.counts()));
        self.device.gpu().run_and_read(programs, &self.workspace.embeddings, bytes, ring)
    }

    /// Bytes read back after a step: the token sampled last in each slot.
    pub(super) fn sampled_bytes(&self) -> u64 {
        self.workspace.sampled.size()
    }

    /// Bytes in the logits of `outputs` outputs.
    pub(super) fn logit_bytes(&self, outputs: usize) -> u64 {
        outputs as u64 * u64::from(self.model.spec.vocabulary) * 4
    }

    /// Writes the next step's batch to the device, in one write.
    pub(super) fn write_batch(&self, batch: &Batch) {
        self.device.gpu().write(&self.workspace.batch, 0, batch.bytes());
    }

    /// The programs that a step runs, in order, and the step's counts.
    pub(super) fn programs_of(&self, batch: &Batch, encode: bool) -> ([Option<&Program>; 4], Counts) {
        let Programs { bodies, heads, truncation, sampler, .. } = &self.programs;
        let (tokens, outputs) = (batch.tokens().len(), batch.outputs());
        let in_order = outputs.iter().enumerate().all(|(i, output)| output.token as usize == i);
        let samples = !outputs.is_empty();
        let programs = [
            Some(choose(bodies, tokens, encode)),
            samples.then(|| choose(heads, if in_order { tokens } else { MANY }, encode)),
            outputs.iter().any(Output::truncates).then_some(truncation),
            samples.then_some(sampler),
        ];
        (programs, batch.counts())
    }

    /// Dispatches in a step that decodes one token.
    pub(super) fn dispatches_per_token(&self, sampling: Sampling) -> usize {
        let mut batch = Batch::new(&self.workspace);
        batch.set_tokens(std::iter::once(Token::default()));
        batch.set_outputs(&[sampling.output(0, 0, 0)]);
        let (programs, counts) = self.programs_of(&batch, true);
        programs.into_iter().flatten().map(|program| program.len(counts)).sum()
    }
}
