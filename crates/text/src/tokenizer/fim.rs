//! Filling in the middle: the tokens that mark the text before and after a gap.

use super::Vocabulary;
use super::well_known::{
    CODESTRAL, FIM_FILE, FIM_MIDDLE, FIM_PAD, FIM_PREFIX, FIM_REPOSITORY, FIM_SUFFIX, Names, SUFFIX_FIRST,
};
use crate::Result;

/// The order of a prompt's parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FillOrder {
    /// The text before the gap comes first, as most models know it.
    PrefixFirst,
    /// The text after the gap comes first.
    SuffixFirst,
}

/// The tokens of a model that fills in the middle (Bavarian et al., 2022, <https://arxiv.org/abs/2207.14255>).
///
/// A prompt is `prefix` text `suffix` text `middle`, or `suffix` text `prefix` text `middle`, as `order` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FillInMiddle {
    /// Precedes the text before the gap.
    pub prefix: u32,
    /// Precedes the text after the gap.
    pub suffix: u32,
    /// Precedes the text that the model writes into the gap, unless that follows the text before the gap immediately.
    pub middle: Option<u32>,
    /// The order that the model was trained on.
    pub order: FillOrder,
    /// Pads the prompts of a batch.
    pub pad: Option<u32>,
    /// Precedes the name of a repository.
    pub repository: Option<u32>,
    /// Precedes the name of a file.
    pub file: Option<u32>,
}

impl FillInMiddle {
    /// Finds the tokens that the metadata names (`token` reads the id of a special token), or else those of well-known texts;
    /// `None` unless prefix, suffix and middle are found. `name` is the model's, if it is known.
    pub(super) fn find(
        vocabulary: &Vocabulary,
        name: &str,
        token: impl Fn(&str) -> Result<Option<u32>>,
    ) -> Result<Option<Self>> {
        if let Some(codestral) = Self::of_codestral(vocabulary, name) {
            return Ok(Some(codestral));
        }
        let find = |names: &[&str], texts: Names| -> Result<Option<u32>> {
            for name in names {
                if let Some(token) = token(name)? {
                    return Ok(Some(token));
                }
            }
            Ok(texts.iter().find_map(|text| vocabulary.find(text)))
        };
        let prefix = find(&["fim_pre", "prefix"], FIM_PREFIX)?;
        let suffix = find(&["fim_suf", "suffix"], FIM_SUFFIX)?;
        let middle = find(&["fim_mid", "middle"], FIM_MIDDLE)?;
        let pad = find(&["fim_pad"], FIM_PAD)?;
        let repository = find(&["fim_rep"], FIM_REPOSITORY)?;
        let file = find(&["fim_sep"], FIM_FILE)?;
        let Some(((prefix, suffix), middle)) = prefix.zip(suffix).zip(middle) else { return Ok(None) };
        let suffix_first =
            names(name, "mellum") || vocabulary.text(suffix).is_some_and(|text| SUFFIX_FIRST.contains(&text));
        let order = if suffix_first { FillOrder::SuffixFirst } else { FillOrder::PrefixFirst };
        Ok(Some(Self { prefix, suffix, middle: Some(middle), order, pad, repository, file }))
    }

    /// Codestral's tokens. Other models of Mistral have them in their vocabularies, and were never trained on them.
    fn of_codestral(vocabulary: &Vocabulary, name: &str) -> Option<Self> {
        let [prefix, suffix] = CODESTRAL.map(|text| vocabulary.find(text).filter(|_| names(name, "codestral")));
        Some(Self {
            prefix: prefix?,
            suffix: suffix?,
            middle: None,
            order: FillOrder::SuffixFirst,
            pad: None,
            repository: None,
            file: None,
        })
    }

    /// The tokens that end the text in the gap: padding, or the start of another file or repository.
    pub(super) fn ends(&self) -> impl Iterator<Item = u32> {
        [self.pad, self.repository, self.file].into_iter().flatten()
    }
}

/// True if a model's name has that of its family.
fn names(name: &str, family: &str) -> bool {
    name.to_ascii_lowercase().contains(family)
}
