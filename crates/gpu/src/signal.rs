//! Signals: outcomes of a device's operations, set once by its callbacks.

use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Waker};

/// The outcome of an operation, or the reason that it failed.
pub(crate) type Outcome = std::result::Result<(), String>;

/// The outcome of a device's operation, set once by its callback.
#[derive(Clone, Default)]
pub(crate) struct Signal {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    outcome: Option<Outcome>,
    waker: Option<Waker>,
}

impl Signal {
    pub(crate) fn set(&self, outcome: Outcome) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.outcome = Some(outcome);
        if let Some(waker) = state.waker.take() {
            waker.wake();
        }
    }

    /// The outcome, if it is set.
    pub(crate) fn outcome(&self) -> Option<Outcome> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).outcome.clone()
    }

    /// The outcome, if it is set; otherwise has the caller woken when it is.
    pub(crate) fn poll(&self, context: &Context<'_>) -> Option<Outcome> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.waker = Some(context.waker().clone());
        state.outcome.clone()
    }
}
