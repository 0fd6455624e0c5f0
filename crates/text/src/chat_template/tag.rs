//! Finds the tags of a template, and the tokens inside of one.

/// The kind of a tag.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum TagKind {
    /// `{{ ... }}`.
    Expression,
    /// `{% ... %}`.
    Statement,
    /// `{% raw %}` with everything up to `{% endraw %}`, and the offset of its text if that begins with a newline to keep.
    Raw { newline_at: Option<usize> },
    /// A comment, or a tag without an end.
    Other,
}

/// A tag and where it lies.
pub(super) struct Tag<'text> {
    pub(super) kind: TagKind,
    pub(super) text: &'text str,
    pub(super) open: &'text str,
    pub(super) close: &'text str,
    pub(super) body: &'text str,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// The first tag of `text`.
pub(super) fn next_tag(text: &str) -> Option<Tag<'_>> {
    let start = text.match_indices('{').map(|(at, _)| at).find(|at| text[at + 1..].starts_with(['{', '%', '#']))?;
    let whole = |kind, end| Some(Tag { kind, text: &text[start..end], open: "", close: "", body: "", start, end });
    let (kind, closing) = match text.as_bytes()[start + 1] {
        b'{' => (TagKind::Expression, "}}"),
        b'%' => (TagKind::Statement, "%}"),
        _ => {
            let end = text[start + 2..].find("#}").map_or(text.len(), |at| start + 2 + at + 2);
            return whole(TagKind::Other, end);
        }
    };
    let signed = |at: usize| usize::from(text[at..].starts_with(['-', '+']));
    let body_start = start + 2 + signed(start + 2);
    let Some(body_end) = end_of_body(text, body_start, closing) else { return whole(TagKind::Other, text.len()) };
    let end = text[body_end..].find(closing).map_or(text.len(), |at| body_end + at + 2);
    let body = &text[body_start..body_end];
    if kind == TagKind::Statement && body.trim() == "raw" {
        let rest = end_of_raw(&text[end..]).map_or(text.len(), |at| end + at);
        let keeps = !text[body_end..].starts_with('-') && text[end..].starts_with('\n');
        return whole(TagKind::Raw { newline_at: keeps.then_some(end - start) }, rest);
    }
    let (open, close) = (&text[start..body_start], &text[body_end..end]);
    Some(Tag { kind, text: &text[start..end], open, close, body, start, end })
}

/// The end of a tag's body: `closing` outside of strings and brackets, or the `-` or `+` before it.
fn end_of_body(text: &str, start: usize, closing: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = start;
    while at < text.len() {
        let rest = &text[at..];
        if depth == 0 && (rest.starts_with(closing) || (rest.starts_with(['-', '+']) && rest[1..].starts_with(closing)))
        {
            return Some(at);
        }
        let token = next_token(rest)?;
        match token {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += token.len();
    }
    None
}

/// The end of `{% endraw %}` in `text`.
fn end_of_raw(text: &str) -> Option<usize> {
    text.match_indices("{%").find_map(|(at, _)| {
        let inside = text[at + 2..].trim_start_matches(['-', '+']).trim_start();
        let after = inside.strip_prefix("endraw")?.trim_start().trim_start_matches(['-', '+']).strip_prefix("%}")?;
        Some(text.len() - after.len())
    })
}

/// The first token of `text`: a string, a word or number, white space, or an operator.
pub(super) fn next_token(text: &str) -> Option<&str> {
    let first = text.chars().next()?;
    let is_word = |character: char| character.is_alphanumeric() || character == '_';
    let length = match first {
        '"' | '\'' => {
            let mut escaped = false;
            let closes = |(_, character): &(usize, char)| {
                let closes = !escaped && *character == first;
                escaped = !escaped && *character == '\\';
                closes
            };
            text.char_indices().skip(1).find(closes)?.0 + 1
        }
        _ if first.is_whitespace() => text.find(|character: char| !character.is_whitespace()).unwrap_or(text.len()),
        _ if first.is_ascii_digit() => number_length(text),
        _ if is_word(first) => text.find(|character| !is_word(character)).unwrap_or(text.len()),
        _ => {
            let two = ["**", "//", "==", "!=", "<=", ">="].into_iter().any(|operator| text.starts_with(operator));
            if two { 2 } else { first.len_utf8() }
        }
    };
    Some(&text[..length])
}

fn number_length(text: &str) -> usize {
    let digits = |from: usize| {
        let is_digit = |character: char| character.is_ascii_alphanumeric() || character == '_';
        text[from..].find(|character| !is_digit(character)).map_or(text.len(), |at| from + at)
    };
    let mut end = digits(0);
    if text[end..].starts_with('.') && text[end + 1..].starts_with(|character: char| character.is_ascii_digit()) {
        end = digits(end + 1);
    }
    // The sign belongs to `1e-7`, but not to `0xe-7`.
    let exponent = text[..end].ends_with(['e', 'E']) && !text.starts_with("0x") && !text.starts_with("0X");
    if exponent && text[end..].starts_with(['-', '+']) { digits(end + 1) } else { end }
}
