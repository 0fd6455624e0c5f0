//! The text of values as Python writes it: `str()` and `repr()`.

use minijinja::value::{ObjectRepr, ValueKind};
use minijinja::{Error, Value};

use super::arguments::{check_length, invalid};
use super::objects;

/// The text of a value in a prompt, as Python's `str()` makes it.
pub(super) fn str_of(value: &Value) -> Result<String, Error> {
    match value.as_str() {
        Some(text) => Ok(text.to_owned()),
        None if value.is_undefined() => Ok(String::new()),
        None => repr_of(value),
    }
}

/// The text of a value inside of another, as Python's `repr()` makes it.
pub(super) fn repr_of(value: &Value) -> Result<String, Error> {
    let mut text = String::new();
    write_repr(value, &mut text, 0)?;
    Ok(text)
}

fn write_repr(value: &Value, text: &mut String, depth: usize) -> Result<(), Error> {
    check_size(depth, text.len())?;
    if let Some(string) = value.as_str() {
        write_string(string, text);
        return Ok(());
    }
    match value.kind() {
        ValueKind::Undefined => text.push_str("Undefined"),
        ValueKind::Number if !value.is_integer() => text.push_str(&float(f64::try_from(value.clone())?)),
        ValueKind::Seq if value.is_tuple() => {
            let length = write_items(value, "(", text, depth)?;
            text.push_str(if length == 1 { ",)" } else { ")" });
        }
        ValueKind::Seq | ValueKind::Iterable if writes_itself(value) => text.push_str(&value.to_string()),
        ValueKind::Seq | ValueKind::Iterable => {
            write_items(value, "[", text, depth)?;
            text.push(']');
        }
        ValueKind::Map if value.as_object().is_some_and(|object| object.repr() == ObjectRepr::Map) => {
            text.push('{');
            for (index, key) in value.try_iter()?.checked().enumerate() {
                let key = key?;
                text.push_str(if index > 0 { ", " } else { "" });
                write_repr(&key, text, depth + 1)?;
                text.push_str(": ");
                write_repr(&value.get_item(&key)?, text, depth + 1)?;
            }
            text.push('}');
        }
        _ => text.push_str(&value.to_string()),
    }
    Ok(())
}

/// Refuses values so deeply nested, or so long, that writing them would exhaust the stack or the memory.
pub(super) fn check_size(depth: usize, length: usize) -> Result<(), Error> {
    if depth > 200 { Err(invalid("the value is nested too deeply to be written")) } else { check_length(length) }
}

/// True for objects of this crate that write themselves as Python does.
fn writes_itself(value: &Value) -> bool {
    value.downcast_object_ref::<objects::Range>().is_some() || value.downcast_object_ref::<objects::View>().is_some()
}

fn write_items(value: &Value, open: &str, text: &mut String, depth: usize) -> Result<usize, Error> {
    text.push_str(open);
    let mut length = 0;
    for item in value.try_iter()?.checked() {
        text.push_str(if length > 0 { ", " } else { "" });
        write_repr(&item?, text, depth + 1)?;
        length += 1;
    }
    Ok(length)
}

fn write_string(string: &str, text: &mut String) {
    let quote = if string.contains('\'') && !string.contains('"') { '"' } else { '\'' };
    text.push(quote);
    for character in string.chars() {
        match character {
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            _ if character == quote => text.extend(['\\', quote]),
            _ if is_printable(character) => text.push(character),
            _ => {
                let code = u32::from(character);
                text.push_str(&match code {
                    0..=0xFF => format!("\\x{code:02x}"),
                    0x100..=0xFFFF => format!("\\u{code:04x}"),
                    _ => format!("\\U{code:08x}"),
                });
            }
        }
    }
    text.push(quote);
}

/// True if Python's `repr()` leaves a character as it is.
pub(super) fn is_printable(character: char) -> bool {
    // Behind another character, Rust escapes unprintable characters only.
    let mut pair = [0; 5];
    pair[0] = b'a';
    let length = 1 + character.encode_utf8(&mut pair[1..]).len();
    let shown = std::str::from_utf8(&pair[..length]).is_ok_and(|pair| pair.escape_debug().count() == 2);
    matches!(character, '\'' | '"' | '\\') || (shown && (character == ' ' || !character.is_whitespace()))
}

/// A float with the fewest digits that identify it, and with an exponent outside of 1e-4 to 1e16.
pub(super) fn float(value: f64) -> String {
    if value.is_nan() {
        return "nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    // Rust changes to exponents where Python does, but writes `1e16` and `1e-7`.
    let text = format!("{value:?}");
    match text.split_once('e') {
        Some((digits, exponent)) => match exponent.strip_prefix('-') {
            Some(exponent) => format!("{digits}e-{exponent:0>2}"),
            None => format!("{digits}e+{exponent:0>2}"),
        },
        None => text,
    }
}
