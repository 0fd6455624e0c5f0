//! Ctrl-C, which ends an answer under way, or the program where there is none.

use std::sync::{Arc, Mutex, PoisonError};

use wgslm::engine::Canceller;

/// The status of a program that a signal ended, as shells have it.
const INTERRUPTED: i32 = 130;

/// The answer that Ctrl-C ends.
pub(super) struct Interrupt {
    canceller: Arc<Mutex<Option<Canceller>>>,
}

impl Interrupt {
    pub(super) fn new() -> Self {
        let canceller: Arc<Mutex<Option<Canceller>>> = Arc::default();
        let watched = Arc::clone(&canceller);
        let handler = move || match &*watched.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(canceller) => canceller.cancel(),
            None => std::process::exit(INTERRUPTED),
        };
        // Without a handler Ctrl-C ends the program, as it does elsewhere.
        if let Err(error) = ctrlc::set_handler(handler) {
            tracing::warn!(%error, "Ctrl-C will end the program, not the answer");
        }
        Self { canceller }
    }

    /// Has Ctrl-C end this answer, or the program.
    pub(super) fn watch(&self, canceller: Option<Canceller>) {
        *self.canceller.lock().unwrap_or_else(PoisonError::into_inner) = canceller;
    }
}
