//! Measures how deep the rules of a Lark grammar are nested, since llguidance compiles them by recursion.

use std::collections::HashMap;

use super::{Piece, Scanner};

/// A rule: the rules that it names, each with the parentheses around it.
#[derive(Default)]
struct Rule<'text> {
    name: &'text str,
    references: Vec<(&'text str, usize)>,
    /// The most parentheses inside each other.
    parentheses: usize,
}

/// The greatest number of rules and parentheses inside each other when the rules are visited in order, each once.
pub(super) fn depth(text: &str) -> usize {
    let rules = rules(text);
    // As in llguidance, the last definition of a name counts.
    let by_name: HashMap<_, _> = rules.iter().enumerate().map(|(index, rule)| (rule.name, index)).collect();
    let mut visited = vec![false; rules.len()];
    let mut deepest = 0;
    let first = by_name.get("start").copied();
    for start in first.into_iter().chain(0..rules.len()) {
        // The rules that are open, with the next reference of each and the depth at which it stands.
        let mut open = vec![(start, 0, 1)];
        if std::mem::replace(&mut visited[start], true) {
            continue;
        }
        while let Some((rule, next, depth)) = open.last_mut() {
            deepest = deepest.max(*depth + rules[*rule].parentheses);
            let Some(&(name, parentheses)) = rules[*rule].references.get(*next) else {
                open.pop();
                continue;
            };
            *next += 1;
            let depth = *depth + parentheses + 1;
            if let Some(&inner) = by_name.get(name)
                && !std::mem::replace(&mut visited[inner], true)
            {
                open.push((inner, 0, depth));
            }
        }
    }
    deepest
}

/// The rules of a grammar. A line that begins with a name defines it.
fn rules(text: &str) -> Vec<Rule<'_>> {
    let mut rules: Vec<Rule<'_>> = Vec::new();
    let (mut begins, mut parentheses) = (true, 0_usize);
    for piece in Scanner::new(text) {
        match piece {
            Piece::LineBreak => begins = true,
            Piece::Name(name) if begins => {
                rules.push(Rule { name, ..Rule::default() });
                (begins, parentheses) = (false, 0);
            }
            // The marks `?` and `!` may stand before the name of a rule.
            Piece::Repetition => {}
            piece => {
                begins = false;
                let Some(rule) = rules.last_mut() else { continue };
                match piece {
                    Piece::Name(name) => rule.references.push((name, parentheses)),
                    Piece::Open => {
                        parentheses += 1;
                        rule.parentheses = rule.parentheses.max(parentheses);
                    }
                    Piece::Close => parentheses = parentheses.saturating_sub(1),
                    _ => {}
                }
            }
        }
    }
    rules
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_and_parentheses_count() {
        for (text, expected) in [
            ("", 0),
            ("start: \"a\"", 1),
            ("start: ((\"(\"))", 3),
            ("start: a\na: b | C\nb: \"b\"\nC: /c/", 3),
            ("start: (a)\n?a: [b]\nb: a | start", 5),
            ("start: a b c\na: b\nb: c\nc: \"c\"", 4),
            ("start: a\n  | (b)\nb: (\"x\")", 4),
            ("start: missing", 1),
        ] {
            assert_eq!(depth(text), expected, "{text}");
        }
    }
}
