//! The stream of events of one caller.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use super::{FinishReason, GenerationEvent, Summary};
use crate::{Error, Result};

/// The events of a request for one caller, put in by the driver and taken out by a [`Generation`](super::Generation).
#[derive(Default)]
pub(super) struct Subscription {
    state: Mutex<Stream>,
}

#[derive(Default)]
struct Stream {
    events: VecDeque<Result<GenerationEvent>>,
    /// Tokens taken out.
    delivered: usize,
    /// The end was taken out.
    over: bool,
    waker: Option<Waker>,
}

impl Subscription {
    /// Puts in a token, and returns the waker of whoever waits for it.
    pub(super) fn token(&self, event: GenerationEvent) -> Option<Waker> {
        self.put(Ok(event))
    }

    /// Puts in the end.
    pub(super) fn finish(&self, summary: Summary) -> Option<Waker> {
        self.put(Ok(GenerationEvent::Finished(summary)))
    }

    /// Puts in an error as the end.
    pub(super) fn fail(&self, error: Error) -> Option<Waker> {
        self.put(Err(error))
    }

    /// Makes the stream end with the tokens that have been taken out: with `summary`, or the one that is there already.
    pub(super) fn cancel(&self, summary: Option<Summary>) -> Option<Waker> {
        let mut stream = self.lock();
        let end = match stream.events.pop_back() {
            Some(Ok(GenerationEvent::Finished(found))) => Some(Ok(found)),
            Some(Err(error)) => Some(Err(error)),
            _ => summary.map(Ok),
        };
        stream.events.clear();
        let tokens = stream.delivered;
        let cancelled = |summary| Summary { finish_reason: FinishReason::Cancelled, tokens, ..summary };
        let end = end.map(|end| end.map(|summary| GenerationEvent::Finished(cancelled(summary))));
        stream.events.extend(end);
        stream.waker.take()
    }

    /// The next event; `None` after the end.
    pub(super) fn poll(&self, context: &Context<'_>) -> Poll<Result<Option<GenerationEvent>>> {
        let mut stream = self.lock();
        if stream.over {
            return Poll::Ready(Ok(None));
        }
        let Some(event) = stream.events.pop_front() else {
            stream.waker = Some(context.waker().clone());
            return Poll::Pending;
        };
        match event {
            Ok(GenerationEvent::Token { .. }) => stream.delivered += 1,
            _ => stream.over = true,
        }
        Poll::Ready(event.map(Some))
    }

    fn put(&self, event: Result<GenerationEvent>) -> Option<Waker> {
        let mut stream = self.lock();
        stream.events.push_back(event);
        stream.waker.take()
    }

    fn lock(&self) -> MutexGuard<'_, Stream> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
