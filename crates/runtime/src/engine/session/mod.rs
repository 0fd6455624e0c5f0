//! Sessions: sequences that are kept between requests.

mod history;
mod snapshot;

use std::fmt;
use std::sync::Arc;

use wgslm_text::Special;

pub(super) use history::Turn;
pub use snapshot::Restore;

use super::driver::Arrival;
use super::{Engine, GenerateOptions, Generation, Prompt, check_vocabulary};
use crate::Result;
use history::History;

/// A sequence of tokens that is kept between requests, such as a conversation or a text being typed.
///
/// A session is its tokens and a hold on what the prefix cache has of them, so that the next request reads only what is new. The hold is
/// a claim and no promise: what sessions hold is evicted last, but it is where memory is short, and then it is read again. Answers are
/// the same either way, so a session never fails for want of memory, and never keeps others from theirs. Without a prefix cache
/// ([`EngineOptions::prefix_cache`](super::EngineOptions::prefix_cache)) every request reads all tokens.
///
/// One generation at a time belongs to a session: whatever changes its tokens cancels the one before.
///
/// ```no_run
/// # use wgslm::engine::{Engine, GenerateOptions, GenerationEvent};
/// # async fn example(engine: Engine) -> wgslm::Result<()> {
/// let mut session = engine.session();
/// session.append_text("Once upon a time")?;
/// let mut generation = session.generate(GenerateOptions::default())?;
/// while let Some(GenerationEvent::Token { text, .. }) = generation.next().await? {
///     print!("{text}");
/// }
/// // Another ending, from the same beginning.
/// let mut other = session.fork();
/// other.truncate(10);
/// // To be read by another engine, or by this one tomorrow.
/// let mut saved = Vec::new();
/// session.snapshot(|piece| Ok(saved.extend_from_slice(piece))).await?;
/// let mut restore = engine.restore();
/// restore.push(&saved).await?;
/// let session = restore.finish()?;
/// # Ok(())
/// # }
/// ```
pub struct Session {
    engine: Engine,
    history: Arc<History>,
}

impl Engine {
    /// An empty session.
    #[must_use]
    pub fn session(&self) -> Session {
        Session { engine: self.clone(), history: History::new(&self.inner, Vec::new()) }
    }
}

impl Session {
    /// The tokens so far: those appended, and those of generations as their callers took them.
    #[must_use]
    pub fn tokens(&self) -> Vec<u32> {
        self.history.tokens()
    }

    /// The number of tokens so far.
    #[must_use]
    pub fn len(&self) -> usize {
        self.history.len()
    }

    /// True where there is no token yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of leading tokens that the prefix cache holds for the session. The next request starts from about there: from the
    /// newest checkpoint before it where the model has states.
    #[must_use]
    pub fn held(&self) -> usize {
        self.history.held()
    }

    /// Appends tokens. Nothing runs until the next request, which reads them together with the first step of its answer, so that a
    /// typed character costs one step; [`Self::prefill`] reads long texts ahead.
    ///
    /// # Errors
    /// [`UnknownToken`](crate::Error::UnknownToken); nothing is appended then.
    pub fn append(&mut self, tokens: &[u32]) -> Result<()> {
        check_vocabulary(&self.engine.inner, tokens)?;
        self.history.change(|session| session.extend_from_slice(tokens));
        Ok(())
    }

    /// Appends a text, in which special tokens are parsed. The tokens that the model expects around a prompt are added only to the
    /// first. The text becomes tokens by itself, so a word must not be cut in two, and tokenizers that begin every text with a space do so
    /// here; for a text that is being typed, give [`Self::set`] the whole text, which costs no more than its end.
    ///
    /// # Errors
    /// [`Tokenizer`](wgslm_text::Error::Tokenizer).
    pub fn append_text(&mut self, text: &str) -> Result<()> {
        let tokenizer = self.engine.model().tokenizer()?;
        let empty = self.is_empty();
        let tokens = if empty { tokenizer.encode_prompt(text)? } else { tokenizer.encode(text, Special::Parse)? };
        self.append(&tokens)
    }

    /// Makes the session's tokens those of `prompt`, such as a whole conversation. What it begins with of the tokens so far stays cached.
    ///
    /// # Errors
    /// As [`Engine::prompt_tokens`] and [`Self::append`].
    pub fn set(&mut self, prompt: &Prompt) -> Result<()> {
        let tokens = self.engine.prompt_tokens(prompt)?;
        check_vocabulary(&self.engine.inner, &tokens)?;
        self.history.change(|session| *session = tokens);
        Ok(())
    }

    /// Drops all tokens but the first `length`. Where a model has windows or states, what the rest needs may be gone; then the next
    /// request reads from the last point at which it isn't.
    pub fn truncate(&mut self, length: usize) {
        self.history.change(|session| session.truncate(length));
    }

    /// A session with the same tokens, which goes its own way from here. Both hold the same blocks, which are copied where they part.
    #[must_use]
    pub fn fork(&self) -> Self {
        Self { engine: self.engine.clone(), history: History::new(&self.engine.inner, self.tokens()) }
    }

    /// Asks for the tokens that follow those of the session, as [`Engine::generate`] does for those of a prompt. They become part of the
    /// session as the caller takes them from the generation, a stop token and the tokens of a stop string included. Where the context
    /// [slides](super::ContextFull::Slide), the session loses the tokens that the model no longer sees.
    ///
    /// # Errors
    /// As [`Engine::generate`].
    pub fn generate(&mut self, options: GenerateOptions) -> Result<Generation> {
        self.history.end_turn();
        let arrival = Arrival { arrived: self.engine.inner.now(), tokenised: None };
        let rule = options.context_full;
        rule.check(self.engine.context_length())?;
        self.history.shorten(rule);
        let mut generation = self.engine.begin(&self.tokens(), options, arrival)?;
        self.history.begin_turn(&mut generation, rule);
        Ok(generation)
    }

    /// Reads the tokens so far into the cache, so that the next request reads only those that come after. For texts that are known before
    /// the question about them is: it costs a step more than leaving them to the next request.
    ///
    /// # Errors
    /// As [`Engine::generate`] and [`Generation::next`].
    pub async fn prefill(&mut self) -> Result<()> {
        self.history.end_turn();
        // The token that the prompt's last row samples belongs to nobody.
        let options = GenerateOptions { max_tokens: Some(1), tokens_in_flight: 1, ..GenerateOptions::default() };
        let arrival = Arrival { arrived: self.engine.inner.now(), tokenised: None };
        let mut generation = self.engine.begin(&self.tokens(), options, arrival)?;
        while generation.next().await?.is_some() {}
        self.history.hold();
        Ok(())
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Session").field("tokens", &self.len()).finish_non_exhaustive()
    }
}
