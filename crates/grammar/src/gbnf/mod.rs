//! llama.cpp's notation of grammars (<https://github.com/ggml-org/llama.cpp/blob/master/grammars/README.md>).
//!
//! Rules that don't refer back to themselves are regular languages, and become terminals: matched as a whole, exactly as the
//! grammar says. What is recursive becomes rules over terminals. Where two terminals could match, the longer one does, as in Lark: every
//! answer follows the grammar, but a text that could only be read by ending a terminal early can't be written.

mod lark;
mod reader;

use crate::{Error, Result};

/// The notation, as error messages name it.
const NOTATION: &str = "GBNF grammar";

/// The rules of a grammar.
#[derive(Debug)]
struct Rules {
    bodies: Vec<Expression>,
    /// The index of the rule `root`.
    root: usize,
}

/// A part of a rule.
#[derive(Debug)]
enum Expression {
    /// A text.
    Text(String),
    /// One character of these ranges, or one of none of them.
    Characters { ranges: Vec<(char, char)>, negated: bool },
    /// A rule, by index.
    Rule(usize),
    /// A token, as `<name>` or `<[id]>`.
    Token(String),
    /// All parts, one after the other.
    Sequence(Vec<Expression>),
    /// One of the parts.
    Choice(Vec<Expression>),
    /// A part, from so many times to so many, or without an end.
    Repeat(Box<Expression>, u32, Option<u32>),
}

/// Writes a GBNF grammar as a Lark grammar.
///
/// # Errors
/// [`Error::InvalidGrammar`] names the place of a mistake, [`Error::UnsupportedGrammar`] what can't be written in Lark, and
/// [`Error::GrammarTooComplex`] the limit that is exceeded.
pub fn to_lark(text: &str) -> Result<String> {
    Ok(lark::write(&reader::read(text)?))
}

fn invalid(reason: String) -> Error {
    Error::InvalidGrammar { notation: NOTATION, reason }
}
