//! Parts of Lark grammars.

use std::fmt::Write as _;

use llguidance::regex_to_lark;

/// A terminal that matches a text, spelled as JSON spells strings.
pub(crate) fn string(text: &str) -> String {
    let mut string = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => string.extend(['\\', character]),
            '\0'..='\x1f' | '\x7f' => {
                let _ = write!(string, "\\u{:04x}", u32::from(character));
            }
            _ => string.push(character),
        }
    }
    string.push('"');
    string
}

/// A terminal that matches what a regular expression does.
pub(crate) fn regex(regex: &str) -> String {
    // Lark reads `//` as a comment.
    if regex.is_empty() { string("") } else { format!("/{}/", regex_to_lark(regex, "")) }
}
