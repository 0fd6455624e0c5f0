//! Finds the tokens that a text starts with.

use super::vocabulary::{TokenKind, Vocabulary};

/// The tokens that text may become, sorted by their bytes. Tokens with a common prefix are neighbours, so that the order serves
/// as a trie, in four bytes a token.
#[derive(Debug)]
pub(super) struct Prefixes {
    sorted: Vec<u32>,
}

impl Prefixes {
    /// The tokens of `vocabulary` that stand for text.
    pub(super) fn new(vocabulary: &Vocabulary) -> Self {
        let is_text = |kind| matches!(kind, TokenKind::Normal | TokenKind::UserDefined | TokenKind::Unused);
        let usable = vocabulary.iter().filter(|&(_, text, kind)| !text.is_empty() && is_text(kind));
        let mut sorted: Vec<u32> = usable.map(|(token, ..)| token).collect();
        sorted.sort_by_key(|&token| bytes(vocabulary, token));
        Self { sorted }
    }

    /// The tokens that `text` starts with, from the shortest to the longest, and the length in bytes of each.
    pub(super) fn of<'all>(
        &'all self,
        vocabulary: &'all Vocabulary,
        text: &'all str,
    ) -> impl Iterator<Item = (u32, usize)> {
        let mut candidates = &self.sorted[..];
        text.bytes()
            .enumerate()
            .map_while(move |(at, byte)| {
                let byte_of = |token: &u32| bytes(vocabulary, *token).get(at).copied();
                let start = candidates.partition_point(|token| byte_of(token) < Some(byte));
                let end = candidates.partition_point(|token| byte_of(token) <= Some(byte));
                candidates = &candidates[start..end];
                // The shortest comes first.
                let first = *candidates.first()?;
                Some((bytes(vocabulary, first).len() == at + 1).then_some((first, at + 1)))
            })
            .flatten()
    }
}

fn bytes(vocabulary: &Vocabulary, token: u32) -> &[u8] {
    vocabulary.text(token).unwrap_or_default().as_bytes()
}
