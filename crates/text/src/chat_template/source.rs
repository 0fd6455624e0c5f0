//! Rewrites what minijinja can't parse, or understands differently from Jinja.

use minijinja::{Error, ErrorKind};

use super::statement::Statements;
use super::tag::{Tag, TagKind, next_tag};

/// The function whose call replaces `a ~ b`.
pub(super) const CONCATENATE: &str = "__concatenate";
/// The function whose call replaces `a % b`.
pub(super) const REMAINDER: &str = "__remainder";

/// Rewrites the template `source` for minijinja.
pub(super) fn for_minijinja(source: &str) -> Result<String, Error> {
    let source = source.replace("\r\n", "\n").replace('\r', "\n");
    let mut rewritten = String::with_capacity(source.len());
    let mut statements = Statements::default();
    let mut rest = source.as_str();
    while let Some(Tag { kind, text, open, close, body, start, end }) = next_tag(rest) {
        rewritten.push_str(&rest[..start]);
        let line = || source[..source.len() - rest.len() + start].matches('\n').count() + 1;
        let failed = |reason: String| Error::new(ErrorKind::SyntaxError, format!("{reason} (line {})", line()));
        match kind {
            TagKind::Other => rewritten.push_str(text),
            // Jinja keeps the newline behind `{% raw %}`, and minijinja removes it.
            TagKind::Raw { newline_at: Some(at) } => {
                rewritten.push_str(&text[..at]);
                rewritten.push('\n');
                rewritten.push_str(&text[at..]);
            }
            TagKind::Raw { newline_at: None } => rewritten.push_str(text),
            TagKind::Expression | TagKind::Statement => {
                let body = match kind {
                    TagKind::Statement => statements.rewrite(body).map_err(failed)?,
                    _ => statements.expression(body).map_err(failed)?,
                };
                rewritten.push_str(open);
                rewritten.push_str(&body);
                rewritten.push_str(close);
            }
        }
        rest = &rest[end..];
    }
    rewritten.push_str(rest);
    Ok(rewritten)
}
