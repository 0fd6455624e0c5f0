//! The filter `tojson`, which is `json.dumps` of Python with Hugging Face's defaults.

use minijinja::value::ValueKind;
use minijinja::{Error, Value};

use super::arguments::{Arguments, bind_arguments, invalid};
use super::python_text::{check_size, float};

/// A writer of JSON: its layout, and the text so far.
struct Writer {
    text: String,
    ensure_ascii: bool,
    sort_keys: bool,
    /// The indentation of each level; without it, everything stands on one line.
    indent: Option<String>,
    item_separator: String,
    key_separator: String,
}

/// `value | tojson(ensure_ascii=false, indent=none, separators=none, sort_keys=false)`.
pub(super) fn tojson(value: &Value, arguments: Arguments) -> Result<String, Error> {
    let names = ["ensure_ascii", "indent", "separators", "sort_keys"];
    let [ensure_ascii, indent, separators, sort_keys] = bind_arguments("tojson", arguments, names)?;
    let is_true = |flag: Option<Value>| flag.is_some_and(|flag| flag.is_true());
    let indent = match indent.filter(|indent| !indent.is_none()) {
        None => None,
        Some(indent) => Some(match indent.as_str() {
            Some(text) => text.to_owned(),
            None => " ".repeat(usize::try_from(i64::try_from(indent)?.clamp(0, 100)).unwrap_or(0)),
        }),
    };
    let (item_separator, key_separator) = match separators.filter(|separators| !separators.is_none()) {
        None => (if indent.is_some() { "," } else { ", " }.to_owned(), ": ".to_owned()),
        Some(separators) => {
            let parts: Vec<Value> = separators.try_iter()?.checked().collect::<Result<_, _>>()?;
            match parts.as_slice() {
                [item, key] if item.as_str().is_some() && key.as_str().is_some() => (item.to_string(), key.to_string()),
                _ => return Err(invalid("separators must be two strings")),
            }
        }
    };
    let (ensure_ascii, sort_keys) = (is_true(ensure_ascii), is_true(sort_keys));
    let mut writer = Writer { text: String::new(), ensure_ascii, sort_keys, indent, item_separator, key_separator };
    writer.value(value, 1)?;
    Ok(writer.text)
}

impl Writer {
    fn value(&mut self, value: &Value, depth: usize) -> Result<(), Error> {
        check_size(depth, self.text.len())?;
        if let Some(text) = value.as_str() {
            self.string(text);
            return Ok(());
        }
        match value.kind() {
            ValueKind::Seq => {
                let items: Vec<Value> = value.try_iter()?.checked().collect::<Result<_, _>>()?;
                self.container(['[', ']'], &items, depth, |writer, item| writer.value(item, depth + 1))
            }
            ValueKind::Map => {
                let keys = value.try_iter()?.checked();
                let pair = |key: Result<Value, Error>| {
                    let key = key?;
                    Ok((key_text(&key)?, value.get_item(&key)?))
                };
                let mut pairs: Vec<(String, Value)> = keys.map(pair).collect::<Result<_, Error>>()?;
                if self.sort_keys {
                    pairs.sort_by(|(left, _), (right, _)| left.cmp(right));
                }
                self.container(['{', '}'], &pairs, depth, |writer, (key, value)| {
                    writer.string(key);
                    writer.text.push_str(&writer.key_separator);
                    writer.value(value, depth + 1)
                })
            }
            _ => {
                self.text.push_str(&scalar(value)?);
                Ok(())
            }
        }
    }

    fn container<T>(
        &mut self,
        [open, close]: [char; 2],
        items: &[T],
        depth: usize,
        mut write: impl FnMut(&mut Self, &T) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.text.push(open);
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.text.push_str(&self.item_separator);
            }
            self.line(depth);
            write(self, item)?;
        }
        if !items.is_empty() {
            self.line(depth - 1);
        }
        self.text.push(close);
        Ok(())
    }

    fn line(&mut self, depth: usize) {
        if let Some(indent) = &self.indent {
            self.text.push('\n');
            (0..depth).for_each(|_| self.text.push_str(indent));
        }
    }

    fn string(&mut self, string: &str) {
        self.text.push('"');
        for character in string.chars() {
            match character {
                '"' => self.text.push_str("\\\""),
                '\\' => self.text.push_str("\\\\"),
                '\n' => self.text.push_str("\\n"),
                '\r' => self.text.push_str("\\r"),
                '\t' => self.text.push_str("\\t"),
                '\u{8}' => self.text.push_str("\\b"),
                '\u{c}' => self.text.push_str("\\f"),
                '\0'..='\u{1f}' => self.escape(character),
                '\u{7f}'.. if self.ensure_ascii && !character.is_ascii() => self.escape(character),
                _ => self.text.push(character),
            }
        }
        self.text.push('"');
    }

    fn escape(&mut self, character: char) {
        self.text.push_str(&escaped(character));
    }
}

/// A character as JSON escapes it.
pub(super) fn escaped(character: char) -> String {
    character.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect()
}

fn key_text(key: &Value) -> Result<String, Error> {
    match key.as_str() {
        Some(text) => Ok(text.to_owned()),
        None => scalar(key),
    }
}

fn scalar(value: &Value) -> Result<String, Error> {
    match value.kind() {
        ValueKind::None => Ok("null".to_owned()),
        ValueKind::Bool => Ok(if value.is_true() { "true" } else { "false" }.to_owned()),
        ValueKind::Number if value.is_integer() => Ok(value.to_string()),
        ValueKind::Number => Ok(match f64::try_from(value.clone())? {
            number if number.is_nan() => "NaN".to_owned(),
            f64::INFINITY => "Infinity".to_owned(),
            f64::NEG_INFINITY => "-Infinity".to_owned(),
            number => float(number),
        }),
        kind => Err(invalid(format!("{kind} can't be written as JSON"))),
    }
}
