//! The tokens of a session, and the generation that adds to them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::super::cache::HoldId;
use super::super::{Canceller, ContextFull, Generation, Handle};

/// The tokens of a session and its hold on what is cached of them.
pub(super) struct History {
    engine: Arc<Handle>,
    hold: HoldId,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    tokens: Vec<u32>,
    /// Counts generations, so that one that another has followed adds no more tokens.
    turn: u64,
    /// Ends the generation under way.
    canceller: Option<Canceller>,
    /// What it does when the context is full.
    context_full: ContextFull,
}

impl History {
    pub(super) fn new(engine: &Arc<Handle>, tokens: Vec<u32>) -> Arc<Self> {
        let hold = engine.lock().memory.new_hold();
        let state = Mutex::new(State { tokens, ..State::default() });
        let history = Self { engine: Arc::clone(engine), hold, state };
        history.hold();
        Arc::new(history)
    }

    pub(super) fn tokens(&self) -> Vec<u32> {
        self.lock().tokens.clone()
    }

    pub(super) fn len(&self) -> usize {
        self.lock().tokens.len()
    }

    /// Moves the hold to what is cached of the tokens so far.
    pub(super) fn hold(&self) {
        let tokens = self.tokens();
        self.engine.lock().memory.hold(self.hold, &tokens);
    }

    /// The number of tokens held.
    pub(super) fn held(&self) -> usize {
        self.engine.lock().memory.held(self.hold) as usize
    }

    /// Cancels the generation under way and changes the tokens.
    pub(super) fn change(&self, change: impl FnOnce(&mut Vec<u32>)) {
        self.end_turn();
        change(&mut self.lock().tokens);
        self.hold();
    }

    /// Drops the tokens that a generation would not read.
    pub(super) fn shorten(&self, rule: ContextFull) {
        rule.shorten(&mut self.lock().tokens, self.engine.context_length);
    }

    /// Has `generation` add its tokens.
    pub(super) fn begin_turn(self: &Arc<Self>, generation: &mut Generation, context_full: ContextFull) {
        let mut state = self.lock();
        state.turn += 1;
        state.context_full = context_full;
        state.canceller = Some(generation.canceller());
        generation.join(Turn { history: Arc::downgrade(self), number: state.turn });
    }

    /// Cancels the generation under way, which adds no more tokens.
    pub(super) fn end_turn(&self) {
        let canceller = {
            let mut state = self.lock();
            state.turn += 1;
            state.canceller.take()
        };
        // Without the lock: a cancel wakes whoever waits for the generation.
        if let Some(canceller) = canceller {
            canceller.cancel();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for History {
    fn drop(&mut self) {
        self.engine.lock().memory.let_go(self.hold);
    }
}

/// A generation's place in a session, by which its tokens become the session's.
pub(in crate::engine) struct Turn {
    history: Weak<History>,
    number: u64,
}

impl Turn {
    /// Adds a token that the caller has taken, unless the session went on without the generation.
    pub(in crate::engine) fn push(&self, token: u32) {
        if let Some(history) = self.history.upgrade() {
            let mut state = history.lock();
            if state.turn == self.number {
                state.tokens.push(token);
            }
        }
    }

    /// Ends the turn: what the generation has read is the session's from now on.
    pub(in crate::engine) fn end(self) {
        let Some(history) = self.history.upgrade() else { return };
        let current = {
            let mut state = history.lock();
            let current = state.turn == self.number;
            if current {
                state.canceller = None;
            }
            current.then_some(state.context_full)
        };
        if let Some(rule) = current {
            history.shorten(rule);
            history.hold();
        }
    }
}
