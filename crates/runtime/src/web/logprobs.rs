//! Log-probabilities of tokens.

use serde::Serialize;
use tsify::Tsify;

use crate::engine::{self, Engine};

/// A token and its log-probability.
#[derive(Serialize, Tsify)]
pub(super) struct TokenLogprob {
    /// The token's id.
    token: u32,
    /// Its text, in which an incomplete character is U+FFFD; of a control token, its name.
    text: String,
    /// The bytes of its text, perhaps a part of a character; a control token has none.
    bytes: Vec<u8>,
    /// Its log-probability.
    logprob: f32,
}

/// The log-probability of a token and of the likeliest ones that might have come instead.
#[derive(Serialize, Tsify)]
pub(super) struct TokenLogprobs {
    /// The token that was chosen.
    chosen: TokenLogprob,
    /// The likeliest tokens, the likeliest first, as many as were asked for.
    top: Vec<TokenLogprob>,
}

impl TokenLogprob {
    fn new(engine: &Engine, token: u32, logprob: f32) -> Self {
        let tokenizer = engine.model().tokenizer().ok();
        let bytes = tokenizer.map(|tokenizer| tokenizer.token_bytes(token)).unwrap_or_default();
        let name = || tokenizer.and_then(|tokenizer| tokenizer.token_text(token)).unwrap_or_default().to_owned();
        let text = if bytes.is_empty() { name() } else { String::from_utf8_lossy(&bytes).into_owned() };
        Self { token, text, bytes, logprob }
    }
}

impl TokenLogprobs {
    pub(super) fn new(engine: &Engine, token: u32, found: &engine::TokenLogprobs) -> Self {
        let top = found.alternatives.iter().map(|(token, logprob)| TokenLogprob::new(engine, *token, *logprob));
        Self { chosen: TokenLogprob::new(engine, token, found.logprob), top: top.collect() }
    }
}
