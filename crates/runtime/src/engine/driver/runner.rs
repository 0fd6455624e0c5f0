//! A step of the scheduler as a batch of the device, and its tokens as those of answers.

use std::time::Duration;

use wgslm_gpu::Readback;
use wgslm_shaders::{Logprobs, Output, Sample, Token};

use super::super::cache::StateStep;
use super::super::inner::{Inner, State};
use super::super::metrics::registry::FeatureId;
use super::super::schedule::{self, Part, RequestId, Source, Step};
use super::super::speculate::Read;
use super::super::{FinishReason, Outcome};
use super::masks::Grammar;
use crate::Error;

/// A step that was submitted.
pub(super) struct InFlight {
    pub(super) readback: Readback,
    number: u64,
    submitted: Duration,
    /// The requests that it samples tokens for.
    sampled: Vec<Sampled>,
    /// Its rows by feature.
    rows: Vec<(FeatureId, u32)>,
}

/// The tokens that a step samples for a request.
struct Sampled {
    id: RequestId,
    slot: u32,
    /// The tokens before the first sampled one.
    position: u32,
    /// The output of the first.
    output: u32,
    drafts: Vec<u32>,
    /// Only tokens that the request's grammar allows were sampled.
    masked: bool,
}

impl Sampled {
    /// The place of the token that is sampled at a draft: where another draft follows, one of the step's own, after those of all slots; the
    /// last one goes to the request's slot, from where later steps take it.
    fn place(&self, draft: u32, slots: u32) -> u32 {
        if draft as usize == self.drafts.len() { self.slot } else { slots + self.output + draft }
    }
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
            if part.source == Source::Known {
                answer.timeline.prefill_began.get_or_insert(now);
            }
            if part.samples {
                let known = state.scheduler.tokens(part.id).unwrap_or_default();
                let drafts = state.scheduler.drafts(part.id)[..part.drafts as usize].to_vec();
                if part.first < open.prompt {
                    self.write_sampling(open.slot, &answer.sampling);
                }
                if part.source == Source::Known {
                    self.write_history(open.slot, &answer.sampling, (known, &drafts));
                }
                let constraint = answer.grammar.as_ref().filter(|_| answer.is_stepwise()).map(Grammar::lock);
                let masks = constraint.as_ref().map(|constraint| constraint.masks()).unwrap_or_default();
                for (output, mask) in (outputs.len() as u32..).zip(masks.iter().take(drafts.len() + 1)) {
                    self.write_mask(output, mask);
                }
                let mask = if masks.is_empty() { 0 } else { outputs.len() as u32 + 1 };
                let position = part.first + part.tokens - part.drafts;
                let (output, masked) = (outputs.len() as u32, mask > 0);
                let first = Sampled { id: part.id, slot: open.slot, position, output, drafts, masked };
                let row = tokens.len() as u32 - 1 - part.drafts;
                outputs.extend((0..=part.drafts).map(|draft| {
                    let output = answer.sampling.output(row + draft, open.slot, position + draft);
                    let mask = if mask > 0 { mask + draft } else { 0 };
                    Output { sampled: first.place(draft, self.slots), mask, ..output }
                }));
                sampled.push(first);
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
        // A sequence may go on from after any of its drafts.
        let states: Vec<(u32, StateStep)> =
            (end - part.drafts..=end).filter_map(|length| Some((length, memory.next_state(slot, length)?))).collect();
        let inner_marks = open.marks(part).filter(|mark| *mark < end);
        let checkpoints: Vec<(u32, u32)> =
            inner_marks.filter_map(|mark| Some((mark, memory.checkpoint(slot, mark)?))).collect();
        memory.advance(slot, end);
        let state_from = states.first().and_then(|(_, step)| step.from).unwrap_or(0);
        let written = states.into_iter().map(|(length, step)| (length, step.to)).chain(checkpoints);
        let written: Vec<(u32, u32)> = written.collect();
        let state_to = |length: u32| written.iter().find(|state| state.0 == length).map_or(0, |(_, state)| state + 1);
        let known = state.scheduler.tokens(part.id).unwrap_or_default();
        let drafts = state.scheduler.drafts(part.id);
        let known = known.iter().chain(drafts).copied().skip(part.first as usize);
        let table = self.kv.table_offset(slot);
        let rows = (part.first..end).zip(known.map(Some).chain(std::iter::repeat(None)));
        tokens.extend(rows.map(|(position, known)| {
            let (token, source) = match part.source {
                Source::Known => (known.unwrap_or(0), 0),
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
    pub(super) fn receive(&self, state: &mut State, step: &InFlight, bytes: &[u8]) {
        let at = self.now();
        let (tokens, logprobs) = bytes.split_at(self.workspace.sampled.size() as usize);
        let tokens: Vec<u32> = bytemuck::pod_collect_to_vec(tokens);
        let logprobs: Vec<Logprobs> = bytemuck::pod_collect_to_vec(logprobs);
        for sampled in &step.sampled {
            self.receive_sampled(state, sampled, (&tokens, &logprobs), at);
        }
        self.metrics.step(step.submitted, at, &step.rows);
        state.scheduler.finished(step.number);
        self.give_back(state);
    }

    /// Gives a request the tokens that were sampled for it: those that confirm drafts, and the first that doesn't or that follows them.
    fn receive_sampled(
        &self,
        state: &mut State,
        sampled: &Sampled,
        (all, logprobs): (&[u32], &[Logprobs]),
        at: Duration,
    ) {
        let Sampled { id, position, output, drafts, masked, .. } = sampled;
        if state.scheduler.discard(*id) {
            self.ask(state, *id);
            return;
        }
        let logprobs = logprobs.get(*output as usize..).unwrap_or_default();
        let mut tokens = Vec::with_capacity(drafts.len() + 1);
        for index in 0..=drafts.len() {
            let token = all[sampled.place(index as u32, self.slots) as usize];
            if token == Sample::NOT_FINITE {
                if let Some(open) = state.open.get_mut(id) {
                    open.damaged = true;
                }
                self.fail(state, *id, Outcome::Failed, || Error::NotFinite { position: position + index as u32 });
                return;
            }
            tokens.push(token);
            if drafts.get(index).is_some_and(|draft| *draft != token) {
                break;
            }
        }
        let accepted = tokens.len() as u32 - 1;
        if let Some(open) = state.open.get(id).filter(|_| !drafts.is_empty()) {
            let dropped = state.memory.truncate(open.slot, position + accepted);
            debug_assert!(dropped, "a sequence can always go back to before its drafts");
        }
        let read = Read { at, tokens: tokens.len(), drafts: drafts.len(), accepted: accepted as usize };
        self.receive_tokens(state, *id, (tokens, logprobs, *masked), read);
    }

    /// Gives a request the tokens that it goes on by.
    fn receive_tokens(
        &self,
        state: &mut State,
        id: RequestId,
        (mut tokens, logprobs, masked): (Vec<u32>, &[Logprobs], bool),
        read: Read,
    ) {
        // Steps that ran ahead of the end have tokens for nobody.
        let Some(answer) = state.answers.get_mut(id) else { return };
        let (at, mut end) = (read.at, None);
        answer.timeline.drafted_tokens += read.drafts;
        answer.timeline.accepted_tokens += read.accepted;
        let mut index = 0;
        while index < tokens.len() && end.is_none() && !answer.slides() {
            let token = tokens[index];
            let logprob =
                logprobs.get(index).and_then(|found| answer.sampling.logprobs(found, self.model.spec.vocabulary));
            let pushed = answer.push((token, logprob), at, &mut state.wakers).and_then(|end| {
                // Of a token in flight nothing follows that could be forced.
                let is_last = end.is_none() && index + 1 == tokens.len() && answer.is_stepwise();
                let forced = answer.grammar.as_ref().filter(|_| is_last).map(|grammar| grammar.lock().forced());
                Ok((end, forced.transpose()?.unwrap_or_default()))
            });
            match pushed {
                Ok((reason, forced)) => {
                    let since_last = answer.timeline.note_token(at);
                    self.metrics.token(answer.feature, at, since_last);
                    end = reason;
                    tokens.extend(forced);
                }
                Err(Error::Text(wgslm_text::Error::TokenRefused { .. })) if !masked && answer.trust.is_some() => {
                    state.scheduler.sampled(id, schedule::Outcome { tokens: &[], accepted: 0, stops: false });
                    return self.sample_again(state, id);
                }
                Err(error) => return self.fail_grammar(state, id, &error),
            }
            index += 1;
        }
        // A stop token is no part of what others may go on from.
        tokens.truncate(index - usize::from(end == Some(FinishReason::Stop)));
        let slides = end.is_none() && answer.slides();
        let accepted = (read.accepted as u32).min(tokens.len() as u32);
        let stops = end == Some(FinishReason::Stop);
        let ended = state.scheduler.sampled(id, schedule::Outcome { tokens: &tokens, accepted, stops });
        debug_assert_eq!(ended, end.is_some() || slides, "the scheduler and the answer have the same limits");
        match end {
            Some(reason) => self.finish(state, id, reason),
            None if slides => self.slide(state, id),
            None => {
                remember_prompt(state, id);
                self.go_on(state, id, read);
            }
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
