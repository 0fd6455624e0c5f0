//! Escapes in strings, read a character at a time and written as JSON's.

use std::fmt::Write as _;

/// The escapes of a notation.
#[derive(Debug, PartialEq)]
pub(super) enum Escapes {
    /// None: a backslash is a backslash.
    None,
    /// JSON's.
    Json,
    /// Python's.
    Python,
}

/// What an escape stands for.
pub(super) enum Escape {
    /// More characters belong to it.
    More,
    /// This text in a JSON string.
    Json(String),
    /// Nothing.
    Bad,
}

impl Escapes {
    /// Reads `text`, which begins with a backslash.
    pub(super) fn read(&self, text: &str) -> Escape {
        let Some(kind) = text[1..].chars().next() else { return Escape::More };
        let digits = &text[1 + kind.len_utf8()..];
        let wanted = match (self, kind) {
            (_, 'u') => 4,
            (Self::Python, 'x') => 2,
            (Self::Python, 'U') => 8,
            (Self::Json, '"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't') => return Escape::Json(text.to_owned()),
            (Self::Json, _) => return Escape::Bad,
            (_, kind) => {
                let mut json = String::new();
                match kind {
                    '\n' => {}
                    'n' => json.push_str("\\n"),
                    't' => json.push_str("\\t"),
                    'r' => json.push_str("\\r"),
                    'b' => json.push_str("\\b"),
                    'f' => json.push_str("\\f"),
                    '"' | '\'' | '\\' => push_escaped(&mut json, kind),
                    _ => {
                        json.push_str("\\\\");
                        push_escaped(&mut json, kind);
                    }
                }
                return Escape::Json(json);
            }
        };
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Escape::Bad;
        }
        if digits.len() < wanted {
            return Escape::More;
        }
        // JSON's escapes stay as they are, since two of them may be one character.
        if kind == 'u' {
            return Escape::Json(text.to_owned());
        }
        match u32::from_str_radix(digits, 16).ok().and_then(char::from_u32) {
            Some(character) => {
                let mut json = String::new();
                push_escaped(&mut json, character);
                Escape::Json(json)
            }
            None => Escape::Bad,
        }
    }
}

/// Appends a character of a string's text to JSON.
pub(super) fn push_escaped(json: &mut String, character: char) {
    match character {
        '"' => json.push_str("\\\""),
        '\\' => json.push_str("\\\\"),
        '\n' => json.push_str("\\n"),
        '\r' => json.push_str("\\r"),
        '\t' => json.push_str("\\t"),
        '\0'..='\u{1f}' => {
            // Writing to a string can't fail.
            let _ = write!(json, "\\u{:04x}", u32::from(character));
        }
        _ => json.push(character),
    }
}
