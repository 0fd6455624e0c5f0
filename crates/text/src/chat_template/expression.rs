//! Rewrites the operators `~`, `%` and the sign `+`.
//!
//! In minijinja, `~` writes large numbers differently from Python, `%` takes numbers only, and the sign `+` doesn't exist. The
//! operators become function calls, and the sign is left out.

use super::source::{CONCATENATE, REMAINDER};
use super::tag::next_token;

/// The depth of brackets that are rewritten: more than minijinja's parser takes.
const DEEPEST: usize = 256;

/// Rewrites the expression `text`, or the part of a statement behind its name.
pub(super) fn rewrite(text: &str) -> String {
    if tokens(text).any(|token| matches!(token, "~" | "%" | "+")) {
        sequence(&mut tokens(text), "", DEEPEST).0
    } else {
        text.to_owned()
    }
}

/// The tokens of `text`, without an unfinished string at its end.
pub(super) fn tokens(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let token = next_token(rest)?;
        rest = &rest[token.len()..];
        Some(token)
    })
}

/// Rewrites the tokens up to the bracket `close`; returns them and that bracket.
fn sequence<'text>(tokens: &mut dyn Iterator<Item = &'text str>, close: &str, depth: usize) -> (String, &'text str) {
    let mut chain = Chain::default();
    let mut space = "";
    let mut last = "";
    while let Some(token) = tokens.next() {
        if token.starts_with(char::is_whitespace) {
            space = token;
            continue;
        }
        if !close.is_empty() && token == close {
            return (chain.finish() + space, token);
        }
        let closing = match token {
            "(" => ")",
            "[" => "]",
            "{" => "}",
            _ => "",
        };
        if closing.is_empty() || depth == 0 {
            chain.push(space, token, last);
            last = if (last, token) == ("is", "not") { "is not" } else { token };
        } else {
            let (inner, closed) = sequence(tokens, closing, depth - 1);
            chain.operand(space, &format!("{token}{inner}{closed}"));
            last = closing;
        }
        space = "";
    }
    (chain.finish() + space, "")
}

/// A chain of operands while it is read: products inside concatenations.
#[derive(Default)]
struct Chain {
    /// The text before the chain.
    done: String,
    /// The operands of `~` so far.
    parts: Vec<String>,
    /// The product so far, with the operator `*`, `/` or `//` behind it; or a dividend that waits for its divisor.
    product: String,
    dividend: Option<String>,
}

impl Chain {
    /// Takes the next token, and the white space before it; `last` is the token before that.
    fn push(&mut self, space: &str, token: &str, last: &str) {
        let begins = is_operator(last);
        match token {
            // A name, even if it is an operator elsewhere.
            _ if matches!(last, "." | "|") => self.operand(space, token),
            // `is in` and `is not` are tests.
            _ if matches!(last, "is" | "is not") => self.operand(space, token),
            "%" => {
                self.end_product();
                self.dividend = Some(std::mem::take(&mut self.product));
            }
            "*" | "/" | "//" if !begins => {
                self.end_product();
                self.operand(space, token);
            }
            "**" if !begins => self.operand(space, token),
            "~" => {
                self.end_product();
                self.parts.push(std::mem::take(&mut self.product));
            }
            "+" if begins => self.product.push_str(space),
            "-" if begins => self.operand(space, token),
            _ if is_operator(token) => self.boundary(space, token),
            _ => self.operand(space, token),
        }
    }

    fn operand(&mut self, space: &str, token: &str) {
        self.product.push_str(space);
        self.product.push_str(token);
    }

    fn boundary(&mut self, space: &str, token: &str) {
        self.end_chain();
        self.done.push_str(space);
        self.done.push_str(token);
    }

    fn end_product(&mut self) {
        if let Some(dividend) = self.dividend.take() {
            self.product = format!(" {REMAINDER}({dividend},{})", self.product);
        }
    }

    fn end_chain(&mut self) {
        self.end_product();
        let last = std::mem::take(&mut self.product);
        if self.parts.is_empty() {
            self.done.push_str(&last);
        } else {
            self.parts.push(last);
            self.done.push_str(&format!(" {CONCATENATE}({})", std::mem::take(&mut self.parts).join(",")));
        }
    }

    fn finish(mut self) -> String {
        self.end_chain();
        self.done
    }
}

/// True for tokens behind which an operand begins.
fn is_operator(token: &str) -> bool {
    let words = ["", "and", "or", "not", "in", "if", "else", "recursive"];
    let signs = [",", ":", "=", "==", "!=", "<", ">", "<=", ">=", "+", "-", "*", "/", "//", "**", "%", "~"];
    words.contains(&token) || signs.contains(&token)
}
