//! Reads GBNF.

use std::collections::HashMap;

use super::{Expression, NOTATION, Rules, invalid};
use crate::{Error, Result};

/// The most parentheses inside each other.
const DEEPEST: usize = 24;
/// The most repetitions that a grammar may ask for, as in llama.cpp.
const MOST_REPETITIONS: u32 = 2000;

/// Reads the rules of a grammar.
pub(super) fn read(text: &str) -> Result<Rules> {
    let mut reader = Reader { text, at: 0, names: HashMap::new(), bodies: Vec::new() };
    reader.skip_space(true);
    while reader.peek().is_some() {
        reader.rule()?;
        reader.skip_space(true);
    }
    reader.finish()
}

struct Reader<'text> {
    text: &'text str,
    at: usize,
    names: HashMap<&'text str, usize>,
    bodies: Vec<Option<Expression>>,
}

impl<'text> Reader<'text> {
    fn finish(self) -> Result<Rules> {
        let Some(&root) = self.names.get("root") else {
            return Err(invalid("it has no rule `root`, where an answer starts".to_owned()));
        };
        let mut undefined: Vec<_> = self.names.iter().filter(|(_, index)| self.bodies[**index].is_none()).collect();
        undefined.sort_unstable();
        if let Some((name, _)) = undefined.first() {
            return Err(invalid(format!("the rule `{name}` is used but not defined")));
        }
        Ok(Rules { bodies: self.bodies.into_iter().flatten().collect(), root })
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let character = self.peek()?;
        self.at += character.len_utf8();
        Some(character)
    }

    fn eat(&mut self, text: &str) -> bool {
        let found = self.text[self.at..].starts_with(text);
        if found {
            self.at += text.len();
        }
        found
    }

    fn eat_while(&mut self, accepts: impl Fn(char) -> bool) -> &'text str {
        let rest = &self.text[self.at..];
        let end = rest.find(|character| !accepts(character)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    /// Skips white space and comments, and line breaks if they mean nothing here.
    fn skip_space(&mut self, line_breaks: bool) {
        loop {
            self.eat_while(|character| {
                matches!(character, ' ' | '\t') || (line_breaks && matches!(character, '\r' | '\n'))
            });
            if self.peek() != Some('#') {
                return;
            }
            self.eat_while(|character| !matches!(character, '\r' | '\n'));
        }
    }

    /// The error for what stands here.
    fn expected(&self, what: &str) -> Error {
        let line = self.text[..self.at].matches('\n').count() + 1;
        let rest: String = self.text[self.at..].chars().take_while(|&character| character != '\n').take(20).collect();
        invalid(format!("line {line} should have {what} at {rest:?}"))
    }

    fn name(&mut self) -> Result<usize> {
        let name = self.eat_while(|character| character.is_ascii_alphanumeric() || matches!(character, '-' | '_'));
        if name.is_empty() {
            return Err(self.expected("the name of a rule"));
        }
        let index = *self.names.entry(name).or_insert(self.bodies.len());
        if index == self.bodies.len() {
            self.bodies.push(None);
        }
        Ok(index)
    }

    fn rule(&mut self) -> Result<()> {
        let index = self.name()?;
        self.skip_space(false);
        if !self.eat("::=") {
            return Err(self.expected("`::=`"));
        }
        self.skip_space(true);
        let body = self.choice(0)?;
        if !matches!(self.peek(), None | Some('\r' | '\n')) {
            return Err(self.expected("the end of a rule"));
        }
        self.bodies[index] = Some(body);
        Ok(())
    }

    fn choice(&mut self, depth: usize) -> Result<Expression> {
        let mut parts = vec![self.sequence(depth)?];
        while self.bar() {
            self.skip_space(true);
            parts.push(self.sequence(depth)?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Expression::Choice(parts) })
    }

    /// Skips a `|`, which may stand on the next line.
    fn bar(&mut self) -> bool {
        let before = self.at;
        self.skip_space(true);
        let found = self.eat("|");
        if !found {
            self.at = before;
        }
        found
    }

    fn sequence(&mut self, depth: usize) -> Result<Expression> {
        let mut parts = Vec::new();
        while let Some(part) = self.item(depth)? {
            parts.push(self.repeated(part)?);
            self.skip_space(depth > 0);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Expression::Sequence(parts) })
    }

    fn item(&mut self, depth: usize) -> Result<Option<Expression>> {
        Ok(Some(match self.peek() {
            Some('"') => self.literal()?,
            Some('[') => self.characters()?,
            Some('(') => {
                if depth == DEEPEST {
                    let reason = format!("its parentheses are nested more than {DEEPEST} deep");
                    return Err(Error::GrammarTooComplex { notation: NOTATION, reason });
                }
                self.at += 1;
                self.skip_space(true);
                let group = self.choice(depth + 1)?;
                self.skip_space(true);
                if !self.eat(")") {
                    return Err(self.expected("`)`"));
                }
                group
            }
            Some('.') => {
                self.at += 1;
                Expression::Characters { ranges: vec![('\0', char::MAX)], negated: false }
            }
            Some('<') => self.token()?,
            Some('!') => {
                let reason = format!("all tokens but one: {}", self.expected("something else"));
                return Err(Error::UnsupportedGrammar { notation: NOTATION, reason });
            }
            Some(character) if character.is_ascii_alphanumeric() => Expression::Rule(self.name()?),
            _ => return Ok(None),
        }))
    }

    fn token(&mut self) -> Result<Expression> {
        self.at += 1;
        let name = self.eat_while(|character| !character.is_whitespace() && !matches!(character, '<' | '>'));
        if name.is_empty() || !self.eat(">") {
            return Err(self.expected("a token such as `<think>` or `<[1000]>`"));
        }
        Ok(Expression::Token(format!("<{name}>")))
    }

    fn repeated(&mut self, mut part: Expression) -> Result<Expression> {
        loop {
            let (least, most) = match self.peek() {
                Some('*') => (0, None),
                Some('+') => (1, None),
                Some('?') => (0, Some(1)),
                Some('{') => self.range()?,
                _ => return Ok(part),
            };
            self.at += 1;
            part = Expression::Repeat(Box::new(part), least, most);
        }
    }

    /// Reads `{m}`, `{m,}` or `{m,n}` up to its last brace.
    fn range(&mut self) -> Result<(u32, Option<u32>)> {
        self.at += 1;
        self.skip_space(true);
        let least = self.number()?;
        self.skip_space(true);
        let mut most = Some(least);
        if self.eat(",") {
            self.skip_space(true);
            most = if self.peek() == Some('}') { None } else { Some(self.number()?) };
            self.skip_space(true);
        }
        if self.peek() != Some('}') || most.is_some_and(|most| most < least) {
            return Err(self.expected("a range such as `{2,5}`"));
        }
        Ok((least, most))
    }

    fn number(&mut self) -> Result<u32> {
        let digits = self.eat_while(|character| character.is_ascii_digit());
        match digits.parse() {
            Ok(number) if number <= MOST_REPETITIONS => Ok(number),
            _ if digits.is_empty() => Err(self.expected("a number")),
            _ => {
                let reason = format!("it asks for {digits} repetitions, and the limit is {MOST_REPETITIONS}");
                Err(Error::GrammarTooComplex { notation: NOTATION, reason })
            }
        }
    }

    fn literal(&mut self) -> Result<Expression> {
        self.at += 1;
        let mut text = String::new();
        while !self.eat("\"") {
            text.push(self.character()?);
        }
        Ok(Expression::Text(text))
    }

    fn characters(&mut self) -> Result<Expression> {
        self.at += 1;
        let negated = self.eat("^");
        let mut ranges = Vec::new();
        while !self.eat("]") {
            let first = self.character()?;
            let rest = &self.text[self.at..];
            let last = if rest.starts_with('-') && !rest.starts_with("-]") {
                self.at += 1;
                self.character()?
            } else {
                first
            };
            if last < first {
                return Err(self.expected("an ascending range of characters before"));
            }
            ranges.push((first, last));
        }
        if ranges.is_empty() {
            return Err(self.expected("a character in the brackets before"));
        }
        Ok(Expression::Characters { ranges, negated })
    }

    /// Reads a character of a text or of a range, which may be escaped.
    fn character(&mut self) -> Result<char> {
        let Some(character) = self.next() else { return Err(self.expected("the end of a text or range")) };
        if character != '\\' {
            return Ok(character);
        }
        let digits = match self.next() {
            Some('n') => return Ok('\n'),
            Some('r') => return Ok('\r'),
            Some('t') => return Ok('\t'),
            Some(escaped @ ('\\' | '"' | '[' | ']' | '-' | '^')) => return Ok(escaped),
            Some('x') => 2,
            Some('u') => 4,
            Some('U') => 8,
            _ => return Err(self.expected("an escape such as `\\n` or `\\x41` before")),
        };
        let code =
            self.text.get(self.at..self.at + digits).filter(|code| code.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let character = code.and_then(|code| char::from_u32(u32::from_str_radix(code, 16).ok()?));
        let Some(character) = character else { return Err(self.expected("the number of a character")) };
        self.at += digits;
        Ok(character)
    }
}
