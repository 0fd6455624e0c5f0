//! Text generation: prefill in chunks, then decode steps that run ahead of their readback.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use web_time::Instant;
use wgslm_gpu::{Readback, ReadbackRing};
use wgslm_text::{Detokenizer, StopMatcher};

use super::sequence::{Sampling, Sequence};
use super::{FinishReason, GenerateOptions, Inner, Summary, Timings, check_prompt, check_task};
use crate::Result;

/// Prefill chunks under way at a time: one runs while the next is prepared.
const CHUNKS_IN_FLIGHT: usize = 2;

/// An event of a generation.
#[derive(Clone, Debug, PartialEq)]
pub enum GenerationEvent {
    /// A token, and the text that it completes: perhaps none yet, perhaps that of earlier tokens too.
    Token {
        /// The token's id.
        token: u32,
        /// The completed text, without any stop token or stop string.
        text: String,
    },
    /// The end of the generation.
    Finished(Summary),
}

/// A generation under way. Dropping it cancels the steps that aren't submitted yet.
pub struct Generation {
    inner: Arc<Inner>,
    sequence: Sequence,
    options: GenerateOptions,
    prompt: Vec<u32>,
    /// Tokens of the prompt that have been submitted.
    prefilled: usize,
    detokenizer: Option<Detokenizer>,
    stop_tokens: Vec<u32>,
    matcher: StopMatcher,
    ring: ReadbackRing,
    /// Readbacks of the prompt's chunks under way, without the last chunk's.
    chunks: VecDeque<Readback>,
    /// Readbacks of generated tokens under way, oldest first.
    pending: VecDeque<Readback>,
    /// Tokens whose sampling has been submitted.
    submitted: u32,
    /// Tokens returned to the caller.
    received: u32,
    clock: Clock,
    canceller: Canceller,
    end: Option<FinishReason>,
    summarised: bool,
}

/// A handle that cancels a generation, even while [`Generation::next`] waits.
#[derive(Clone, Debug, Default)]
pub struct Canceller {
    cancelled: Arc<AtomicBool>,
}

impl Canceller {
    /// Ends the generation: submitted steps still run, but no more are submitted, not even for the rest of a long prompt.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
}

struct Clock {
    began: Instant,
    first: Option<Instant>,
    last: Option<Instant>,
}

impl Generation {
    pub(super) fn begin(inner: &Arc<Inner>, prompt: &[u32], options: GenerateOptions) -> Result<Self> {
        let clock = Clock { began: Instant::now(), first: None, last: None };
        options.check()?;
        check_task(inner, false)?;
        check_prompt(inner, prompt)?;
        let tokenizer = inner.model.tokenizer().ok();
        let stop_tokens = tokenizer.filter(|_| !options.ignore_stop).map(|tokenizer| tokenizer.stop_tokens().to_vec());
        let stop_tokens = stop_tokens.unwrap_or_default();
        let depth = options.tokens_in_flight as usize + CHUNKS_IN_FLIGHT;
        let ring = ReadbackRing::new(inner.device.gpu(), depth, inner.sampled_bytes());
        let mut generation = Self {
            inner: Arc::clone(inner),
            sequence: Sequence::for_prompt(inner)?,
            prompt: prompt.to_vec(),
            prefilled: 0,
            detokenizer: tokenizer.map(|tokenizer| tokenizer.detokenizer()),
            stop_tokens,
            matcher: StopMatcher::new(options.stop.iter().cloned()),
            ring,
            chunks: VecDeque::new(),
            pending: VecDeque::new(),
            submitted: 0,
            received: 0,
            clock,
            canceller: Canceller::default(),
            end: None,
            summarised: false,
            options,
        };
        generation.end = generation.limit_reached(0);
        Ok(generation)
    }

    /// The next token or, after the last one, the summary; `None` after that. Dropping the future loses nothing: the next call
    /// goes on from there.
    ///
    /// # Errors
    /// What the device reports, or [`Error::NotFinite`](crate::Error::NotFinite); the generation is over then.
    pub async fn next(&mut self) -> Result<Option<GenerationEvent>> {
        if self.end.is_none() && !self.canceller.is_cancelled() {
            let event = self.next_token().await;
            if event.is_err() {
                self.end = Some(FinishReason::Cancelled);
                self.summarised = true;
            }
            if let Some(event) = event? {
                return Ok(Some(event));
            }
        }
        self.end.get_or_insert(FinishReason::Cancelled);
        self.chunks.clear();
        self.pending.clear();
        if std::mem::replace(&mut self.summarised, true) {
            return Ok(None);
        }
        Ok(Some(GenerationEvent::Finished(self.summary())))
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

    /// Prefills the prompt's untimed tokens and starts the clock, which [`Self::next`] does otherwise.
    ///
    /// # Errors
    /// As [`Self::next`].
    #[doc(hidden)]
    pub async fn prepare(&mut self) -> Result<()> {
        let untimed = self.untimed_tokens();
        if self.prefilled >= untimed {
            return Ok(());
        }
        self.prefill(untimed).await?;
        while let Some(earliest) = self.chunks.front_mut() {
            let done = earliest.await;
            self.chunks.pop_front();
            done?;
        }
        self.clock.began = Instant::now();
        Ok(())
    }

    /// Untimed tokens of the prompt. Its last token is always timed, since the answer's first token comes with it.
    fn untimed_tokens(&self) -> usize {
        (self.options.untimed_tokens as usize).min(self.prompt.len() - 1)
    }

    /// The next token; `None` where the generation was cancelled.
    async fn next_token(&mut self) -> Result<Option<GenerationEvent>> {
        self.prepare().await?;
        self.prefill(self.prompt.len()).await?;
        if self.canceller.is_cancelled() {
            return Ok(None);
        }
        self.decode_ahead()?;
        let Some(readback) = self.pending.front_mut() else { return Ok(None) };
        let sampled = readback.await;
        self.pending.pop_front();
        let token = self.sequence.sampled(&sampled?, self.prompt.len() as u32 + self.received)?;
        self.clock.last = Some(Instant::now());
        self.clock.first = self.clock.first.or(self.clock.last);
        self.received += 1;
        let text = self.text_of(token)?;
        if self.end.is_some() {
            self.sequence.truncate(self.prompt.len() as u32 + self.received);
        }
        Ok(Some(GenerationEvent::Token { token, text }))
    }

    /// Prefills the prompt up to token `target`, in chunks, between which it stops if cancelled. The chunk that ends the prompt
    /// also samples the first token.
    async fn prefill(&mut self, target: usize) -> Result<()> {
        let rows = self.inner.workspace.token_capacity as usize;
        while self.prefilled < target && !self.canceller.is_cancelled() {
            if self.chunks.len() == CHUNKS_IN_FLIGHT
                && let Some(earliest) = self.chunks.front_mut()
            {
                let done = earliest.await;
                self.chunks.pop_front();
                done?;
                continue;
            }
            let end = target.min(self.prefilled + rows);
            let is_last = end == self.prompt.len();
            let sampling = is_last.then(|| self.sampling());
            let readback = self.sequence.append(&self.prompt[self.prefilled..end], sampling, &mut self.ring)?;
            self.prefilled = end;
            if is_last {
                self.pending.push_back(readback);
                self.submitted = 1;
                self.chunks.clear();
            } else {
                self.chunks.push_back(readback);
            }
        }
        Ok(())
    }

    /// Submits decode steps until enough are in flight. Where the KV cache is full, those under way are awaited first, since
    /// blocks may be freed meanwhile.
    fn decode_ahead(&mut self) -> Result<()> {
        while self.pending.len() < self.options.tokens_in_flight as usize
            && self.limit_reached(self.submitted).is_none()
        {
            let sampling = self.sampling();
            match self.sequence.append_sampled(sampling, &mut self.ring) {
                Ok(readback) => self.pending.push_back(readback),
                Err(_) if !self.pending.is_empty() => break,
                Err(error) => return Err(error),
            }
            self.submitted += 1;
        }
        Ok(())
    }

    /// The text that `token` completes. Sets the finish reason if `token` is the last one.
    fn text_of(&mut self, token: u32) -> Result<String> {
        if self.stop_tokens.contains(&token) {
            self.end = Some(FinishReason::Stop);
            return Ok(self.rest_of_text());
        }
        let decoded = self.detokenizer.as_mut().map(|detokenizer| detokenizer.push(token));
        let outcome = self.matcher.push(&decoded.unwrap_or_default());
        self.end = if outcome.stopped { Some(FinishReason::Stop) } else { self.limit_reached(self.received) };
        let mut text = outcome.text;
        if self.end.is_some() && !outcome.stopped {
            text += &self.rest_of_text();
        }
        Ok(text)
    }

    /// The text that the detokeniser and the stop matcher still hold back.
    fn rest_of_text(&mut self) -> String {
        let held = self.detokenizer.as_mut().map(Detokenizer::finish).unwrap_or_default();
        let outcome = self.matcher.push(&held);
        outcome.text + &self.matcher.finish()
    }

    /// The limit that ends a generation of `tokens` tokens, if it is reached.
    fn limit_reached(&self, tokens: u32) -> Option<FinishReason> {
        if self.options.max_tokens.is_some_and(|most| tokens >= most) {
            Some(FinishReason::Length)
        } else if self.prompt.len() as u32 + tokens >= self.inner.context_length {
            Some(FinishReason::Context)
        } else {
            None
        }
    }

    fn sampling(&self) -> Sampling {
        self.options.sampling()
    }

    fn summary(&self) -> Summary {
        let ms = |from: Instant, to: Option<Instant>| to.map_or(0.0, |to| (to - from).as_secs_f64() * 1e3);
        let rate = |tokens: usize, ms: f64| if ms > 0.0 { tokens as f64 / ms * 1e3 } else { 0.0 };
        let ttft_ms = ms(self.clock.began, self.clock.first);
        let decode_ms = self.clock.first.map_or(0.0, |first| ms(first, self.clock.last));
        Summary {
            finish_reason: self.end.unwrap_or(FinishReason::Cancelled),
            prompt_tokens: self.prompt.len(),
            tokens: self.received as usize,
            timings: Timings {
                ttft_ms,
                prefill_tokens_per_s: rate(self.prompt.len() - self.untimed_tokens(), ttft_ms),
                decode_tokens_per_s: rate((self.received as usize).saturating_sub(1), decode_ms),
            },
        }
    }
}
