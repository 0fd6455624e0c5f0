//! Finds the texts of control tokens, which structure a prompt.

use std::ops::Range;

use aho_corasick::automaton::Automaton as _;
use aho_corasick::nfa::contiguous::NFA;
use aho_corasick::{Input, MatchKind};

use super::vocabulary::Vocabulary;
use crate::{Error, Result};

/// The texts that become control tokens where special tokens are parsed, and stay text where they aren't.
#[derive(Debug)]
pub(crate) struct ControlTexts {
    automaton: NFA,
    borders: Vec<char>,
}

impl ControlTexts {
    /// Finds `texts`.
    pub(crate) fn new<'text>(texts: impl Iterator<Item = &'text str>) -> Result<Self> {
        let texts: Vec<&str> = texts.filter(|text| !text.is_empty()).collect();
        let mut borders: Vec<char> =
            texts.iter().flat_map(|text| text.chars().next().into_iter().chain(text.chars().next_back())).collect();
        borders.sort_unstable();
        borders.dedup();
        // The kind of automaton that special tokens have, since another would be more code for a page to load.
        let automaton = NFA::builder().match_kind(MatchKind::LeftmostLongest).build(texts).map_err(failed)?;
        Ok(Self { automaton, borders })
    }

    /// Finds those of `vocabulary`.
    pub(crate) fn of(vocabulary: &Vocabulary) -> Result<Self> {
        Self::new(vocabulary.iter().filter(|(.., kind)| kind.is_parsed()).map(|(_, text, _)| text))
    }

    /// Their ranges in `text`; of those that overlap, the leftmost and longest.
    pub(crate) fn find(&self, text: &str) -> Result<Vec<Range<usize>>> {
        let found = self.automaton.try_find_iter(Input::new(text)).map_err(failed)?;
        Ok(found.map(|found| found.range()).collect())
    }

    /// The characters that they begin and end with.
    pub(crate) fn borders(&self) -> &[char] {
        &self.borders
    }
}

fn failed(error: impl std::error::Error) -> Error {
    Error::Tokenizer { reason: format!("the control tokens fail: {error}") }
}
