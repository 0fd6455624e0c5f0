//! The programs of a model, and the choice among them for a step.

use wgslm_gpu::{Gpu, Readback, ReadbackRing};
use wgslm_shaders::{Encoding, Output, Token};

use super::Inner;
use super::Sampling;
use super::batch::Batch;
use super::sampling_programs::SamplingPrograms;
use super::schedule::Kind;
use crate::Result;
use crate::model::select::Precision;
use crate::model::{Counts, Graph, Program, StepSize, Workspace};

/// All programs of a model, built once. Of the bodies, as of the heads, a step runs the first that fits it.
pub(super) struct Programs {
    bodies: Vec<Choice>,
    heads: Vec<Choice>,
    sampling: SamplingPrograms,
    pool: Program,
}

/// A program, and the steps it is for.
struct Choice {
    program: Program,
    /// The most tokens, or outputs, in a step.
    most: usize,
    /// For sequences whose activations may be rounded, and no others.
    rounds: bool,
    /// For outputs that are the step's tokens in order.
    in_order: bool,
}

/// Any number of tokens.
const MANY: usize = usize::MAX;

impl Programs {
    /// Builds the programs, those that round activations only where `encoding` is given, the one for steps of many tokens.
    pub(super) fn build(graph: &Graph<'_>, encoding: Option<Encoding>) -> Result<Self> {
        let kernels = graph.device.kernels();
        let few = graph.workspace.split_tokens as usize;
        let rounds = encoding.is_some();
        let mut steps = Vec::new();
        if kernels.fuses() {
            if rounds {
                steps.push((Graph { step: StepSize::Few, ..*graph }, few));
            }
            let most = few.min(kernels.few_float_tokens() as usize);
            steps.push((Graph { step: StepSize::Few, precision: Precision::Float, ..*graph }, most));
        }
        if rounds {
            steps.push((Graph { encoding, ..*graph }, MANY));
        }
        steps.push((Graph { precision: Precision::Float, ..*graph }, MANY));
        let choice = |graph: &Graph<'_>, most, in_order, program| Choice {
            program,
            most,
            rounds: graph.precision == Precision::Rounded,
            in_order,
        };
        let bodies = steps.iter().map(|(graph, most)| Ok(choice(graph, *most, false, graph.body()?)));
        // Where few tokens have kernels of their own, those for many don't pay for the outputs.
        let heads = steps.iter().filter(|(graph, _)| !kernels.fuses() || graph.encoding.is_none());
        let heads = heads.flat_map(|(graph, most)| {
            let in_order: &[bool] = if graph.step == StepSize::Few { &[true, false] } else { &[false] };
            in_order.iter().map(move |in_order| Ok(choice(graph, *most, *in_order, graph.head(*in_order)?)))
        });
        Ok(Self {
            bodies: bodies.collect::<Result<_>>()?,
            heads: heads.collect::<Result<_>>()?,
            sampling: SamplingPrograms::build(graph),
            pool: graph.pool()?,
        })
    }

    /// Runs every program with no workgroups: see [`Gpu::touch`].
    pub(super) fn touch(&self, gpu: &Gpu) {
        let choices = self.bodies.iter().chain(&self.heads).map(|choice| &choice.program);
        gpu.touch(choices.chain(self.sampling.all()).chain([&self.pool]));
    }
}

impl Programs {
    /// The most tokens that the programs for few take, of sequences whose activations may be rounded if `round` is true; `None` where one
    /// program takes any number.
    pub(super) fn few_tokens(&self, round: bool) -> Option<u32> {
        let few = self.bodies.iter().find(|choice| choice.most < MANY && (round || !choice.rounds));
        few.map(|choice| choice.most as u32)
    }

    /// The program that runs a step's tokens through all layers. A step of many tokens has the kernels for many though it has few, as the
    /// last chunk of a prompt may: a sequence's values don't depend on what else is in its steps.
    fn body(&self, kind: Kind, tokens: usize, round: bool) -> &Program {
        choose(&self.bodies, if kind == Kind::Bulk { MANY } else { tokens }, true, round)
    }
}

/// The first program for a step of `count` tokens or outputs of sequences whose activations may be rounded if `round` is true.
fn choose(choices: &[Choice], count: usize, in_order: bool, round: bool) -> &Program {
    let fits = |choice: &&Choice| count <= choice.most && (round || !choice.rounds) && (in_order || !choice.in_order);
    choices.iter().find(fits).map_or_else(|| unreachable!("the last is for any step"), |choice| &choice.program)
}

impl Inner {
    /// Runs a step and reads back the sampled tokens and, where an output wants them, the log-probabilities. The caller holds the lock of the state, here and in the functions below.
    pub(super) fn submit_batch(&self, batch: &Batch, kind: Kind, round: bool, ring: &mut ReadbackRing) -> Readback {
        self.write_batch(batch);
        let (programs, counts) = self.programs_of(batch, kind, round);
        let programs = programs.into_iter().map(|program| (program, counts));
        let Workspace { results, sampled, .. } = &self.workspace;
        let logprobs = batch.outputs().iter().any(Output::wants_logprobs);
        let bytes = if logprobs { results.size() } else { sampled.size() };
        self.device.gpu().run_and_read(programs, results, bytes, ring)
    }

    /// Runs the tokens of a step through all layers, without outputs.
    pub(super) fn submit_tokens(&self, batch: &mut Batch, kind: Kind, round: bool) {
        batch.set_outputs(&[]);
        self.write_batch(batch);
        self.device.gpu().run([(self.programs.body(kind, batch.tokens().len(), round), batch.counts())]);
    }

    /// Computes and reads back the logits of `outputs` of the tokens submitted last.
    pub(super) fn submit_logits(
        &self,
        batch: &mut Batch,
        outputs: &[Output],
        round: bool,
        ring: &mut ReadbackRing,
    ) -> Readback {
        batch.set_outputs(outputs);
        self.write_batch(batch);
        let programs = [(choose(&self.programs.heads, outputs.len(), false, round), batch.counts())];
        self.device.gpu().run_and_read(programs, &self.workspace.logits, self.logit_bytes(outputs.len()), ring)
    }

    /// Runs a step whose outputs name the first tokens of sequences, and reads back `bytes` bytes of their embeddings or scores.
    pub(super) fn submit_pooled(&self, batch: &Batch, round: bool, bytes: u64, ring: &mut ReadbackRing) -> Readback {
        self.write_batch(batch);
        let body = self.programs.body(Kind::Few, batch.tokens().len(), round);
        let programs = [body, &self.programs.pool].map(|program| (program, batch.counts()));
        self.device.gpu().run_and_read(programs, &self.workspace.embeddings, bytes, ring)
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
    pub(super) fn programs_of(&self, batch: &Batch, kind: Kind, round: bool) -> (Vec<&Program>, Counts) {
        let Programs { heads, sampling, .. } = &self.programs;
        let (tokens, outputs) = (batch.tokens().len(), batch.outputs());
        let in_order = outputs.iter().enumerate().all(|(i, output)| output.token as usize == i);
        let mut programs = vec![self.programs.body(kind, tokens, round)];
        if !outputs.is_empty() {
            programs.push(choose(heads, outputs.len(), in_order, round));
            programs.extend(sampling.asked_by(outputs));
        }
        (programs, batch.counts())
    }

    /// Dispatches in a step that decodes one token.
    pub(super) fn dispatches_per_token(&self, sampling: &Sampling) -> usize {
        let mut batch = Batch::new(&self.workspace);
        batch.set_tokens(std::iter::once(Token::default()));
        batch.set_outputs(&[sampling.output(0, 0, 0)]);
        let (programs, counts) = self.programs_of(&batch, Kind::Few, self.wanted.rounds());
        programs.into_iter().map(|program| program.len(counts)).sum()
    }
}
