//! Rewrites statements that minijinja lacks, and refuses those that it understands differently from Jinja.

use super::expression::{self, tokens};

/// The open statements of a template, and the names of its blocks.
#[derive(Default)]
pub(super) struct Statements {
    open: Vec<&'static str>,
    blocks: Vec<String>,
}

/// Statements with a scope of names.
const SCOPES: [&str; 4] = ["for", "macro", "call", "with"];

impl Statements {
    /// Rewrites the body of an expression tag for minijinja, or says why that is impossible.
    pub(super) fn expression(&self, body: &str) -> Result<String, String> {
        self.check_names(body)?;
        Ok(expression::rewrite(body))
    }

    /// Rewrites the body of a statement tag for minijinja, or says why that is impossible.
    pub(super) fn rewrite(&mut self, body: &str) -> Result<String, String> {
        let start = body.len() - body.trim_start().len();
        let (space, rest) = body.split_at(start);
        let name = tokens(rest).next().unwrap_or_default();
        let rest = &rest[name.len()..];
        self.check_names(rest)?;
        let scope = |name: &str| SCOPES.into_iter().find(|scope| *scope == name);
        if let Some(scope) = scope(name) {
            self.open.push(scope);
        } else if let Some(scope) = name.strip_prefix("end").and_then(scope)
            && self.open.last() == Some(&scope)
        {
            self.open.pop();
        }
        Ok(match name {
            // Names set inside stay inside, as in Jinja.
            "generation" => format!("{space}with{rest}"),
            "endgeneration" => format!("{space}endwith{rest}"),
            "block" => {
                self.block(rest)?;
                format!("{space}with ")
            }
            "endblock" => format!("{space}endwith "),
            "with" => format!("{space}with{}", with(rest)),
            "macro" => {
                check_defaults(rest)?;
                format!("{space}{name}{}", expression::rewrite(rest))
            }
            _ => format!("{space}{name}{}", expression::rewrite(rest)),
        })
    }

    /// Checks a block. Its body is written where it stands, since no other template extends this one.
    fn block(&mut self, rest: &str) -> Result<(), String> {
        let mut words = rest.split_whitespace();
        let name = words.next().unwrap_or_default().to_owned();
        let words: Vec<&str> = words.collect();
        if words.contains(&"required") {
            return Err(format!("block {name:?} is required and no template fills it"));
        }
        if !words.contains(&"scoped") && !self.open.is_empty() {
            return Err(format!("block {name:?} inside of another scope has to be `scoped`"));
        }
        if self.blocks.contains(&name) {
            return Err(format!("block {name:?} is defined twice"));
        }
        self.blocks.push(name);
        Ok(())
    }

    /// Refuses `varargs` and `kwargs` in macros, which minijinja lacks and would write as nothing.
    fn check_names(&self, body: &str) -> Result<(), String> {
        let mut last = "";
        for token in tokens(body) {
            if matches!(token, "varargs" | "kwargs") && last != "." && self.open.contains(&"macro") {
                return Err(format!("`{token}` of a macro is not supported"));
            }
            last = token;
        }
        Ok(())
    }
}

/// The parts of `text` between separators outside of brackets.
fn split_at<'text>(text: &'text str, separator: &str) -> Vec<&'text str> {
    let mut parts = Vec::new();
    let (mut depth, mut start, mut at) = (0_usize, 0, 0);
    for token in tokens(text) {
        match token {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            _ if depth == 0 && token == separator => {
                parts.push(&text[start..at]);
                start = at + token.len();
            }
            _ => {}
        }
        at += token.len();
    }
    parts.push(&text[start..]);
    parts
}

/// Rewrites the assignments of `with` as one: in Jinja they see the names from before, in minijinja each other's.
fn with(rest: &str) -> String {
    let assignments: Option<Vec<(&str, &str)>> =
        split_at(rest, ",").into_iter().map(|part| part.split_once('=')).collect();
    match assignments.as_deref() {
        Some([_, _, ..]) => {}
        _ => return expression::rewrite(rest),
    }
    let (names, values): (Vec<&str>, Vec<String>) =
        assignments.into_iter().flatten().map(|(name, value)| (name.trim(), expression::rewrite(value))).unzip();
    format!(" ({}) = ({})", names.join(", "), values.join(","))
}

/// Refuses a macro's parameter whose default is another parameter, which minijinja would write as nothing.
fn check_defaults(rest: &str) -> Result<(), String> {
    let Some((_, parameters)) = rest.split_once('(') else { return Ok(()) };
    let mut seen: Vec<&str> = Vec::new();
    for parameter in split_at(parameters.trim_end().trim_end_matches(')'), ",") {
        let (name, default) = parameter.split_once('=').unwrap_or((parameter, ""));
        if let Some(other) = tokens(default).find(|token| seen.contains(token)) {
            return Err(format!("the default of the parameter `{}` can't be the parameter `{other}`", name.trim()));
        }
        seen.push(name.trim());
    }
    Ok(())
}
