//! Finds special tokens in text, before any other splitting.

use aho_corasick::automaton::Automaton as _;
use aho_corasick::nfa::contiguous::NFA;
use aho_corasick::{Input, MatchKind};

use super::Special;
use super::vocabulary::{TokenKind, Vocabulary};
use crate::{Error, Result};

/// Finds control tokens (where they are asked for) and user-defined tokens (always) in text.
#[derive(Debug)]
pub(super) struct SpecialTokens {
    /// The tokens that remove the white space behind them, in ascending order.
    strip_behind: Vec<u32>,
    control_and_user_defined: Finder,
    user_defined: Finder,
}

/// A stretch of text: one special token, or text without any.
#[derive(Debug, PartialEq)]
pub(super) enum Piece<'text> {
    Token(u32),
    Text(&'text str),
}

/// The tokens of `pieces`: special tokens as they are, and what `encode` appends for each text between them.
pub(super) fn encode_pieces<'text>(
    pieces: &[Piece<'text>],
    mut encode: impl FnMut(&'text str, &mut Vec<u32>) -> Result<()>,
) -> Result<Vec<u32>> {
    let mut tokens = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Token(token) => tokens.push(*token),
            Piece::Text(text) => encode(text, &mut tokens)?,
        }
    }
    Ok(tokens)
}

impl SpecialTokens {
    /// Builds the automata for the special tokens of `vocabulary`; those that `strips_behind` accepts remove the white space
    /// behind them.
    pub(super) fn new(vocabulary: &Vocabulary, strips_behind: impl Fn(u32, &str) -> bool) -> Result<Self> {
        use TokenKind::{Control, Shown, Unknown, UserDefined};
        const SPECIAL: [TokenKind; 4] = [Control, Shown, Unknown, UserDefined];
        let special = vocabulary.iter().filter(|(.., kind)| SPECIAL.contains(kind));
        Ok(Self {
            strip_behind: special.filter(|&(id, text, _)| strips_behind(id, text)).map(|(id, ..)| id).collect(),
            control_and_user_defined: Finder::new(vocabulary, &SPECIAL)?,
            user_defined: Finder::new(vocabulary, &[UserDefined])?,
        })
    }

    /// Cuts `text` at special tokens; where two overlap, the leftmost wins, and among those the longest.
    pub(super) fn split<'text>(&self, text: &'text str, special: Special) -> Result<Vec<Piece<'text>>> {
        let mut pieces = match special {
            Special::Parse => self.control_and_user_defined.split(text)?,
            Special::Plain => self.user_defined.split(text)?,
        };
        if !self.strip_behind.is_empty() {
            let mut strips = false;
            pieces.retain_mut(|piece| match piece {
                Piece::Token(token) => {
                    strips = self.strip_behind.binary_search(token).is_ok();
                    true
                }
                Piece::Text(text) => {
                    if strips {
                        *text = text.trim_start_matches(|character| matches!(character, '\t'..='\r' | ' '));
                    }
                    !text.is_empty()
                }
            });
        }
        Ok(pieces)
    }
}

#[derive(Debug)]
struct Finder {
    tokens: Vec<u32>,
    automaton: NFA,
}

impl Finder {
    fn new(vocabulary: &Vocabulary, kinds: &[TokenKind]) -> Result<Self> {
        let (tokens, texts): (Vec<_>, Vec<_>) = vocabulary
            .iter()
            .filter(|(_, text, kind)| kinds.contains(kind) && !text.is_empty())
            .map(|(id, text, _)| (id, text))
            .unzip();
        // One kind of automaton rather than the choice of all: the others would double the code a page has to load.
        let automaton = NFA::builder().match_kind(MatchKind::LeftmostLongest).build(texts).map_err(failed)?;
        Ok(Self { tokens, automaton })
    }

    fn split<'text>(&self, text: &'text str) -> Result<Vec<Piece<'text>>> {
        let mut pieces = Vec::new();
        let mut at = 0;
        for found in self.automaton.try_find_iter(Input::new(text)).map_err(failed)? {
            if at < found.start() {
                pieces.push(Piece::Text(&text[at..found.start()]));
            }
            pieces.extend(self.tokens.get(found.pattern().as_usize()).map(|&token| Piece::Token(token)));
            at = found.end();
        }
        if at < text.len() {
            pieces.push(Piece::Text(&text[at..]));
        }
        Ok(pieces)
    }
}

fn failed(error: impl std::error::Error) -> Error {
    Error::Tokenizer { reason: format!("finding special tokens failed: {error}") }
}
