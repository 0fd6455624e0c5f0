//! Metadata of a model: typed values by key.

use std::collections::BTreeMap;

use crate::{Error, Result};

/// A metadata value. Integers of every width become `U64` or `I64`, floats `F64`.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// An unsigned integer.
    U64(u64),
    /// A signed integer.
    I64(i64),
    /// A float.
    F64(f64),
    /// A boolean.
    Bool(bool),
    /// UTF-8 text.
    String(String),
    /// A homogeneous array.
    Array(Array),
}

/// An array of metadata values, kept compactly: vocabularies have 100,000 entries and more.
#[derive(Clone, Debug, PartialEq)]
pub enum Array {
    /// Integers of every width and sign.
    I64(Vec<i64>),
    /// Floats of both widths.
    F32(Vec<f32>),
    /// Booleans.
    Bool(Vec<bool>),
    /// Strings.
    Strings(Strings),
}

/// Many strings in one allocation.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Strings {
    text: String,
    ends: Vec<usize>,
}

impl Strings {
    /// Appends a string.
    pub fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.ends.push(self.text.len());
    }

    /// The number of strings.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// True if there are no strings.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The string at `index`.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&str> {
        let end = *self.ends.get(index)?;
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        Some(&self.text[start..end])
    }

    /// All strings, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        (0..self.len()).map(|index| self.get(index).unwrap_or_default())
    }
}

impl Array {
    /// The number of elements.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::I64(values) => values.len(),
            Self::F32(values) => values.len(),
            Self::Bool(values) => values.len(),
            Self::Strings(values) => values.len(),
        }
    }

    /// True if there are no elements.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The metadata of a model, by key.
///
/// The `require_*` getters fail with [`Error::MissingMetadata`] where the key is absent; every typed getter fails with
/// [`Error::InvalidMetadata`] where the value has another type or is out of range.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metadata {
    values: BTreeMap<String, Value>,
}

impl Metadata {
    /// Sets the value of `key`; returns the previous one.
    pub fn insert(&mut self, key: impl Into<String>, value: Value) -> Option<Value> {
        self.values.insert(key.into(), value)
    }

    /// The value of `key`.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.values.get(key)
    }

    /// Removes and returns the value of `key`, to free a large array once it has served.
    pub fn remove(&mut self, key: &str) -> Option<Value> {
        self.values.remove(key)
    }

    /// All keys and values, in the order of the keys.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.values.iter().map(|(key, value)| (key.as_str(), value))
    }

    /// A non-negative integer that fits 32 bits.
    pub fn u32(&self, key: &str) -> Result<Option<u32>> {
        let number = match self.get(key) {
            None => return Ok(None),
            Some(Value::U64(number)) => u32::try_from(*number).ok(),
            Some(Value::I64(number)) => u32::try_from(*number).ok(),
            Some(_) => None,
        };
        number.map(Some).ok_or_else(|| invalid(key, "it should be an integer from 0 to 4294967295"))
    }

    /// A float; integers count as floats.
    #[allow(clippy::cast_precision_loss)]
    pub fn f32(&self, key: &str) -> Result<Option<f32>> {
        match self.get(key) {
            None => Ok(None),
            #[allow(clippy::cast_possible_truncation)]
            Some(Value::F64(number)) => Ok(Some(*number as f32)),
            Some(Value::U64(number)) => Ok(Some(*number as f32)),
            Some(Value::I64(number)) => Ok(Some(*number as f32)),
            Some(_) => Err(invalid(key, "it should be a number")),
        }
    }

    /// A boolean.
    pub fn bool(&self, key: &str) -> Result<Option<bool>> {
        match self.get(key) {
            None => Ok(None),
            Some(Value::Bool(value)) => Ok(Some(*value)),
            Some(_) => Err(invalid(key, "it should be true or false")),
        }
    }

    /// Text.
    pub fn str(&self, key: &str) -> Result<Option<&str>> {
        match self.get(key) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(invalid(key, "it should be text")),
        }
    }

    /// An array of strings.
    pub fn strings(&self, key: &str) -> Result<Option<&Strings>> {
        match self.get(key) {
            None => Ok(None),
            Some(Value::Array(Array::Strings(strings))) => Ok(Some(strings)),
            Some(_) => Err(invalid(key, "it should be an array of strings")),
        }
    }

    /// An array of integers.
    pub fn integers(&self, key: &str) -> Result<Option<&[i64]>> {
        match self.get(key) {
            None => Ok(None),
            Some(Value::Array(Array::I64(values))) => Ok(Some(values)),
            Some(_) => Err(invalid(key, "it should be an array of integers")),
        }
    }

    /// A non-negative integer that fits 32 bits and must be present.
    pub fn require_u32(&self, key: &str) -> Result<u32> {
        self.u32(key)?.ok_or_else(|| missing(key))
    }

    /// A float that must be present; integers count as floats.
    pub fn require_f32(&self, key: &str) -> Result<f32> {
        self.f32(key)?.ok_or_else(|| missing(key))
    }

    /// Text that must be present.
    pub fn require_str(&self, key: &str) -> Result<&str> {
        self.str(key)?.ok_or_else(|| missing(key))
    }

    /// An array of strings that must be present.
    pub fn require_strings(&self, key: &str) -> Result<&Strings> {
        self.strings(key)?.ok_or_else(|| missing(key))
    }
}

fn missing(key: &str) -> Error {
    Error::MissingMetadata { key: key.to_owned() }
}

fn invalid(key: &str, reason: &str) -> Error {
    Error::InvalidMetadata { key: key.to_owned(), reason: reason.to_owned() }
}
