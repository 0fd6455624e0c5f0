//! The kinds of tokenizer in GGUF files, and their defaults.

use wgslm_formats::gguf::Metadata;

use super::byte_pair::WhiteSpace;
use super::pre_tokenizer_rules::{self, AddBos, Rules};
use crate::{Error, Result};

/// The token that llama.cpp uses as default for BOS and EOS of a vocabulary of merges.
const BYTE_PAIR_DEFAULT: u32 = 11;

/// An algorithm, as `tokenizer.ggml.model` names it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    BytePair(&'static Rules, WhiteSpace),
    SentencePiece,
    Unigram,
    WordPiece,
}

/// The special tokens of a kind where the metadata doesn't name them, and whether they stand around a prompt by default.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Defaults {
    pub(super) bos: Option<u32>,
    pub(super) eos: Option<u32>,
    pub(super) unknown: Option<u32>,
    /// True if the defaults only replace ids outside the vocabulary: a model that leaves an id out has no such token.
    pub(super) only_for_bad_ids: bool,
    pub(super) add_bos: bool,
    pub(super) add_eos: bool,
}

impl Kind {
    /// The kind of tokenizer that the metadata describes, and its defaults, which are llama.cpp's.
    pub(super) fn of(metadata: &Metadata) -> Result<(Self, Defaults)> {
        let ids = |bos, eos, unknown| Defaults { bos, eos, unknown, ..Defaults::default() };
        Ok(match metadata.require_str("tokenizer.ggml.model")? {
            "gpt2" => Self::byte_pair(pre_tokenizer(metadata)?, WhiteSpace::Kept)?,
            "whitespace" => {
                let name = pre_tokenizer(metadata)?;
                let lowercase = metadata.bool("tokenizer.ggml.normalizer.lowercase")?.unwrap_or(name != "whitespace");
                Self::byte_pair(name, WhiteSpace::Dropped { lowercase })?
            }
            "gemma4" => {
                let (kind, defaults) = Self::byte_pair("gemma4", WhiteSpace::Kept)?;
                (kind, Defaults { bos: None, eos: None, ..defaults })
            }
            "llama" => (Self::SentencePiece, Defaults { add_bos: true, ..ids(Some(1), Some(2), Some(0)) }),
            "t5" => (Self::Unigram, Defaults { add_eos: true, ..ids(None, Some(1), Some(2)) }),
            // Its BOS and EOS are [CLS] and [SEP].
            "bert" => {
                (Self::WordPiece, Defaults { add_bos: true, add_eos: true, ..ids(Some(101), Some(102), Some(100)) })
            }
            other => {
                let reason = format!(
                    "the model {other:?} is not supported (supported: gpt2, gemma4 and whitespace, byte-pair encoding; \
                     llama, SentencePiece; t5, Unigram; bert, WordPiece)"
                );
                return Err(Error::Tokenizer { reason });
            }
        })
    }

    fn byte_pair(name: &str, white_space: WhiteSpace) -> Result<(Self, Defaults)> {
        let rules = pre_tokenizer_rules::rules(name)?;
        let bos = Some(BYTE_PAIR_DEFAULT).filter(|_| !["glm4", "chatglm-bpe"].contains(&name));
        let add_bos = rules.add_bos != AddBos::IfAsked;
        let eos = Some(BYTE_PAIR_DEFAULT);
        let defaults = Defaults { bos, eos, unknown: None, only_for_bad_ids: true, add_bos, add_eos: false };
        Ok((Self::BytePair(rules, white_space), defaults))
    }

    /// True if a prompt starts with BOS even where the metadata says that it doesn't.
    pub(super) fn insists_on_bos(self) -> bool {
        matches!(self, Self::BytePair(rules, _) if rules.add_bos == AddBos::Always)
    }
}

/// The name of the rules by which text is split into words.
fn pre_tokenizer(metadata: &Metadata) -> Result<&str> {
    Ok(metadata.str("tokenizer.ggml.pre")?.unwrap_or_else(|| {
        tracing::warn!("the metadata names no pre-tokenizer; the default may split text differently");
        "default"
    }))
}
