//! The tokens of a model: their texts and kinds.

use std::hash::BuildHasher as _;

use hashbrown::{DefaultHashBuilder, HashTable};
use wgslm_formats::gguf::{Array, Metadata, Strings, Value};

use super::well_known::{CONTROL, ENDS, EXCEPTIONS, SHOWN};
use crate::{Error, Result};

const TOKENS: &str = "tokenizer.ggml.tokens";
const TOKEN_TYPES: &str = "tokenizer.ggml.token_type";

/// The purpose of a token: `tokenizer.ggml.token_type` of the GGUF specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// A piece of ordinary text.
    Normal,
    /// Stands for text that has no token.
    Unknown,
    /// Structures a prompt, such as `<|im_start|>`; it has no text of its own.
    Control,
    /// Structures an answer, such as `<|channel|>`; whoever reads the answer needs its text.
    Shown,
    /// Text that is always one token, taken as it stands.
    UserDefined,
    /// A slot that no text reaches.
    Unused,
    /// One byte of text.
    Byte,
}

impl TokenKind {
    /// True for tokens that text becomes only where special tokens are parsed.
    pub(crate) fn is_parsed(self) -> bool {
        matches!(self, Self::Control | Self::Shown | Self::Unknown)
    }

    /// The kind of a number of `tokenizer.ggml.token_type`.
    pub(super) fn from_number(number: i64) -> Option<Self> {
        Some(match number {
            1 => Self::Normal,
            2 => Self::Unknown,
            3 => Self::Control,
            4 => Self::UserDefined,
            // 0 is a token without a type, which llama.cpp shows no text of.
            0 | 5 => Self::Unused,
            6 => Self::Byte,
            _ => return None,
        })
    }
}

/// All tokens of a model, by id and by text.
///
/// A vocabulary has up to 262,144 tokens and more: their texts lie in one allocation, and the table from text to id holds
/// ids alone.
pub(crate) struct Vocabulary {
    texts: Strings,
    kinds: Vec<TokenKind>,
    ids: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

impl Vocabulary {
    /// Moves the tokens and their types out of the metadata.
    pub(crate) fn take_from(metadata: &mut Metadata) -> Result<Self> {
        metadata.require_strings(TOKENS)?;
        let Some(Value::Array(Array::Strings(texts))) = metadata.remove(TOKENS) else {
            return Err(Error::missing_metadata(TOKENS));
        };
        let kinds = match metadata.integers(TOKEN_TYPES)? {
            Some(numbers) => read_kinds(numbers, texts.len())?,
            None => vec![TokenKind::Normal; texts.len()],
        };
        metadata.remove(TOKEN_TYPES);
        Ok(Self::new(texts, kinds))
    }

    /// The vocabulary of these tokens, by id. Where two have the same text, the first is found.
    pub(crate) fn new(texts: Strings, kinds: Vec<TokenKind>) -> Self {
        let hasher = DefaultHashBuilder::default();
        let mut ids = HashTable::with_capacity(texts.len());
        let hash = |id: &u32| hasher.hash_one(text_of(&texts, *id).unwrap_or_default());
        for (id, text) in (0..).zip(texts.iter()).filter(|(_, text)| !text.is_empty()) {
            ids.entry(hasher.hash_one(text), |other| text_of(&texts, *other) == Some(text), hash).or_insert(id);
        }
        let mut vocabulary = Self { texts, kinds, ids, hasher };
        for texts in CONTROL {
            vocabulary.set_kinds(texts, TokenKind::Control);
        }
        vocabulary.set_kinds(SHOWN, TokenKind::Shown);
        for exception in EXCEPTIONS {
            if vocabulary.has_all(exception.beside) {
                vocabulary.set_kinds(&[exception.end], exception.kind);
            }
        }
        vocabulary
    }

    fn set_kinds(&mut self, texts: &[&str], kind: TokenKind) {
        for text in texts {
            if let Some(token) = self.find(text) {
                self.kinds[token as usize] = kind;
            }
        }
    }

    fn has_all(&self, texts: &[&str]) -> bool {
        texts.iter().all(|text| self.find(text).is_some())
    }

    /// The tokens that are known to end a generation by their text.
    pub(crate) fn ends(&self) -> impl Iterator<Item = u32> {
        let is_end = |text: &&&str| {
            !EXCEPTIONS.iter().any(|exception| exception.end == **text && self.has_all(exception.beside))
        };
        ENDS.iter().filter(is_end).filter_map(|text| self.find(text))
    }

    /// The number of tokens.
    pub(crate) fn len(&self) -> usize {
        self.texts.len()
    }

    /// The token of this text, whatever its kind.
    pub(crate) fn find(&self, text: &str) -> Option<u32> {
        self.ids.find(self.hasher.hash_one(text), |id| text_of(&self.texts, *id) == Some(text)).copied()
    }

    /// The token that plain text of this spelling becomes. Tokens that structure a prompt or an answer are excluded, since plain
    /// text must never become one.
    pub(crate) fn find_plain(&self, text: &str) -> Option<u32> {
        let structures = |kind| matches!(kind, TokenKind::Control | TokenKind::Shown);
        self.find(text).filter(|&token| !self.kind(token).is_some_and(structures))
    }

    /// The text of a token as the vocabulary spells it.
    pub(crate) fn text(&self, token: u32) -> Option<&str> {
        text_of(&self.texts, token)
    }

    /// The purpose of a token.
    pub(crate) fn kind(&self, token: u32) -> Option<TokenKind> {
        self.kinds.get(usize::try_from(token).ok()?).copied()
    }

    /// All tokens, in the order of their ids.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &str, TokenKind)> {
        (0..).zip(self.texts.iter()).zip(&self.kinds).map(|((id, text), &kind)| (id, text, kind))
    }
}

impl std::fmt::Debug for Vocabulary {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Vocabulary").field("tokens", &self.len()).finish_non_exhaustive()
    }
}

fn text_of(texts: &Strings, token: u32) -> Option<&str> {
    texts.get(usize::try_from(token).ok()?)
}

fn read_kinds(numbers: &[i64], tokens: usize) -> Result<Vec<TokenKind>> {
    let invalid = |reason: String| Error::invalid_metadata(TOKEN_TYPES, reason);
    if numbers.len() != tokens {
        return Err(invalid(format!("it has {} entries for {tokens} tokens", numbers.len())));
    }
    let kind =
        |number: &i64| TokenKind::from_number(*number).ok_or_else(|| invalid(format!("{number} is no token type")));
    numbers.iter().map(kind).collect()
}
