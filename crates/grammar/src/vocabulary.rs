//! The tokens of a model, as grammars see them.

use std::fmt;
use std::sync::Arc;

use toktrie::{INVALID_TOKEN, TokRxInfo, TokTrie, TokenId, TokenizerEnv};
use wgslm_text::{Special, Tokenizer};

use crate::{Error, Result};

/// The most tokens and bytes a token: what the nodes of a token trie have bits for.
const MOST_TOKENS: usize = 1 << 20;
const LONGEST_TOKEN: usize = 1 << 10;
const MOST_NODES: usize = 1 << 22;

/// Spells plain text as the model's tokenizer does.
pub type Tokenise = Box<dyn Fn(&str) -> Vec<u32> + Send + Sync>;

/// The bytes of a model's tokens, in a trie, and the tokens that end an answer.
#[derive(Clone)]
pub struct Vocabulary(Arc<Tokens>);

struct Tokens {
    trie: TokTrie,
    stop_tokens: Vec<u32>,
    tokenise: Option<Tokenise>,
}

impl Vocabulary {
    /// Makes the vocabulary of a tokenizer. Tokens that it suppresses are never allowed; tokens that structure an answer match no
    /// text, and a Lark grammar names them as `<|channel|>`.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn of(tokenizer: Arc<Tokenizer>) -> Result<Self> {
        let (packed, stop_tokens) = (tokenizer.packed_tokens(), tokenizer.stop_tokens().to_vec());
        // A tokenizer that fails has no tokens for the text, which is then spelled with the longest ones that fit.
        let tokenise = move |text: &str| tokenizer.encode(text, Special::Plain).unwrap_or_default();
        Self::from_packed(&packed, &stop_tokens, Some(Box::new(tokenise)))
    }

    /// Makes a vocabulary from [`Tokenizer::packed_tokens`].
    ///
    /// # Errors
    /// As [`Self::new`], and for a buffer that ends inside a token.
    pub fn from_packed(mut packed: &[u8], stop_tokens: &[u32], tokenise: Option<Tokenise>) -> Result<Self> {
        let mut tokens = Vec::new();
        while !packed.is_empty() {
            let token = packed.split_first_chunk().and_then(|(length, rest)| {
                let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
                rest.split_at_checked(length)
            });
            let Some((token, rest)) = token else {
                return Err(Error::GrammarVocabulary { reason: "its packed tokens end inside a token".to_owned() });
            };
            tokens.push(token.to_vec());
            packed = rest;
        }
        Self::new(&tokens, stop_tokens, tokenise)
    }

    /// Makes a vocabulary from the bytes of its tokens, by id. Empty ones are never allowed. Bytes that begin with 0xFF are the name
    /// of a token that matches no text, such as `\xFF<|channel|>`.
    ///
    /// Without `tokenise` no token is forced: the model spells forced text as it likes.
    ///
    /// # Errors
    /// [`Error::GrammarVocabulary`] for too many or too long tokens, and for stop tokens beyond the vocabulary.
    pub fn new(tokens: &[Vec<u8>], stop_tokens: &[u32], tokenise: Option<Tokenise>) -> Result<Self> {
        let unusable = |reason: String| Err(Error::GrammarVocabulary { reason });
        let (count, bytes) = (tokens.len(), tokens.iter().map(Vec::len).sum::<usize>());
        if count > MOST_TOKENS || bytes >= MOST_NODES {
            return unusable(format!(
                "it has {count} tokens of {bytes} bytes in all, and at most {MOST_TOKENS} of {MOST_NODES} are supported"
            ));
        }
        if let Some(token) = tokens.iter().position(|token| token.len() >= LONGEST_TOKEN) {
            return unusable(format!("token {token} has {LONGEST_TOKEN} bytes or more"));
        }
        if let Some(token) = stop_tokens.iter().find(|&&token| token as usize >= count) {
            return unusable(format!("the stop token {token} is not one of its {count} tokens"));
        }
        let info = TokRxInfo::new(count as u32, stop_tokens.first().copied().unwrap_or(INVALID_TOKEN));
        let mut trie = TokTrie::from(&info, tokens);
        if !stop_tokens.is_empty() {
            trie = trie.with_eos_tokens(stop_tokens);
        }
        Ok(Self(Arc::new(Tokens { trie, stop_tokens: stop_tokens.to_vec(), tokenise })))
    }

    /// The number of tokens.
    #[must_use]
    pub fn size(&self) -> usize {
        self.0.trie.vocab_size()
    }

    /// The tokens that end an answer.
    #[must_use]
    pub fn stop_tokens(&self) -> &[u32] {
        &self.0.stop_tokens
    }

    /// The vocabulary as llguidance takes it.
    pub(crate) fn env(&self) -> toktrie::TokEnv {
        Arc::clone(&self.0) as toktrie::TokEnv
    }
}

impl fmt::Debug for Vocabulary {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Vocabulary").field("tokens", &self.size()).finish_non_exhaustive()
    }
}

impl Tokens {
    /// The tokens of `text` as the model's tokenizer spells it, if they stand for exactly these bytes.
    fn canonical(&self, text: &str) -> Option<Vec<TokenId>> {
        let tokenise = self.tokenise.as_ref()?;
        let tokens = tokenise(text);
        if self.trie.decode_raw(&tokens) == text.as_bytes() {
            return Some(tokens);
        }
        // Some tokenizers put a space before a text. A line break keeps it away from this one, and is taken off again.
        let mut tokens = tokenise(&format!("\n{text}"));
        let start = (1..=tokens.len()).find(|&count| self.trie.decode_raw(&tokens[..count]).ends_with(b"\n"))?;
        tokens.drain(..start);
        (self.trie.decode_raw(&tokens) == text.as_bytes()).then_some(tokens)
    }
}

impl TokenizerEnv for Tokens {
    fn tok_trie(&self) -> &TokTrie {
        &self.trie
    }

    fn tokenize_bytes(&self, bytes: &[u8]) -> Vec<TokenId> {
        let canonical = std::str::from_utf8(bytes).ok().and_then(|text| self.canonical(text));
        canonical.unwrap_or_else(|| self.trie.greedy_tokenize(bytes))
    }

    fn tokenize_is_canonical(&self) -> bool {
        self.tokenise.is_some()
    }
}
