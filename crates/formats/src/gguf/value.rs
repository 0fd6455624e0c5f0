//! Reads metadata values one number or string at a time, so that a large array is never held twice.

use std::fmt::{self, Display};

use super::{
    Array, Quoted, Strings, Value,
    cursor::{Cursor, Scan},
    limits::{MAX_ARRAY_LEN, MAX_HEADER_LEN},
    malformed, unsupported,
};
use crate::Error;

/// The type of a metadata value that is not an array.
#[derive(Clone, Copy)]
pub(super) enum ScalarType {
    U8,
    I8,
    U16,
    I16,
    U32,
    I32,
    F32,
    Bool,
    String,
    U64,
    I64,
    F64,
}

/// The number that marks an array.
const ARRAY: u32 = 9;
/// The prefix of the keys of arrays of tokens and merges.
const VOCABULARY: &str = "tokenizer.";

impl ScalarType {
    fn from_id(id: u32) -> Option<Self> {
        Some(match id {
            0 => Self::U8,
            1 => Self::I8,
            2 => Self::U16,
            3 => Self::I16,
            4 => Self::U32,
            5 => Self::I32,
            6 => Self::F32,
            7 => Self::Bool,
            8 => Self::String,
            10 => Self::U64,
            11 => Self::I64,
            12 => Self::F64,
            _ => return None,
        })
    }

    /// Reads a value of this type.
    fn read(self, cursor: &mut Cursor<'_>, what: impl Display, text: Text) -> Scan<Value> {
        Ok(match self {
            Self::U8 => Value::U64(u8::from_le_bytes(cursor.fixed()?).into()),
            Self::U16 => Value::U64(u16::from_le_bytes(cursor.fixed()?).into()),
            Self::U32 => Value::U64(cursor.u32()?.into()),
            Self::U64 => Value::U64(cursor.u64()?),
            Self::I8 => Value::I64(i8::from_le_bytes(cursor.fixed()?).into()),
            Self::I16 => Value::I64(i16::from_le_bytes(cursor.fixed()?).into()),
            Self::I32 => Value::I64(i32::from_le_bytes(cursor.fixed()?).into()),
            Self::I64 => Value::I64(i64::from_le_bytes(cursor.fixed()?)),
            Self::F32 => Value::F64(f32::from_le_bytes(cursor.fixed()?).into()),
            Self::F64 => Value::F64(f64::from_le_bytes(cursor.fixed()?)),
            // Every number but 0 is true, as in llama.cpp.
            Self::Bool => Value::Bool(u8::from_le_bytes(cursor.fixed()?) != 0),
            Self::String => Value::String(match text {
                Text::Exact => cursor.string(MAX_HEADER_LEN, what)?.to_owned(),
                Text::Lossy => cursor.lossy_string(MAX_HEADER_LEN, what)?.into_owned(),
            }),
        })
    }
}

/// The treatment of strings that are not UTF-8.
#[derive(Clone, Copy)]
enum Text {
    /// Refuses them. Vocabularies spell raw bytes in printable characters, so a string that is not UTF-8 is damaged, and
    /// replacing its bytes could make two tokens equal.
    Exact,
    /// Replaces invalid bytes: a description is still of use without them.
    Lossy,
}

/// The part of a metadata entry that is read at once.
pub(super) enum Start {
    /// The whole value.
    Complete(Value),
    /// The head of an array, whose elements follow one by one.
    Array(PartialArray),
}

/// Reads the type and then the value, or the head of the array, of the metadata entry `key`.
pub(super) fn start(cursor: &mut Cursor<'_>, key: &str) -> Scan<Start> {
    let what = Key(key);
    let offset = cursor.offset();
    let id = cursor.u32()?;
    if let Some(kind) = ScalarType::from_id(id) {
        return kind.read(cursor, what, Text::Lossy).map(Start::Complete);
    }
    if id != ARRAY {
        return Err(unknown_type(what, offset, id).into());
    }
    let offset = cursor.offset();
    let id = cursor.u32()?;
    if id == ARRAY {
        return Err(unsupported(what, offset, "arrays of arrays are not read").into());
    }
    let kind = ScalarType::from_id(id).ok_or_else(|| unknown_type(what, offset, id))?;
    let len = cursor.count(MAX_ARRAY_LEN, format_args!("the length of {what}"))?;
    Ok(Start::Array(PartialArray::new(key, kind, len)))
}

fn unknown_type(what: Key<'_>, offset: u64, id: u32) -> Error {
    malformed(what, offset, format!("there is no value type {id}"))
}

/// The name of a metadata entry in an error.
#[derive(Clone, Copy)]
pub(super) struct Key<'a>(pub(super) &'a str);

impl Display for Key<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "metadata key {}", Quoted(self.0))
    }
}

/// The name of an element of a metadata array in an error, counting from one.
pub(super) struct Element<'a> {
    key: Key<'a>,
    number: u64,
    len: u64,
}

impl Display for Element<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "element {} of {} of {}", self.number, self.len, self.key)
    }
}

/// An array whose elements are still arriving. It grows with them, not with the length that the file announces.
pub(super) struct PartialArray {
    key: String,
    kind: ScalarType,
    text: Text,
    len: u64,
    elements: Array,
}

impl PartialArray {
    fn new(key: &str, kind: ScalarType, len: u64) -> Self {
        let elements = match kind {
            ScalarType::String => Array::Strings(Strings::default()),
            ScalarType::Bool => Array::Bool(Vec::new()),
            ScalarType::F32 | ScalarType::F64 => Array::F32(Vec::new()),
            _ => Array::I64(Vec::new()),
        };
        let text = if key.starts_with(VOCABULARY) { Text::Exact } else { Text::Lossy };
        Self { key: key.to_owned(), kind, text, len, elements }
    }

    /// True if all elements have been read.
    pub(super) fn is_complete(&self) -> bool {
        self.elements.len() as u64 == self.len
    }

    /// The name of the next element, for an error.
    pub(super) fn next_element(&self) -> Element<'_> {
        Element { key: Key(&self.key), number: self.elements.len() as u64 + 1, len: self.len }
    }

    /// Reads the next element.
    pub(super) fn push(&mut self, cursor: &mut Cursor<'_>) -> Scan<()> {
        let offset = cursor.offset();
        let what = self.next_element();
        let value = self.kind.read(cursor, &what, self.text)?;
        if let Value::U64(number) = value
            && i64::try_from(number).is_err()
        {
            return Err(unsupported(&what, offset, format!("{number} takes more than 63 bits")).into());
        }
        match (&mut self.elements, value) {
            (Array::I64(values), Value::I64(value)) => values.push(value),
            // The check above keeps this from wrapping.
            (Array::I64(values), Value::U64(value)) => values.push(value.cast_signed()),
            // Both widths are kept as f32: no array that the runtime reads needs more.
            #[allow(clippy::cast_possible_truncation)]
            (Array::F32(values), Value::F64(value)) => values.push(value as f32),
            (Array::Bool(values), Value::Bool(value)) => values.push(value),
            (Array::Strings(values), Value::String(value)) => values.push(&value),
            // `new` chooses the array for the type that `read` reads.
            (_, value) => return Err(malformed(self.next_element(), offset, format!("unexpected {value:?}")).into()),
        }
        Ok(())
    }

    /// The key and the complete value.
    pub(super) fn finish(self) -> (String, Value) {
        (self.key, Value::Array(self.elements))
    }
}
