//! The tokens of a model: their text and what each of them is for.

use crate::gguf::{Array, Metadata, Strings, Value};
use crate::{Error, Result};

const TOKENS: &str = "tokenizer.ggml.tokens";
const TOKEN_TYPES: &str = "tokenizer.ggml.token_type";

/// What a token is for: `tokenizer.ggml.token_type` of the GGUF specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// A piece of ordinary text.
    Normal,
    /// Stands for text that has no token.
    Unknown,
    /// Structures a prompt, such as `<|im_start|>`; it has no text of its own.
    Control,
    /// Text that is always one token, taken as it stands.
    UserDefined,
    /// A slot that no text reaches.
    Unused,
    /// One byte of text.
    Byte,
}

impl TokenKind {
    fn from_number(number: i64) -> Option<Self> {
        Some(match number {
            1 => Self::Normal,
            2 => Self::Unknown,
            3 => Self::Control,
            4 => Self::UserDefined,
            5 => Self::Unused,
            6 => Self::Byte,
            _ => return None,
        })
    }
}

/// All tokens of a model, by id.
#[derive(Debug)]
pub(super) struct Vocabulary {
    texts: Strings,
    kinds: Vec<TokenKind>,
}

impl Vocabulary {
    /// Moves the tokens and their types out of the metadata.
    pub(super) fn take_from(metadata: &mut Metadata) -> Result<Self> {
        metadata.require_strings(TOKENS)?;
        let Some(Value::Array(Array::Strings(texts))) = metadata.remove(TOKENS) else {
            return Err(Error::MissingMetadata { key: TOKENS.to_owned() });
        };
        let mut kinds = match metadata.integers(TOKEN_TYPES)? {
            Some(numbers) => read_kinds(numbers, texts.len())?,
            None => vec![TokenKind::Normal; texts.len()],
        };
        metadata.remove(TOKEN_TYPES);
        // Some converted files call these ordinary text, and a prompt could then never hold one.
        for (kind, _) in kinds.iter_mut().zip(texts.iter()).filter(|(_, text)| is_end(text)) {
            *kind = TokenKind::Control;
        }
        Ok(Self { texts, kinds })
    }

    /// The number of tokens.
    pub(super) fn len(&self) -> usize {
        self.texts.len()
    }

    /// The text of a token as the vocabulary spells it.
    pub(super) fn text(&self, token: u32) -> Option<&str> {
        self.texts.get(usize::try_from(token).ok()?)
    }

    /// What a token is for.
    pub(super) fn kind(&self, token: u32) -> Option<TokenKind> {
        self.kinds.get(usize::try_from(token).ok()?).copied()
    }

    /// All tokens, in the order of their ids.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &str, TokenKind)> {
        (0..).zip(self.texts.iter()).zip(&self.kinds).map(|((id, text), &kind)| (id, text, kind))
    }
}

fn read_kinds(numbers: &[i64], tokens: usize) -> Result<Vec<TokenKind>> {
    let invalid = |reason: String| Error::InvalidMetadata { key: TOKEN_TYPES.to_owned(), reason };
    if numbers.len() != tokens {
        return Err(invalid(format!("it has {} entries for {tokens} tokens", numbers.len())));
    }
    let kind =
        |number: &i64| TokenKind::from_number(*number).ok_or_else(|| invalid(format!("{number} is no token type")));
    numbers.iter().map(kind).collect()
}

/// Texts that end a turn or a document in the published vocabularies, whether or not the metadata names their ids.
///
/// As in llama.cpp. `</s>` is not among them: some vocabularies have it as the HTML tag, so it stops only where it is
/// `tokenizer.ggml.eos_token_id`.
const ENDS: &[&str] = &[
    "<|im_end|>",
    "<|endoftext|>",
    "<|end_of_text|>",
    "<|eot_id|>",
    "<|eom_id|>",
    "<|end|>",
    "<end_of_turn>",
    "<end_of_utterance>",
];

/// Whether `text` ends a turn or a document.
pub(super) fn is_end(text: &str) -> bool {
    ENDS.contains(&text)
}
