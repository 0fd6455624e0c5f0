//! Operations on strings as Python has them: white space, case, cutting and padding.

use minijinja::{Error, Value};

use super::arguments::{check_length, integer_or, invalid, text};

/// True for characters that are white space in Python.
pub(super) fn is_space(character: char) -> bool {
    character.is_whitespace() || matches!(character, '\u{1c}'..='\u{1f}')
}

pub(super) fn is_decimal(character: char) -> bool {
    let other = matches!(character, '\u{b2}'..='\u{be}' | '\u{9f4}'..='\u{9f9}' | '\u{2070}'..='\u{3400}');
    character.is_ascii_digit() || (character.is_numeric() && !other)
}

pub(super) fn is_digit(character: char) -> bool {
    is_decimal(character)
        || matches!(character, '\u{b2}' | '\u{b3}' | '\u{b9}' | '\u{2070}' | '\u{2074}'..='\u{2079}')
        || matches!(character, '\u{2080}'..='\u{2089}' | '\u{2460}'..='\u{2468}' | '\u{2474}'..='\u{247c}')
}

pub(super) fn swapcase(string: &str) -> String {
    let mut swapped = String::new();
    for character in string.chars() {
        if character.is_uppercase() {
            swapped.extend(character.to_lowercase());
        } else {
            swapped.extend(character.to_uppercase());
        }
    }
    swapped
}

/// `string` with its first letter, and letters behind characters that `begins` accepts, in upper case, and others in lower case.
pub(super) fn titlecase(string: &str, begins: impl Fn(char) -> bool) -> String {
    // The whole text becomes lower case at once, since the form of a sigma depends on its neighbours.
    let lower = string.to_lowercase();
    let mut title = String::new();
    let mut before = None;
    for character in lower.chars() {
        if before.is_none_or(&begins) {
            let mut upper = character.to_uppercase();
            match character {
                'ǆ' | 'ǉ' | 'ǌ' | 'ǳ' => title.extend(char::from_u32(u32::from(character) - 1)),
                _ => {
                    title.extend(upper.next());
                    upper.for_each(|rest| title.extend(rest.to_lowercase()));
                }
            }
        } else {
            title.push(character);
        }
        before = Some(character);
    }
    title
}

/// `string` without the `characters`, or white space, at its ends.
pub(super) fn strip<'text>(
    string: &'text str,
    characters: Option<&Value>,
    start: bool,
    end: bool,
) -> Result<&'text str, Error> {
    let characters = characters.filter(|characters| !characters.is_none()).map(text).transpose()?;
    let strips =
        |character| characters.map_or_else(|| is_space(character), |characters| characters.contains(character));
    let string = if start { string.trim_start_matches(strips) } else { string };
    Ok(if end { string.trim_end_matches(strips) } else { string })
}

pub(super) fn non_empty(separator: &Value) -> Result<&str, Error> {
    let separator = text(separator)?;
    if separator.is_empty() { Err(invalid("the separator is empty")) } else { Ok(separator) }
}

/// Splits at most `limit` times, from the end if `reverse`.
pub(super) fn split(string: &str, separator: Option<Value>, limit: usize, reverse: bool) -> Result<Vec<&str>, Error> {
    let parts = limit.saturating_add(1);
    if let Some(separator) = separator {
        let separator = non_empty(&separator)?;
        if !reverse {
            return Ok(string.splitn(parts, separator).collect());
        }
        let mut found: Vec<&str> = string.rsplitn(parts, separator).collect();
        found.reverse();
        return Ok(found);
    }
    let mut words = Vec::new();
    let trim = if reverse { str::trim_end_matches::<fn(char) -> bool> } else { str::trim_start_matches };
    let mut rest = trim(string, is_space);
    while !rest.is_empty() {
        let cut = if reverse { rest.rfind(is_space) } else { rest.find(is_space) };
        let Some(at) = cut.filter(|_| words.len() < limit) else {
            words.push(if reverse { rest.trim_end_matches(is_space) } else { rest });
            break;
        };
        let width = rest[at..].chars().next().map_or(0, char::len_utf8);
        let (before, after) = (&rest[..at], &rest[at + width..]);
        let (word, left) = if reverse { (after, before) } else { (before, after) };
        words.push(word);
        rest = trim(left, is_space);
    }
    if reverse {
        words.reverse();
    }
    Ok(words)
}

pub(super) fn split_lines(string: &str, keep_ends: bool) -> Vec<&str> {
    let ends = |character| matches!(character, '\n'..='\r' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}');
    let mut lines = Vec::new();
    let mut rest = string;
    while let Some(at) = rest.find(ends) {
        let width =
            if rest[at..].starts_with("\r\n") { 2 } else { rest[at..].chars().next().map_or(0, char::len_utf8) };
        lines.push(&rest[..if keep_ends { at + width } else { at }]);
        rest = &rest[at + width..];
    }
    lines.extend((!rest.is_empty()).then_some(rest));
    lines
}

pub(super) fn replaced(string: &str, old: &str, new: &str, count: usize) -> Result<String, Error> {
    let inserted = (string.len() / old.len().max(1) + 1).min(count).saturating_mul(new.len());
    check_length(string.len().saturating_add(inserted))?;
    Ok(string.replacen(old, new, count))
}

/// The number of characters before `start`, and the text from character `start` to `end`; `None` where `start` is beyond the end.
pub(super) fn part(string: &str, start: Option<Value>, end: Option<Value>) -> Result<(usize, Option<&str>), Error> {
    let length = string.chars().count();
    let index = |at: Option<Value>, default: usize| {
        let at = integer_or(at, default as i64)?;
        let at = if at < 0 { at.saturating_add(length as i64).max(0) } else { at };
        Ok::<_, Error>(usize::try_from(at).unwrap_or(usize::MAX))
    };
    let (start, end) = (index(start, 0)?, index(end, length)?.min(length));
    let offset = |at: usize| string.char_indices().nth(at).map_or(string.len(), |(offset, _)| offset);
    Ok((start, (start <= end).then(|| &string[offset(start)..offset(end)])))
}

/// `string` padded to `width` characters; `left` says how many of the missing ones come before it.
pub(super) fn pad(string: &str, width: i64, fill: char, left: impl Fn(usize, usize) -> usize) -> Result<String, Error> {
    let width = usize::try_from(width).unwrap_or(0);
    check_length(width)?;
    let missing = width.saturating_sub(string.chars().count());
    let before = left(missing, width);
    let fill = |count| std::iter::repeat_n(fill, count);
    Ok(fill(before).chain(string.chars()).chain(fill(missing - before)).collect())
}

pub(super) fn expand_tabs(string: &str, size: usize) -> String {
    let mut expanded = String::new();
    let mut column = 0;
    for character in string.chars() {
        match character {
            '\t' => {
                let width = if size == 0 { 0 } else { size - column % size };
                expanded.extend(std::iter::repeat_n(' ', width));
                column += width;
            }
            _ => {
                column = if matches!(character, '\n' | '\r') { 0 } else { column + 1 };
                expanded.push(character);
            }
        }
    }
    expanded
}
