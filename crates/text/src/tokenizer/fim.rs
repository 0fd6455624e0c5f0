//! Filling in the middle: the tokens that mark the text before and after a gap.

use super::Vocabulary;
use super::well_known::{FIM_FILE, FIM_MIDDLE, FIM_PAD, FIM_PREFIX, FIM_REPOSITORY, FIM_SUFFIX, Names};
use crate::Result;

/// The tokens of a model that fills in the middle (Bavarian et al., 2022, <https://arxiv.org/abs/2207.14255>).
///
/// A prompt is `prefix` text `suffix` text `middle`, or with the suffix first; the model's description says which order it was
/// trained on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FillInMiddle {
    /// Precedes the text before the gap.
    pub prefix: u32,
    /// Precedes the text after the gap.
    pub suffix: u32,
    /// Precedes the text that the model writes into the gap.
    pub middle: u32,
    /// Pads the prompts of a batch.
    pub pad: Option<u32>,
    /// Precedes the name of a repository.
    pub repository: Option<u32>,
    /// Precedes the name of a file.
    pub file: Option<u32>,
}

impl FillInMiddle {
    /// Finds the tokens that the metadata names (`token` reads the id of a special token), or else those of well-known texts;
    /// `None` unless prefix, suffix and middle are found.
    pub(super) fn find(vocabulary: &Vocabulary, token: impl Fn(&str) -> Result<Option<u32>>) -> Result<Option<Self>> {
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
        Ok(prefix.zip(suffix).zip(middle).map(|((prefix, suffix), middle)| Self {
            prefix,
            suffix,
            middle,
            pad,
            repository,
            file,
        }))
    }

    /// The tokens that end the text in the gap: padding, or the start of another file or repository.
    pub(super) fn ends(&self) -> impl Iterator<Item = u32> {
        [self.pad, self.repository, self.file].into_iter().flatten()
    }
}
