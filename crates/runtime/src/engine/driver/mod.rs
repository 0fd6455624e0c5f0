//! The driver: one loop for all requests of an engine. It asks the scheduler for steps, submits them ahead of their readback, and gives
//! their tokens to the answers. A thread runs it natively, a future in a browser.

mod answer;
mod answers;
mod drafts;
#[cfg_attr(target_arch = "wasm32", path = "on_web.rs")]
#[cfg_attr(not(target_arch = "wasm32"), path = "on_thread.rs")]
mod driving;
#[cfg(not(target_arch = "wasm32"))]
mod mask_threads;
mod masks;
mod runner;
mod sequences;
mod trust;

use std::collections::VecDeque;
use std::time::Duration;

pub(super) use super::schedule::RequestId;
pub(super) use answer::Arrival;
pub(super) use answers::Answers;
pub(super) use driving::{Bell, Driving};
pub(super) use masks::MaskJob;
pub(super) use sequences::Open;

use super::inner::{Inner, State};
use super::schedule::{Change, End, Next, Plan};
use super::{FinishReason, Outcome};
use crate::Error;
use runner::InFlight;
use sequences::Sequences;

/// The next thing to wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pause {
    /// The oldest step's readback.
    Readback,
    /// A call, or a time.
    Call(Option<Duration>),
    /// A call: there is no request.
    Idle,
}

/// The steps in flight of one engine.
#[derive(Default)]
struct Driver {
    steps: VecDeque<InFlight>,
}

impl Driver {
    /// Submits all steps that may be submitted now, and returns what to wait for.
    fn advance(&mut self, inner: &Inner) -> Pause {
        loop {
            // Locked for a step at a time, so that others get their turn.
            let state = &mut *inner.lock();
            inner.ask_for_drafts(state);
            match inner.plan(state) {
                Next::Step(step) => self.steps.push_back(inner.submit_step(state, &step)),
                Next::Wait { .. } if !self.steps.is_empty() => return Pause::Readback,
                Next::Wait { until } => return Pause::Call(until),
                Next::Idle => {
                    inner.check_memory(state);
                    return Pause::Idle;
                }
            }
        }
    }

    /// Takes the oldest step's readback.
    fn read(&mut self, inner: &Inner, result: wgslm_gpu::Result<Vec<u8>>) {
        let Some(step) = self.steps.pop_front() else { return };
        match result {
            Ok(bytes) => inner.receive(&mut inner.lock(), &step, &bytes),
            Err(error) => {
                inner.fail_all(&error);
                self.steps.push_front(step);
                let state = &mut *inner.lock();
                self.steps.drain(..).for_each(|step| step.abandon(state));
                inner.give_back(state);
            }
        }
    }
}

impl Inner {
    /// Plans once, and passes changes on to the answers.
    fn plan(&self, state: &mut State) -> Next {
        let now = self.now();
        let State { scheduler, memory, open, .. } = state;
        let Plan { next, changes } = scheduler.plan(now, &mut Sequences { inner: self, memory, open });
        for change in changes {
            match change {
                Change::Admitted { id, cached } => self.admitted(state, id, cached, now),
                Change::Preempted { id } => {
                    if let Some(answer) = state.answers.get_mut(id) {
                        self.metrics.preempted(answer.feature);
                    }
                }
                Change::Ended { id, end } => self.ended(state, id, end),
            }
        }
        next
    }

    /// Gives back the memory of requests that have ended.
    fn give_back(&self, state: &mut State) {
        let State { scheduler, memory, open, .. } = state;
        scheduler.give_back(&mut Sequences { inner: self, memory, open });
    }

    fn admitted(&self, state: &mut State, id: RequestId, cached: u32, now: Duration) {
        self.metrics.set_queue_depth(state.scheduler.waiting());
        let Some(answer) = state.answers.get_mut(id) else { return };
        let timeline = &mut answer.timeline;
        if timeline.admitted.is_none() {
            timeline.window_closed = state.scheduler.window_closed().filter(|closed| *closed >= timeline.arrived);
            timeline.admitted = Some(now);
            timeline.cached_tokens = cached as usize;
            self.metrics.admitted(answer.feature, now, timeline.prompt_tokens, Some(cached as usize));
        }
    }

    fn ended(&self, state: &mut State, id: RequestId, end: End) {
        match end {
            End::QueueDeadline => self.fail(state, id, Outcome::Deadline, || Error::Deadline),
            End::RunDeadline => self.finish(state, id, FinishReason::Deadline),
            End::OutOfMemory if state.asides > 0 => {
                let retry_after_ms = state.scheduler.retry_after_ms(self.now());
                self.fail(state, id, Outcome::Failed, || Error::Busy { retry_after_ms });
            }
            End::OutOfMemory => self.fail(state, id, Outcome::Failed, || Error::KvCacheFull),
        }
    }

    /// Checks in debug builds that no block, state or slot is lost.
    fn check_memory(&self, state: &State) {
        if cfg!(debug_assertions)
            && let Err(error) = state.memory.check_integrity()
        {
            panic!("the memory's bookkeeping is wrong: {error}");
        }
        debug_assert!(state.open.is_empty(), "no sequence outlives its request");
    }
}
