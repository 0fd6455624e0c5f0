//! Several answers to one prompt.

use std::fmt;
use std::task::{Context, Poll};
use std::time::Duration;

use super::ranges::invalid;
use super::{Engine, GenerateOptions, Generation, GenerationEvent};
use crate::{Error, Result};

/// Several answers to one prompt, as one stream. The first reads the prompt; the others begin once it is cached, and run beside it as slots
/// and the queue have room. Dropping it cancels them all.
pub struct Several {
    engine: Engine,
    prompt: Vec<u32>,
    options: GenerateOptions,
    arrived: Duration,
    answers: u32,
    /// Answers that were begun.
    begun: u32,
    /// The answers under way, with their indices.
    running: Vec<(u32, Generation)>,
    /// The place in `running` that is looked at first, so that each answer has its turn.
    turn: usize,
    /// The prompt is cached.
    cached: bool,
}

impl Engine {
    /// Asks for `answers` answers to `prompt`, as [`Self::generate`] does for one. The first has the seed of `options`, and each after it
    /// the next one; at temperature 0 they are all the same.
    ///
    /// # Errors
    /// As [`Self::generate`], and [`Error::InvalidOption`] for no answers.
    pub fn generate_several(&self, prompt: &[u32], answers: u32, options: GenerateOptions) -> Result<Several> {
        if answers == 0 {
            return Err(invalid("answers", &answers, "1 or above"));
        }
        let mut several = Several {
            engine: self.clone(),
            prompt: prompt.to_vec(),
            options,
            arrived: self.inner.now(),
            answers,
            begun: 0,
            running: Vec::new(),
            turn: 0,
            cached: false,
        };
        several.begin()?;
        Ok(several)
    }
}

impl Several {
    /// The next event of any answer, with the answer's index; `None` after the end of the last one. Dropping the future loses nothing.
    ///
    /// # Errors
    /// As [`Generation::next`]. An error ends all answers.
    pub async fn next(&mut self) -> Result<Option<(u32, GenerationEvent)>> {
        let event = std::future::poll_fn(|context| self.poll(context)).await;
        if event.is_err() {
            self.cancel();
        }
        event
    }

    /// Ends all answers without any further event.
    pub fn cancel(&mut self) {
        self.begun = self.answers;
        self.running.clear();
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<(u32, GenerationEvent)>>> {
        self.begin_others()?;
        let count = self.running.len();
        for place in (0..count).map(|offset| (self.turn + offset) % count) {
            let (index, generation) = &mut self.running[place];
            let index = *index;
            let Poll::Ready(event) = generation.poll(context) else { continue };
            self.turn = place + 1;
            self.cached = true;
            let event = event?;
            if matches!(event, None | Some(GenerationEvent::Finished(_))) {
                self.running.remove(place);
            }
            return Poll::Ready(Ok(event.map(|event| (index, event))));
        }
        if count == 0 { Poll::Ready(Ok(None)) } else { Poll::Pending }
    }

    /// Begins the answers that the queue has room for, once the prompt is cached. A full queue is no error while others run: with each of
    /// their events it is tried again.
    fn begin_others(&mut self) -> Result<()> {
        while self.cached && self.begun < self.answers {
            match self.begin() {
                Err(Error::Busy { .. }) if !self.running.is_empty() => break,
                result => result?,
            }
        }
        Ok(())
    }

    fn begin(&mut self) -> Result<()> {
        let mut options = self.options.clone();
        options.seed = options.seed.wrapping_add(u64::from(self.begun));
        let waited = self.engine.inner.now().saturating_sub(self.arrived);
        options.deadline = options.deadline.map(|deadline| deadline.saturating_sub(waited));
        let generation = self.engine.generate(&self.prompt, options)?;
        self.running.push((self.begun, generation));
        self.begun += 1;
        Ok(())
    }
}

impl fmt::Debug for Several {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let running = self.running.len();
        formatter
            .debug_struct("Several")
            .field("answers", &self.answers)
            .field("running", &running)
            .finish_non_exhaustive()
    }
}
