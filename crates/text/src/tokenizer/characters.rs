//! The kinds of characters that BERT's normalisation tells apart.

use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::{Anchored, Input};

use crate::{Error, Result};

/// The role of a character where text is cut into words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CharacterKind {
    /// Ends a word.
    Space,
    /// Is left out.
    Control,
    /// Is left out where accents are stripped.
    Accent,
    /// Is a word by itself: punctuation, and the characters of languages written without spaces.
    Alone,
    /// Is part of a word.
    Word,
}

/// The kinds in the order in which they are tried. Code points that no version of Unicode has assigned are parts of words. The
/// ranges are those of BERT's `_is_chinese_char`, as Hugging Face has them (with U+2B920 where Unicode's block starts at
/// U+2B820), and all ASCII symbols are punctuation.
const KINDS: [(CharacterKind, &str); 4] = [
    (CharacterKind::Space, r"\s"),
    (CharacterKind::Control, r"[\p{Cc}\p{Cf}\p{Co}\x{FFFD}]"),
    (CharacterKind::Accent, r"\p{M}"),
    (
        CharacterKind::Alone,
        r"[\p{P}$+<=>^`|~\x{4E00}-\x{9FFF}\x{3400}-\x{4DBF}\x{20000}-\x{2A6DF}\x{2A700}-\x{2B73F}\x{2B740}-\x{2B81F}\x{2B920}-\x{2CEAF}\x{F900}-\x{FAFF}\x{2F800}-\x{2FA1F}]",
    ),
];

/// Tells the kinds of characters apart, by the tables of Unicode categories that the pre-tokenizers use too.
#[derive(Debug)]
pub(super) struct CharacterKinds {
    automaton: DFA,
}

impl CharacterKinds {
    pub(super) fn new() -> Result<Self> {
        let automaton = DFA::new_many(&KINDS.map(|(_, pattern)| pattern)).map_err(failed)?;
        Ok(Self { automaton })
    }

    /// An empty cache, in which [`Self::of`] keeps the states that its automaton has built.
    pub(super) fn cache(&self) -> Cache {
        self.automaton.create_cache()
    }

    pub(super) fn of(&self, character: char, cache: &mut Cache) -> Result<CharacterKind> {
        let mut buffer = [0; 4];
        let input = Input::new(character.encode_utf8(&mut buffer)).anchored(Anchored::Yes);
        let found = self.automaton.try_search_fwd(cache, &input).map_err(failed)?;
        Ok(found.map_or(CharacterKind::Word, |found| KINDS[found.pattern().as_usize()].0))
    }
}

fn failed(error: impl std::error::Error) -> Error {
    Error::Tokenizer { reason: format!("classifying characters failed: {error}") }
}
