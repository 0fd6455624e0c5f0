//! Capacity planning: a load replayed through the engine's own scheduler on a simulated clock, for any number of replicas.
//!
//! A [`Fleet`] of replicas takes [`Arrival`]s. Each replica is a scheduler with the limits of an engine and a device whose steps take what
//! [`StepCosts`] say, which are measured. Nothing else is modelled: no network, no tokenising.

mod costs;
mod fleet;
mod replica;
#[cfg(test)]
mod tests;

use std::time::Duration;

pub use costs::{Line, StepCosts};
pub use fleet::{Autoscaling, Fleet};

use super::Engine;
use super::schedule::Limits;

/// A request of a load.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Arrival {
    /// The time since the load began.
    pub at: Duration,
    /// Tokens of the prompt, at least one.
    pub prompt_tokens: u32,
    /// Tokens at the prompt's beginning that the prefix cache holds.
    pub cached_tokens: u32,
    /// Tokens of the answer, at least one.
    pub answer_tokens: u32,
}

/// What an engine's scheduler keeps to: its slots, its queue, its context and the rows of its steps.
#[derive(Clone, Debug)]
pub struct ReplicaLimits {
    scheduler: Limits,
    /// Tokens that the KV cache holds for all sequences together.
    kv_tokens: u32,
}

impl Engine {
    /// What its scheduler keeps to, for capacity planning.
    #[must_use]
    pub fn replica_limits(&self) -> ReplicaLimits {
        let scheduler = self.inner.lock().scheduler.limits().clone();
        ReplicaLimits { scheduler, kv_tokens: self.inner.kv_tokens }
    }
}

/// The times of a request that was answered.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Answered {
    /// The arrival's place in the load.
    pub index: usize,
    /// The time from the arrival to the first token.
    pub first_token: Duration,
    /// The time from the arrival to the last token.
    pub end_to_end: Duration,
}

/// What a load does to a fleet.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Prediction {
    /// In the order in which the answers ended.
    pub answered: Vec<Answered>,
    /// Requests that were refused because the queue was full, or because they don't fit the context.
    pub refused: usize,
    /// The time at which the last answer ended.
    pub end: Duration,
    /// The time that replicas ran or started, all added up: what is paid for.
    pub replica_time: Duration,
    /// The most replicas at a time.
    pub most_replicas: u32,
    /// Steps of all replicas.
    pub steps: u64,
}
