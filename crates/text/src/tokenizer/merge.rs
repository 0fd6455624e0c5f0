//! Greedy merging of neighbouring symbols, best pair first, for both byte-pair encoding and SentencePiece.
//!
//! Symbols form a linked list, and a priority queue holds the pairs that join into a token. A word of n characters takes
//! O(n log n).

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::{Error, Result};

/// A stretch of a word that is a token or may become one.
#[derive(Clone, Copy)]
pub(super) struct Symbol {
    start: u32,
    /// The end in the word, or `start` once the symbol has been merged into the one before it.
    end: u32,
    /// The symbol's token, if it has one.
    pub(super) token: Option<u32>,
    previous: u32,
    next: u32,
}

/// The index of no symbol.
const NONE: u32 = u32::MAX;

/// The token that two symbols become together.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Join {
    /// The pair of the lowest number is merged first; among equals, the leftmost.
    pub(super) priority: u32,
    pub(super) token: u32,
}

/// A pair that can be merged, as long as neither symbol has changed.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Candidate {
    priority: u32,
    left: u32,
    right: u32,
    end: u32,
    token: u32,
}

/// Merges words; reuses its memory for the next word.
#[derive(Default)]
pub(super) struct Merger {
    symbols: Vec<Symbol>,
    queue: BinaryHeap<Reverse<Candidate>>,
}

impl Merger {
    /// Cuts `word` into characters, whose tokens `character` gives, and merges pairs as long as `join`, which is given both
    /// symbols and the text of the pair, joins any. Returns the tokens of the word, and characters without a token, in order.
    pub(super) fn merge<'word>(
        &mut self,
        word: &'word str,
        character: impl Fn(&str) -> Option<u32>,
        join: impl Fn(&Symbol, &Symbol, &str) -> Option<Join>,
    ) -> Result<impl Iterator<Item = (Option<u32>, &'word str)>> {
        self.cut(word, character)?;
        let symbols = &mut self.symbols;
        let candidate = |symbols: &[Symbol], left: u32, right: u32| {
            let (before, after) = (symbols.get(left as usize)?, symbols.get(right as usize)?);
            let Join { priority, token } = join(before, after, &word[before.start as usize..after.end as usize])?;
            Some(Reverse(Candidate { priority, left, right, end: after.end, token }))
        };
        let mut first = std::mem::take(&mut self.queue).into_vec();
        first.clear();
        first.extend((1..).zip(symbols.iter().skip(1)).filter_map(|(right, _)| candidate(symbols, right - 1, right)));
        self.queue = BinaryHeap::from(first);
        while let Some(Reverse(Candidate { left, right, end, token, .. })) = self.queue.pop() {
            let (before, after) = (symbols[left as usize], symbols[right as usize]);
            let is_whole = |symbol: Symbol| symbol.start < symbol.end;
            if !is_whole(before) || !is_whole(after) || before.end != after.start || after.end != end {
                continue;
            }
            symbols[left as usize] = Symbol { end, token: Some(token), next: after.next, ..before };
            symbols[right as usize].end = after.start;
            if let Some(next) = symbols.get_mut(after.next as usize) {
                next.previous = left;
            }
            self.queue.extend(candidate(symbols, before.previous, left));
            self.queue.extend(candidate(symbols, left, after.next));
        }
        let whole = self.symbols.iter().filter(|symbol| symbol.start < symbol.end);
        Ok(whole.map(|symbol| (symbol.token, &word[symbol.start as usize..symbol.end as usize])))
    }

    fn cut(&mut self, word: &str, character: impl Fn(&str) -> Option<u32>) -> Result<()> {
        if u32::try_from(word.len()).is_err() {
            return Err(Error::Tokenizer { reason: "a text of more than 4 GiB is too long for the tokenizer".into() });
        }
        self.symbols.clear();
        let (mut start, mut number) = (0, 0);
        for text in word.split_inclusive(|_| true) {
            // Both fit: they are at most the length of the word.
            let end = start + text.len() as u32;
            let previous = if number == 0 { NONE } else { number - 1 };
            self.symbols.push(Symbol { start, end, token: character(text), previous, next: number + 1 });
            (start, number) = (end, number + 1);
        }
        Ok(())
    }
}
