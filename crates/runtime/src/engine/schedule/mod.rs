//! The scheduler: the requests that run, and the token rows of each step.
//!
//! It is pure. Times are durations since the engine began and come from the caller, memory stands behind a trait, and the same calls
//! make the same plans, so that a simulation of many requests can hold its bounds.

mod counting;
mod queue;
mod scheduler;
mod sequence;
mod steps;

#[cfg(test)]
mod rules;
#[cfg(test)]
mod simulation;

use std::time::Duration;

pub(crate) use counting::CountingMemory;
pub(crate) use scheduler::Scheduler;

/// The most rows in a step of [`Kind::Few`].
pub(crate) const FEW_ROWS: u32 = 32;

/// A request's name, never used for another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct RequestId(pub(crate) u64);

/// A request's claim to be answered before others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    /// Somebody waits for the answer.
    #[default]
    Interactive,
    /// Nobody waits: interactive requests go first, unless they come much later.
    Background,
}

/// A prompt to answer.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) id: RequestId,
    pub(crate) priority: Priority,
    /// The prompt, to which the scheduler appends the tokens of the answer.
    pub(crate) tokens: Vec<u32>,
    /// The most tokens in the answer.
    pub(crate) most_tokens: u32,
    /// Tokens that may be sampled before the first of them is read.
    pub(crate) tokens_in_flight: u32,
    /// One step is in flight at a time, and each waits until [`Scheduler::allow`] says that it may come: what the request's steps are
    /// depends on the tokens before.
    pub(crate) stepwise: bool,
    /// The time at which the request expires if it still waits for a slot.
    pub(crate) admit_by: Option<Duration>,
    /// The time at which the request expires, waiting or running.
    pub(crate) finish_by: Option<Duration>,
}

/// The bounds that a scheduler keeps.
#[derive(Clone, Debug)]
pub(crate) struct Limits {
    /// Sequences that run at a time.
    pub(crate) slots: usize,
    /// Tokens in the longest sequence that the memory can hold alone.
    pub(crate) context: u32,
    /// Requests that wait for a slot at a time.
    pub(crate) waiting: usize,
    /// The most rows in a step of [`Kind::Few`], and the most tokens that any step samples: [`FEW_ROWS`], or fewer where the device has no
    /// room for them.
    pub(crate) few_rows: u32,
    /// The most rows in a step of [`Kind::Bulk`].
    pub(crate) bulk_tokens: u32,
    /// The most rows in a step of [`Kind::Bulk`] while a sequence decodes.
    pub(crate) budget: u32,
    /// The most steps that are submitted and not read at a time. Only as many are as the running request with the most
    /// [tokens in flight](Request::tokens_in_flight) asks for, so that streams with fewer stay in step with it.
    pub(crate) steps_in_flight: usize,
    /// The batching window: the time that the first prefill of a burst waits for others to join it.
    pub(crate) window: Duration,
    /// The time by which an interactive request may come later than a background one and go first.
    pub(crate) patience: Duration,
}

/// The reason for which a request isn't taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// As many requests wait as may.
    Busy {
        /// The time in which a place is likely to be free, in milliseconds.
        retry_after_ms: u64,
    },
    /// The prompt and one token don't fit into [`Limits::context`].
    TooLong,
    /// The prompt has no token, or the answer may have none.
    Empty,
}

/// The memory of sequences, as the scheduler sees it.
pub(crate) trait Memory {
    /// Opens a sequence for a prompt: takes a slot and the longest cached prefix, at most all tokens but the last, and returns that
    /// prefix' length; `None` where no slot is free.
    fn open(&mut self, id: RequestId, prompt: &[u32]) -> Option<u32>;
    /// Makes room for the positions below `length`, evicting what only the prefix cache holds; false where that isn't enough.
    fn reserve(&mut self, id: RequestId, length: u32) -> bool;
    /// Gives back the slot and the blocks of a sequence. Its tokens so far, the sampled ones as far as they were read, may stay in the
    /// prefix cache. Steps submitted before may still read and write the blocks.
    fn close(&mut self, id: RequestId, tokens: &[u32]);
}

/// The next thing to do, and the changes that the plan makes.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Plan {
    pub(crate) next: Next,
    /// In the order in which they came about; one request may change twice.
    pub(crate) changes: Vec<Change>,
}

/// A change of a request that its caller didn't make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// It left the queue and has a slot, perhaps not for the first time.
    Admitted {
        id: RequestId,
        /// The tokens of its prompt that were cached.
        cached: u32,
    },
    /// It gave its memory back for older ones. It waits at the front of the queue and goes on by itself.
    Preempted { id: RequestId },
    /// It ended.
    Ended { id: RequestId, end: End },
}

/// The next thing to do.
#[derive(Debug, Default, PartialEq)]
pub(crate) enum Next {
    /// Submit a step, then plan again.
    Step(Step),
    /// Plan again after the next call of [`Scheduler`], or at a time.
    Wait {
        /// The time at which a deadline or the batching window ends.
        until: Option<Duration>,
    },
    /// There is no request.
    #[default]
    Idle,
}

/// The way in which a request ends without its caller's doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// [`Request::admit_by`] came before a slot was free.
    QueueDeadline,
    /// [`Request::finish_by`] came before the answer was whole.
    RunDeadline,
    /// The memory doesn't hold the sequence though nothing else runs.
    OutOfMemory,
}

/// The kernels of a step, by the number of its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// At most [`Limits::few_rows`] rows: tokens to decode, and prompts as short as that.
    Few,
    /// Chunks of longer prompts.
    Bulk,
}

/// Rows to run with one submit.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Step {
    /// Counts up from zero; see [`Scheduler::finished`].
    pub(crate) number: u64,
    pub(crate) kind: Kind,
    pub(crate) parts: Vec<Part>,
}

/// The rows of one sequence in a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) id: RequestId,
    /// The position of the first row.
    pub(crate) first: u32,
    /// The number of rows.
    pub(crate) tokens: u32,
    pub(crate) source: Source,
    /// The last row samples the sequence's next token, and so does each before it that a draft follows.
    pub(crate) samples: bool,
    /// Rows at the end whose tokens are [drafts](Scheduler::drafts).
    pub(crate) drafts: u32,
}

/// The place that a part's tokens come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// [`Scheduler::tokens`] at the part's positions, and drafts after these.
    Known,
    /// The token sampled last for the sequence, which is on the device.
    Sampled,
}

/// What a step that was read back gave a sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Outcome<'a> {
    /// The tokens by which the answer goes on: the drafts that were right and the one sampled after them, and perhaps others that follow
    /// from these.
    pub(crate) tokens: &'a [u32],
    /// The drafts that were right, whose rows have run.
    pub(crate) accepted: u32,
    /// The answer is over.
    pub(crate) stops: bool,
}
