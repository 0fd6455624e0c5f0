//! Masks of grammars, which are computed without the lock of the engine's state: one can take long.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use web_time::Instant;

use super::super::Constrained;
use super::super::inner::Inner;
use super::super::schedule::RequestId;

/// The time that a request which comes meanwhile can wait for masks.
const QUICK: Duration = Duration::from_millis(1);

/// The grammar that an answer follows. Whoever computes its masks shares it.
pub(super) struct Grammar {
    constrained: Arc<Mutex<Constrained>>,
    /// A mask was asked for and isn't there yet.
    awaited: bool,
    /// The last masks took no longer than [`QUICK`].
    quick: bool,
}

impl Grammar {
    pub(super) fn new(constrained: Constrained) -> Self {
        Self { constrained: Arc::new(Mutex::new(constrained)), awaited: false, quick: false }
    }

    /// Locks the grammar. Nobody else has it unless a mask is awaited, during which the answer stands still.
    pub(super) fn lock(&self) -> MutexGuard<'_, Constrained> {
        self.constrained.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks for the masks of a request's next step, which may try `drafts`; none where they are awaited already.
    pub(super) fn ask(&mut self, id: RequestId, drafts: Vec<u32>) -> Option<MaskJob> {
        let asked = std::mem::replace(&mut self.awaited, true);
        (!asked).then(|| MaskJob { id, constrained: Arc::clone(&self.constrained), drafts, quick: self.quick })
    }
}

/// Masks that a request waits for.
pub(in crate::engine) struct MaskJob {
    id: RequestId,
    constrained: Arc<Mutex<Constrained>>,
    drafts: Vec<u32>,
    quick: bool,
}

impl Inner {
    /// The masks that were asked for first of those that nobody computes, and true where others may have to wait for them.
    pub(super) fn next_masks(&self) -> Option<(MaskJob, bool)> {
        let state = &mut *self.lock();
        let job = state.masking.pop_front()?;
        let holds_others = !job.quick || state.scheduler.runs_beside(job.id);
        Some((job, holds_others))
    }

    /// Computes masks, and has their request go on.
    pub(super) fn compute_masks(&self, job: MaskJob) {
        let MaskJob { id, constrained, mut drafts, .. } = job;
        let began = Instant::now();
        let words = self.allowed.len();
        let prepared = constrained.lock().unwrap_or_else(PoisonError::into_inner).prepare(words, &mut drafts);
        let state = &mut *self.lock();
        let Some(grammar) = state.answers.get_mut(id).and_then(|answer| answer.grammar.as_mut()) else { return };
        grammar.awaited = false;
        grammar.quick = began.elapsed() <= QUICK;
        match prepared {
            Ok(()) => state.scheduler.allow(id, &drafts),
            Err(error) => self.fail_grammar(state, id, &error),
        }
    }
}
