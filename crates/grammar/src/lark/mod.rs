//! Lark grammars: writing parts of them, and a look at those of others before llguidance compiles them.

mod nesting;
mod scanner;

use std::fmt::Write as _;

use llguidance::regex_to_lark;
use scanner::{Piece, Scanner};

use crate::{Error, Limits, Result, effort};

/// A terminal that matches a text, spelled as JSON spells strings.
pub(crate) fn string(text: &str) -> String {
    let mut string = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => string.extend(['\\', character]),
            '\0'..='\x1f' | '\x7f' => {
                let _ = write!(string, "\\u{:04x}", u32::from(character));
            }
            _ => string.push(character),
        }
    }
    string.push('"');
    string
}

/// A terminal that matches what a regular expression does.
pub(crate) fn regex(regex: &str) -> String {
    // Lark reads `//` as a comment.
    if regex.is_empty() { string("") } else { format!("/{}/", regex_to_lark(regex, "")) }
}

/// Refuses a grammar for which llguidance would need too much time or stack.
pub(crate) fn check(notation: &'static str, text: &str, limits: &Limits) -> Result<()> {
    effort::check(notation, repetitions(text))?;
    let depth = nesting::depth(text);
    if depth > limits.depth {
        let reason = format!("its rules and parentheses are nested {depth} deep, and the limit is {}", limits.depth);
        return Err(Error::GrammarTooComplex { notation, reason });
    }
    Ok(())
}

/// The number of parts of each sequence that repeat or may be absent; a `|` or a line break ends a sequence. Names of terminals count too,
/// since these may repeat.
fn repetitions(text: &str) -> Vec<u64> {
    let mut counts = Vec::new();
    let mut count = 0;
    for piece in Scanner::new(text) {
        match piece {
            Piece::Bar | Piece::LineBreak => counts.push(std::mem::take(&mut count)),
            Piece::Regex(regex) => count += effort::of_regex(regex),
            Piece::Repetition => count += 1,
            Piece::Name(name) => {
                count += u64::from(name.trim_start_matches('_').starts_with(|first: char| first.is_ascii_uppercase()))
            }
            Piece::Open | Piece::Close => {}
        }
    }
    counts.push(count);
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_repeats_is_counted_by_sequence() {
        for (text, counts) in [
            ("start: \"a*\"* | B c? D", &[1, 3][..]),
            ("a: /x*[*+]\\*y{2,}/ // b*\nb: c~1..3 # d*", &[2, 1]),
            ("a: %json {\"pattern\": \"a*|b*\"} b*\n", &[1, 0]),
            ("a: \"\\\"*\" é?", &[1]),
            ("\"unfinished*", &[0]),
            ("", &[0]),
        ] {
            assert_eq!(repetitions(text), counts, "{text}");
        }
    }
}
