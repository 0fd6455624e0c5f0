//! A step of the scheduler as a batch of the device, and its tokens as those of answers.

use std::time::Duration;

use wgslm_gpu::Readback;
use wgslm_shaders::{Logprobs, Output, Sample, Token};

use super::super::inner::{Inner, State};
use super::super::metrics::registry::FeatureId;
use super::super::schedule::{self, Part, RequestId, Source, Step};
use super::super::{FinishReason, Outcome};
use crate::Error;

/// A step that was submitted.
pub(super) struct InFlight {
    pub(super) readback: Readback,
    number: u64,
    submitted: Duration,
    /// The requests that it samples tokens for, with their slots and the tokens before these.
    sampled: Vec<(RequestId, u32, u32)>,
    /// Its rows by feature.
    rows: Vec<(FeatureId, u32)>,
}

impl InFlight {
    /// Drops the step unread.
    pub(super) fn abandon(self, state: &mut State) {
        state.scheduler.finished(self.number);
    }
}

impl Inner {
    /// Submits a step.
    pub(super) fn submit_step(&self, state: &mut State, step: &Step) -> InFlight {
        let now = self.now();
        let (mut tokens, mut outputs) = (Vec::new(), Vec::new());
        let (mut sampled, mut rows) = (Vec::new(), Vec::new());
        for part in &step.parts {
            self.add_part(state, part, &mut tokens);
            let (Some(open), Some(answer)) = (state.open.get(&part.id), state.answers.get_mut(part.id)) else {
                continue;
            };
            rows.push((answer.feature, part.tokens));
            if part.source == Source::Prompt {
                answer.timeline.prefill_began.get_or_insert(now);
            }
            if part.samples {
                let end = part.first + part.tokens;
                if part.source == Source::Prompt {
                    let known = state.scheduler.tokens(part.id).unwrap_or_default();
                    self.write_sampling(open.slot, &answer.sampling, known);
                }
                outputs.push(answer.sampling.output(tokens.len() as u32 - 1, open.slot, end));
                sampled.push((part.id, open.slot, end));
            }
        }
        let readback = self.submit_rows(state, step, tokens, &outputs);
        for part in &step.parts {
            self.remember_known(state, part);
        }
        InFlight { readback, number: step.number, submitted: now, sampled, rows }
    }

    fn submit_rows(&self, state: &mut State, step: &Step, tokens: Vec<Token>, outputs: &[Output]) -> Readback {
        state.batch.set_tokens(tokens.into_iter());
        state.batch.set_outputs(outputs);
        self.submit_batch(&state.batch, step.kind, self.wanted.rounds(), &mut state.ring)
    }

    /// Appends the rows of a part, whose sequence has them from now on.
    fn add_part(&self, state: &mut State, part: &Part, tokens: &mut Vec<Token>) {
        let Some(open) = state.open.get(&part.id) else { return };
        let (slot, memory) = (open.slot, &mut state.memory);
        if let Some(change) = memory.take_table_changes(slot) {
            self.kv.write_table(self.device.gpu(), slot, change.first, &change.entries);
        }
        let end = part.first + part.tokens;
        let states = memory.next_state(slot, end);
        let inner_marks = open.marks(part).filter(|mark| *mark < end);
        let checkpoints: Vec<(u32, u32)> =
            inner_marks.filter_map(|mark| Some((mark, memory.checkpoint(slot, mark)?))).collect();
        memory.advance(slot, end);
        let state_to = |length: u32| match states {
            Some(states) if length == end => states.to + 1,
            _ => checkpoints.iter().find(|checkpoint| checkpoint.0 == length).map_or(0, |(_, state)| state + 1),
        };
        let prompt = state.scheduler.tokens(part.id).unwrap_or_default();
        let state_from = states.and_then(|states| states.from).unwrap_or(0);
        let table = self.kv.table_offset(slot);
        tokens.extend((part.first..end).map(|position| {
            let (token, source) = match part.source {
                Source::Prompt => (prompt.get(position as usize).copied().unwrap_or(0), 0),
                Source::Sampled => (0, slot + 1),
            };
            let context = position + 1;
            Token { token, position, table, source, context, state_from, state_to: state_to(context) }
        }));
    }

    /// Caches the tokens that a prompt has in common with others once they have run, before what they need falls out of windows.
    fn remember_known(&self, state: &mut State, part: &Part) {
        let Some(open) = state.open.get(&part.id) else { return };
        let end = part.first + part.tokens;
        for mark in open.marks(part).filter(|mark| open.is_known(*mark) || *mark == end) {
            if let Some(tokens) = state.scheduler.tokens(part.id) {
                state.memory.remember(open.slot, &tokens[..mark as usize]);
            }
        }
    }

    /// Gives the tokens of a step that was read to their answers.
    pub(super) fn receive(&self, state: &mut State, step: InFlight, bytes: &[u8]) {
        let at = self.now();
        let (tokens, logprobs) = bytes.split_at(self.workspace.sampled.size() as usize);
        let tokens: Vec<u32> = bytemuck::pod_collect_to_vec(tokens);
        let logprobs: Vec<Logprobs> = bytemuck::pod_collect_to_vec(logprobs);
        for (output, (id, slot, position)) in step.sampled.into_iter().enumerate() {
            let token = tokens[slot as usize];
            if token == Sample::NOT_FINITE {
                if let Some(open) = state.open.get_mut(&id) {
                    open.damaged = true;
                }
                self.fail(state, id, Outcome::Failed, || Error::NotFinite { position });
            } else {
                self.receive_token(state, id, (token, logprobs.get(output)), at);
            }
        }
        self.metrics.step(step.submitted, at, &step.rows);
        state.scheduler.finished(step.number);
        self.give_back(state);
    }

    fn receive_token(
        &self,
        state: &mut State,
        id: RequestId,
        (token, logprobs): (u32, Option<&Logprobs>),
        at: Duration,
    ) {
        // Steps that ran ahead of the end have tokens for nobody.
        let Some(answer) = state.answers.get_mut(id) else { return };
        let since_last = answer.timeline.note_token(at);
        self.metrics.token(answer.feature, at, since_last);
        let logprob = logprobs.and_then(|logprobs| answer.sampling.logprobs(logprobs, self.model.spec.vocabulary));
        let end = answer.push((token, logprob), at, &mut state.wakers);
        let outcome =
            if end == Some(FinishReason::Stop) { schedule::Outcome::Stop } else { schedule::Outcome::Token(token) };
        let ended = state.scheduler.sampled(id, outcome);
        debug_assert_eq!(ended, end.is_some(), "the scheduler and the answer have the same limits");
        match end {
            Some(reason) => self.finish(state, id, reason),
            None => remember_prompt(state, id),
        }
    }
}

/// Caches a prompt once its first token has shown that its values are finite.
fn remember_prompt(state: &mut State, id: RequestId) {
    let Some(open) = state.open.get_mut(&id) else { return };
    if std::mem::replace(&mut open.remembered, true) {
        return;
    }
    if let Some(tokens) = state.scheduler.tokens(id) {
        state.memory.remember(open.slot, &tokens[..open.prompt as usize]);
    }
}
