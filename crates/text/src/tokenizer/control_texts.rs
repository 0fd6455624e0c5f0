//! Finds the texts of control tokens, which structure a prompt.

use std::ops::Range;

use aho_corasick::automaton::Automaton as _;
use aho_corasick::nfa::contiguous::NFA;
use aho_corasick::{Input, MatchKind};

use super::vocabulary::Vocabulary;
use crate::{Error, Result};

/// The texts of control tokens, which become these tokens where special tokens are parsed, and stay text elsewhere.
#[derive(Debug)]
pub(crate) struct ControlTexts {
    automaton: NFA,
    borders: Vec<char>,
}

impl ControlTexts {
    /// Builds the automaton that finds `texts`.
    pub(crate) fn new<'text>(texts: impl Iterator<Item = &'text str>) -> Result<Self> {
        let texts: Vec<&str> = texts.filter(|text| !text.is_empty()).collect();
        let mut borders: Vec<char> =
            texts.iter().flat_map(|text| text.chars().next().into_iter().chain(text.chars().next_back())).collect();
        borders.sort_unstable();
        borders.dedup();
        // Special tokens have the same kind of automaton: another would be more code for a page to load.
        let automaton = NFA::builder().match_kind(MatchKind::LeftmostLongest).build(texts).map_err(failed)?;
        Ok(Self { automaton, borders })
    }

    /// Builds the automaton that finds the control tokens of `vocabulary`.
    pub(crate) fn of(vocabulary: &Vocabulary) -> Result<Self> {
        Self::new(vocabulary.iter().filter(|(.., kind)| kind.is_parsed()).map(|(_, text, _)| text))
    }

    /// The ranges of control tokens in `text`; of overlapping ones, the leftmost and longest.
    pub(crate) fn find(&self, text: &str) -> Result<Vec<Range<usize>>> {
        let found = self.automaton.try_find_iter(Input::new(text)).map_err(failed)?;
        Ok(found.map(|found| found.range()).collect())
    }

    /// The first and last characters of the control tokens' texts.
    pub(crate) fn borders(&self) -> &[char] {
        &self.borders
    }
}

fn failed(error: impl std::error::Error) -> Error {
    Error::Tokenizer { reason: format!("finding control tokens failed: {error}") }
}
