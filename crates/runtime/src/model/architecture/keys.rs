//! The metadata of an architecture: keys that begin with its name.

use wgslm_formats::gguf::{Array, Metadata, Value};
use wgslm_formats::{Error, Result};

/// The largest size accepted: far above any model's, far below where sums and products overflow.
pub(super) const MAX_SIZE: u32 = 1 << 24;

/// The metadata of an architecture, by keys without its name before them. Source of the keys:
/// <https://github.com/ggml-org/ggml/blob/master/docs/gguf.md#llm>.
pub(super) struct Keys<'a> {
    pub(super) metadata: &'a Metadata,
    pub(super) architecture: &'a str,
}

impl<'a> Keys<'a> {
    pub(super) fn new(metadata: &'a Metadata, architecture: &'a str) -> Self {
        Self { metadata, architecture }
    }

    /// The full key, with the architecture's name before it.
    pub(super) fn key(&self, name: &str) -> String {
        format!("{}.{name}", self.architecture)
    }

    pub(super) fn u32(&self, name: &str) -> Result<Option<u32>> {
        self.metadata.u32(&self.key(name))
    }

    pub(super) fn f32(&self, name: &str) -> Result<Option<f32>> {
        self.metadata.f32(&self.key(name))
    }

    pub(super) fn bool(&self, name: &str) -> Result<Option<bool>> {
        self.metadata.bool(&self.key(name))
    }

    pub(super) fn str(&self, name: &str) -> Result<Option<&'a str>> {
        self.metadata.str(&self.key(name))
    }

    /// A number above 0, if the file has one.
    pub(super) fn positive_f32(&self, name: &str) -> Result<Option<f32>> {
        match self.f32(name)? {
            Some(number) if !(number.is_finite() && number > 0.0) => {
                Err(self.invalid(name, format!("{number} should be above 0")))
            }
            number => Ok(number),
        }
    }

    /// A number above 0, if the file has one; 0 counts as absent, as in llama.cpp.
    pub(super) fn positive_or_off(&self, name: &str) -> Result<Option<f32>> {
        if self.f32(name)? == Some(0.0) { Ok(None) } else { self.positive_f32(name) }
    }

    /// A size: an integer from 1 to [`MAX_SIZE`].
    pub(super) fn size(&self, name: &str) -> Result<u32> {
        let size = self.optional_size(name)?;
        size.ok_or_else(|| Error::MissingMetadata { key: self.key(name) })
    }

    pub(super) fn optional_size(&self, name: &str) -> Result<Option<u32>> {
        match self.u32(name)? {
            Some(number) if !(1..=MAX_SIZE).contains(&number) => {
                Err(self.invalid(name, format!("{number} should be from 1 to {MAX_SIZE}")))
            }
            number => Ok(number),
        }
    }

    /// A number for each of `layers` layers. The file has one number for all layers, or one for each, those that aren't run
    /// included; these come last.
    pub(super) fn by_layer(&self, name: &str, layers: u32) -> Result<Option<Vec<u32>>> {
        let key = self.key(name);
        let numbers: Vec<i64> = match self.metadata.get(&key) {
            Some(Value::Array(Array::I64(numbers))) => numbers.clone(),
            Some(Value::Array(Array::Bool(values))) => values.iter().map(|value| i64::from(*value)).collect(),
            _ => return Ok(self.metadata.u32(&key)?.map(|number| vec![number; layers as usize])),
        };
        let all = self.u32("block_count")?.unwrap_or(layers);
        if numbers.len() != all as usize {
            return Err(self.invalid(name, format!("it has {} numbers for {all} layers", numbers.len())));
        }
        let run = numbers.into_iter().take(layers as usize);
        let numbers: Option<Vec<u32>> = run.map(|number| u32::try_from(number).ok()).collect();
        numbers.map(Some).ok_or_else(|| self.invalid(name, "no number may be negative".to_owned()))
    }

    pub(super) fn invalid(&self, name: &str, reason: String) -> Error {
        Error::InvalidMetadata { key: self.key(name), reason }
    }
}
