//! The timeline of a request.

use std::time::Duration;

/// The moments that a request went through, with its counts of tokens. Moments are durations since the engine's start; one that
/// the request never reached is absent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Timeline {
    /// The moment that the request arrived.
    pub arrived: Duration,
    /// The moment that the prompt had become tokens; absent where it arrived as tokens.
    pub tokenised: Option<Duration>,
    /// The end of the batching window, in which other requests may join the first prefill; absent where none held the request.
    pub window_closed: Option<Duration>,
    /// The moment that the request left the queue.
    pub admitted: Option<Duration>,
    /// The moment that the first step with tokens of the prompt was submitted.
    pub prefill_began: Option<Duration>,
    /// The moment that the last step with tokens of the prompt was done.
    pub prefill_ended: Option<Duration>,
    /// The moment that the first token was there.
    pub first_token: Option<Duration>,
    /// The moment that the last token was there.
    pub last_token: Option<Duration>,
    /// The moment that the request ended.
    pub ended: Option<Duration>,
    /// The longest time between a token and the next; absent before the second token.
    pub longest_inter_token: Option<Duration>,
    /// The time that sampling took in all, where it is known: on the GPU it is part of the step.
    pub sample: Option<Duration>,
    /// The time that it took in all to turn tokens into text.
    pub detokenise: Duration,
    /// Tokens in the prompt.
    pub prompt_tokens: usize,
    /// Tokens at the prompt's start that the prefix cache held.
    pub cached_tokens: usize,
    /// Tokens generated, the stop token included.
    pub generated_tokens: usize,
    /// Tokens proposed by speculative decoding.
    pub drafted_tokens: usize,
    /// Tokens proposed by speculative decoding that the model would have generated itself.
    pub accepted_tokens: usize,
}

impl Timeline {
    /// The timeline of a request that arrives at a moment.
    pub(crate) fn new(arrived: Duration) -> Self {
        Self { arrived, ..Self::default() }
    }

    /// Notes a generated token, and returns the time since the one before it.
    pub(crate) fn note_token(&mut self, at: Duration) -> Option<Duration> {
        let since = self.last_token.map(|last| at.saturating_sub(last));
        self.first_token.get_or_insert(at);
        self.last_token = Some(at);
        self.longest_inter_token = self.longest_inter_token.max(since);
        self.generated_tokens += 1;
        since
    }

    /// The moment that the request was there as tokens.
    pub(crate) fn submitted(&self) -> Duration {
        self.tokenised.unwrap_or(self.arrived)
    }

    /// The time from arrival until the prompt had become tokens.
    #[must_use]
    pub fn tokenise(&self) -> Option<Duration> {
        between(Some(self.arrived), self.tokenised)
    }

    /// The time in the batching window.
    #[must_use]
    pub fn window(&self) -> Option<Duration> {
        between(Some(self.submitted()), self.window_closed)
    }

    /// The time in the queue, after any batching window.
    #[must_use]
    pub fn queue(&self) -> Option<Duration> {
        between(self.window_closed.or(Some(self.submitted())), self.admitted)
    }

    /// The time of prefill.
    #[must_use]
    pub fn prefill(&self) -> Option<Duration> {
        between(self.prefill_began, self.prefill_ended)
    }

    /// The time of decode, from the first token to the last; absent before the second token.
    #[must_use]
    pub fn decode(&self) -> Option<Duration> {
        between(self.first_token, self.last_token).filter(|_| self.generated_tokens > 1)
    }

    /// Time to first token (TTFT), from arrival.
    #[must_use]
    pub fn time_to_first_token(&self) -> Option<Duration> {
        between(Some(self.arrived), self.first_token)
    }

    /// The mean inter-token latency (ITL); absent before the second token.
    #[must_use]
    pub fn mean_inter_token(&self) -> Option<Duration> {
        let intervals = u32::try_from(self.generated_tokens).ok()?.checked_sub(1)?;
        self.decode()?.checked_div(intervals)
    }

    /// The time from arrival to end.
    #[must_use]
    pub fn end_to_end(&self) -> Option<Duration> {
        between(Some(self.arrived), self.ended)
    }
}

fn between(from: Option<Duration>, to: Option<Duration>) -> Option<Duration> {
    Some(to?.saturating_sub(from?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    /// A request that went through everything.
    fn whole() -> Timeline {
        let mut timeline = Timeline {
            tokenised: Some(ms(102)),
            window_closed: Some(ms(107)),
            admitted: Some(ms(115)),
            prefill_began: Some(ms(116)),
            prefill_ended: Some(ms(140)),
            ..Timeline::new(ms(100))
        };
        for at in [141, 151, 155, 161] {
            timeline.note_token(ms(at));
        }
        timeline.ended = Some(ms(163));
        timeline
    }

    #[test]
    fn durations_follow_from_the_moments() {
        let timeline = whole();
        for (name, found, expected) in [
            ("tokenise", timeline.tokenise(), 2),
            ("queue", timeline.queue(), 8),
            ("window", timeline.window(), 5),
            ("prefill", timeline.prefill(), 24),
            ("decode", timeline.decode(), 20),
            ("TTFT", timeline.time_to_first_token(), 41),
            ("longest ITL", timeline.longest_inter_token, 10),
            ("end to end", timeline.end_to_end(), 63),
        ] {
            assert_eq!(found, Some(ms(expected)), "{name}");
        }
        assert_eq!(timeline.mean_inter_token(), Some(ms(20) / 3));
        assert_eq!(timeline.generated_tokens, 4);
    }

    #[test]
    fn a_request_given_as_tokens_queues_from_its_arrival() {
        let timeline = Timeline { tokenised: None, window_closed: None, ..whole() };
        assert_eq!((timeline.tokenise(), timeline.queue(), timeline.window()), (None, Some(ms(15)), None));
    }

    #[test]
    fn a_refused_request_has_no_durations_but_its_own() {
        let timeline = Timeline { ended: Some(ms(8)), ..Timeline::new(ms(7)) };
        let phases = [timeline.queue(), timeline.prefill(), timeline.decode(), timeline.mean_inter_token()];
        assert_eq!(phases, [None; 4]);
        assert_eq!(timeline.time_to_first_token(), None);
        assert_eq!(timeline.end_to_end(), Some(ms(1)));
    }

    #[test]
    fn one_token_has_no_inter_token_latency() {
        let mut timeline = Timeline::new(ms(1));
        assert_eq!(timeline.note_token(ms(5)), None);
        let durations = [timeline.decode(), timeline.mean_inter_token(), timeline.longest_inter_token];
        assert_eq!(durations, [None; 3]);
        // Tokens that a draft brought along arrive together.
        assert_eq!(timeline.note_token(ms(5)), Some(ms(0)));
        assert_eq!(timeline.note_token(ms(4)), Some(ms(0)));
        assert_eq!(timeline.longest_inter_token, Some(ms(0)));
    }
}
