//! An estimate of the work of regular expressions that llguidance's limits don't count.
//!
//! What repeats or may be absent, many times in a row, takes time that grows with the square of its number: `a*b*c*...`.

use crate::{Error, Result};

/// The most squares, summed over all sequences of a grammar; they take about 0.2 s.
const MOST: u64 = 1 << 22;

/// Refuses sequences with too many parts in a row that repeat or may be absent; `counts` are their numbers.
pub(crate) fn check(notation: &'static str, counts: impl IntoIterator<Item = u64>) -> Result<()> {
    let squares = counts.into_iter().fold(0_u64, |sum, count| sum.saturating_add(count.saturating_mul(count)));
    if squares <= MOST {
        return Ok(());
    }
    let reason = "too many parts in a row repeat or may be absent".to_owned();
    Err(Error::GrammarTooComplex { notation, reason })
}

/// The number of parts of a regular expression that repeat or may be absent.
pub(crate) fn of_regex(regex: &str) -> u64 {
    let (mut count, mut in_brackets) = (0, false);
    let mut characters = regex.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => drop(characters.next()),
            '[' => in_brackets = true,
            ']' => in_brackets = false,
            '*' | '+' | '?' | '{' if !in_brackets => count += 1,
            _ => {}
        }
    }
    count
}
