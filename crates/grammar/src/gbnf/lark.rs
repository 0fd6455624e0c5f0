//! Writes GBNF as Lark.

use std::fmt::Write as _;

use super::{Expression, Rules};
use crate::lark::string;

/// Writes the rules as a Lark grammar.
pub(super) fn write(rules: &Rules) -> String {
    let mut writer = Writer { rules, regular: regular(rules), text: String::new(), pieces: 0, written: Vec::new() };
    writer.written = vec![false; rules.bodies.len()];
    let start = writer.name(rules.root);
    let _ = writeln!(writer.text, "start: {start}");
    let mut waiting = vec![rules.root];
    while let Some(rule) = waiting.pop() {
        if !std::mem::replace(&mut writer.written[rule], true) {
            writer.rule(rule);
            rules.bodies[rule].walk(&mut |part| waiting.extend(part.rule()));
        }
    }
    writer.text
}

impl Expression {
    /// The parts of this one.
    fn parts(&self) -> &[Self] {
        match self {
            Self::Sequence(parts) | Self::Choice(parts) => parts,
            Self::Repeat(part, ..) => std::slice::from_ref(part),
            _ => &[],
        }
    }

    /// The rule that this is.
    fn rule(&self) -> Option<usize> {
        match self {
            Self::Rule(rule) => Some(*rule),
            _ => None,
        }
    }

    /// Calls `visit` with this expression and all of its parts.
    fn walk(&self, visit: &mut impl FnMut(&Self)) {
        visit(self);
        for part in self.parts() {
            part.walk(visit);
        }
    }
}

/// Says of each rule whether it is a regular language: it has no tokens, and only refers to rules that are regular.
fn regular(rules: &Rules) -> Vec<bool> {
    let mut waits_for = Vec::new();
    let mut users = vec![Vec::new(); rules.bodies.len()];
    for (index, body) in rules.bodies.iter().enumerate() {
        let mut count = 0;
        body.walk(&mut |part| match part {
            Expression::Rule(rule) => {
                count += 1;
                users[*rule].push(index);
            }
            // Nobody lifts this one.
            Expression::Token(_) => count += 1,
            _ => {}
        });
        waits_for.push(count);
    }
    let mut ready: Vec<usize> = (0..waits_for.len()).filter(|&rule| waits_for[rule] == 0).collect();
    let mut regular = vec![false; rules.bodies.len()];
    while let Some(rule) = ready.pop() {
        regular[rule] = true;
        for &user in &users[rule] {
            waits_for[user] -= 1;
            if waits_for[user] == 0 {
                ready.push(user);
            }
        }
    }
    regular
}

struct Writer<'rules> {
    rules: &'rules Rules,
    regular: Vec<bool>,
    text: String,
    /// Terminals that were made from parts of rules.
    pieces: usize,
    written: Vec<bool>,
}

impl Writer<'_> {
    /// The name of a rule in Lark, where those of terminals are written in capitals.
    fn name(&self, rule: usize) -> String {
        if self.regular[rule] { format!("T{rule}") } else { format!("r{rule}") }
    }

    fn rule(&mut self, rule: usize) {
        let body = &self.rules.bodies[rule];
        let body = if self.regular[rule] { self.terminal(body) } else { self.expression(body) };
        let name = self.name(rule);
        let _ = writeln!(self.text, "{name}: {body}");
    }

    fn is_regular(&self, expression: &Expression) -> bool {
        let mut regular = true;
        expression.walk(&mut |part| match part {
            Expression::Rule(rule) => regular &= self.regular[*rule],
            Expression::Token(_) => regular = false,
            _ => {}
        });
        regular
    }

    /// The part of a rule: what is regular becomes a terminal, as much as possible each.
    fn expression(&mut self, expression: &Expression) -> String {
        if self.is_regular(expression) {
            return self.piece(std::slice::from_ref(expression), " ");
        }
        match expression {
            Expression::Sequence(parts) => self.parts(parts, " "),
            Expression::Choice(parts) => self.parts(parts, " | "),
            Expression::Repeat(part, least, most) => {
                let part = self.expression(part);
                repeat(&part, *least, *most)
            }
            Expression::Rule(rule) => self.name(*rule),
            Expression::Token(token) => token.clone(),
            Expression::Text(_) | Expression::Characters { .. } => self.terminal(expression),
        }
    }

    /// Parts of a sequence or choice. Neighbours that are regular become one terminal.
    fn parts(&mut self, parts: &[Expression], separator: &str) -> String {
        let runs: Vec<_> = parts.chunk_by(|left, right| self.is_regular(left) && self.is_regular(right)).collect();
        let mut texts = Vec::new();
        for run in runs {
            texts.push(match run {
                [part] => self.expression(part),
                _ => self.piece(run, separator),
            });
        }
        format!("({})", texts.join(separator))
    }

    /// A terminal of its own for parts that are regular.
    fn piece(&mut self, parts: &[Expression], separator: &str) -> String {
        if let [Expression::Rule(rule)] = parts {
            return self.name(*rule);
        }
        let parts: Vec<_> = parts.iter().map(|part| self.terminal(part)).collect();
        self.pieces += 1;
        let name = format!("P{}", self.pieces);
        let _ = writeln!(self.text, "{name}: {}", parts.join(separator));
        name
    }

    /// The part of a terminal.
    fn terminal(&self, expression: &Expression) -> String {
        let join = |parts: &[Expression], separator: &str| {
            let parts: Vec<_> = parts.iter().map(|part| self.terminal(part)).collect();
            if parts.is_empty() { "\"\"".to_owned() } else { format!("({})", parts.join(separator)) }
        };
        match expression {
            Expression::Text(text) => string(text),
            Expression::Characters { ranges, negated } => characters(ranges, *negated),
            Expression::Rule(rule) => self.name(*rule),
            Expression::Token(token) => token.clone(),
            Expression::Sequence(parts) => join(parts, " "),
            Expression::Choice(parts) => join(parts, " | "),
            Expression::Repeat(part, least, most) => repeat(&self.terminal(part), *least, *most),
        }
    }
}

fn repeat(part: &str, least: u32, most: Option<u32>) -> String {
    match (least, most) {
        (_, Some(0)) => "\"\"".to_owned(),
        (0, None) => format!("({part})*"),
        (1, None) => format!("({part})+"),
        (0, Some(1)) => format!("({part})?"),
        (least, None) => format!("({part}){{{least},}}"),
        (least, Some(most)) => format!("({part}){{{least},{most}}}"),
    }
}

/// A regular expression for one character.
fn characters(ranges: &[(char, char)], negated: bool) -> String {
    let mut class = String::from(if negated { "/[^" } else { "/[" });
    for (first, last) in ranges {
        let _ = write!(class, "\\u{{{:x}}}-\\u{{{:x}}}", u32::from(*first), u32::from(*last));
    }
    class.push_str("]/");
    class
}
