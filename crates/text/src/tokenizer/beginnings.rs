//! Finds the tokens that begin with a text.

use super::spelling::Spelling;
use super::vocabulary::{TokenKind, Vocabulary};

/// Tokens sorted by the first four bytes of their texts, since a look at every text of a vocabulary takes longer than a step of a model.
#[derive(Debug)]
pub(super) struct Beginnings {
    /// The first bytes, the first one highest, and the token.
    sorted: Vec<(u32, u32)>,
    /// The tokens that have to be decoded to be compared.
    decoded: Vec<u32>,
}

impl Beginnings {
    pub(super) fn new(vocabulary: &Vocabulary, spelling: Spelling) -> Self {
        let mut all = Self { sorted: Vec::with_capacity(vocabulary.len()), decoded: Vec::new() };
        for (token, text, kind) in vocabulary.iter() {
            if kind == TokenKind::Normal && spelling != Spelling::WordPiece {
                all.sorted.push((first_bytes(text, 0), token));
            } else {
                all.decoded.push(token);
            }
        }
        all.sorted.sort_unstable();
        all
    }

    /// The tokens whose text, in the vocabulary's spelling, begins with `spelled`, and those whose bytes begin with `text`; by id.
    pub(super) fn find(&self, vocabulary: &Vocabulary, spelling: Spelling, spelled: &str, text: &str) -> Vec<u32> {
        let (least, most) = (first_bytes(spelled, 0), first_bytes(spelled, u8::MAX));
        let start = self.sorted.partition_point(|&(bytes, _)| bytes < least);
        let near = self.sorted[start..].iter().take_while(|&&(bytes, _)| bytes <= most).map(|&(_, token)| token);
        let begins = |token: &u32| vocabulary.text(*token).is_some_and(|text| text.starts_with(spelled));
        let mut bytes = Vec::new();
        let decodes = |token: &&u32| {
            bytes.clear();
            if let (Some(text), Some(kind)) = (vocabulary.text(**token), vocabulary.kind(**token)) {
                spelling.decode_into(&mut bytes, kind, text);
            }
            bytes.starts_with(text.as_bytes())
        };
        let mut found: Vec<u32> = near.filter(begins).chain(self.decoded.iter().filter(decodes).copied()).collect();
        found.sort_unstable();
        found
    }
}

/// The first four bytes of a text as a number that is ordered as they are, filled up with `filler`.
fn first_bytes(text: &str, filler: u8) -> u32 {
    let mut bytes = [filler; 4];
    for (to, from) in bytes.iter_mut().zip(text.bytes()) {
        *to = from;
    }
    u32::from_be_bytes(bytes)
}
