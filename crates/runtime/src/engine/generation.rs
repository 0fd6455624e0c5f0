//! A generation as its caller holds it: a stream of events, and a way to end it.

use std::fmt;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};

use super::driver::{Arrival, RequestId};
use super::session::Turn;
use super::subscription::Subscription;
use super::{GenerateOptions, Handle, Summary};
use crate::Result;

/// An event of a generation.
#[derive(Clone, Debug, PartialEq)]
pub enum GenerationEvent {
    /// A token, and the text that it completes: perhaps none yet, perhaps that of earlier tokens too.
    Token {
        /// The token's id.
        token: u32,
        /// The completed text, without any stop token or stop string.
        text: String,
        /// Its log-probability, where [`GenerateOptions::logprobs`] asks for it.
        logprob: Option<TokenLogprobs>,
    },
    /// The end of the generation.
    Finished(Summary),
}

/// The log-probability of a token and of others that might have come instead, in natural logarithms: log softmax of the model's
/// logits, before biases, penalties and temperature.
#[derive(Clone, Debug, PartialEq)]
pub struct TokenLogprobs {
    /// The token's own.
    pub logprob: f32,
    /// The most likely tokens and theirs, the likeliest first, as many as were asked for; the token itself may be among them.
    pub alternatives: Vec<(u32, f32)>,
}

/// A generation under way. It goes on whether or not anybody asks for its events. Dropping it cancels it.
pub struct Generation {
    subscription: Arc<Subscription>,
    canceller: Canceller,
    /// The session that its tokens join.
    turn: Option<Turn>,
    /// Keeps the engine alive.
    _engine: Arc<Handle>,
}

/// A handle that cancels a generation, even while [`Generation::next`] waits.
#[derive(Clone)]
pub struct Canceller {
    request: RequestId,
    subscription: Weak<Subscription>,
    engine: Weak<Handle>,
}

impl Canceller {
    /// Ends the generation: steps that are submitted still run, but no more are, not even for the rest of a long prompt, unless an equal
    /// request shares them.
    pub fn cancel(&self) {
        if let (Some(engine), Some(subscription)) = (self.engine.upgrade(), self.subscription.upgrade()) {
            engine.cancel(self.request, &subscription);
        }
    }
}

impl fmt::Debug for Canceller {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Canceller").field("request", &self.request).finish_non_exhaustive()
    }
}

impl Generation {
    pub(super) fn begin(
        engine: &Arc<Handle>,
        prompt: &[u32],
        options: GenerateOptions,
        arrival: Arrival,
    ) -> Result<Self> {
        let subscription = Arc::new(Subscription::default());
        let request = engine.submit(prompt, options, (arrival, &subscription))?;
        let canceller =
            Canceller { request, subscription: Arc::downgrade(&subscription), engine: Arc::downgrade(engine) };
        let generation = Self { subscription, canceller, turn: None, _engine: Arc::clone(engine) };
        engine.drive()?;
        Ok(generation)
    }

    /// The next token or, after the last one, the summary; `None` after that. Dropping the future loses nothing: the next call
    /// goes on from there.
    ///
    /// # Errors
    /// What the device reports, [`Error::NotFinite`](crate::Error::NotFinite), [`Error::Deadline`](crate::Error::Deadline) or
    /// [`Error::KvCacheFull`](crate::Error::KvCacheFull); the generation is over then.
    pub async fn next(&mut self) -> Result<Option<GenerationEvent>> {
        std::future::poll_fn(|context| self.poll(context)).await
    }

    /// The next event, as [`Self::next`] returns it.
    pub(super) fn poll(&mut self, context: &Context<'_>) -> Poll<Result<Option<GenerationEvent>>> {
        let event = std::task::ready!(self.subscription.poll(context));
        match (&event, &self.turn) {
            (Ok(Some(GenerationEvent::Token { token, .. })), Some(turn)) => turn.push(*token),
            _ => self.end_turn(),
        }
        Poll::Ready(event)
    }

    /// Has the tokens that come from now on join a session.
    pub(super) fn join(&mut self, turn: Turn) {
        self.turn = Some(turn);
    }

    fn end_turn(&mut self) {
        if let Some(turn) = self.turn.take() {
            turn.end();
        }
    }

    /// Ends the generation, as [`Canceller::cancel`] does.
    pub fn cancel(&mut self) {
        self.canceller.cancel();
    }

    /// A handle that cancels the generation, even while [`Self::next`] waits.
    #[must_use]
    pub fn canceller(&self) -> Canceller {
        self.canceller.clone()
    }
}

impl Drop for Generation {
    fn drop(&mut self) {
        self.canceller.cancel();
        self.end_turn();
    }
}
