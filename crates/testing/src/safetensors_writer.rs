//! Writes safetensors files for tests, valid and invalid ones.

use serde_json::{Map, Value, json};

/// Builds a safetensors file, without any checks.
#[derive(Clone, Default)]
pub struct SafetensorsWriter {
    header: Map<String, Value>,
    data: Vec<u8>,
}

impl SafetensorsWriter {
    /// An empty file.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a tensor, whose shape has the slowest dimension first.
    pub fn tensor(self, name: &str, dtype: &str, shape: &[u64], data: &[u8]) -> Self {
        let offsets = [self.data.len(), self.data.len() + data.len()];
        let mut file = self.entry(name, &json!({ "dtype": dtype, "shape": shape, "data_offsets": offsets }));
        file.data.extend_from_slice(data);
        file
    }

    /// Adds an entry to the header unchanged.
    pub fn entry(mut self, name: &str, entry: &Value) -> Self {
        self.header.insert(name.to_owned(), entry.clone());
        self
    }

    /// Returns the file, with its header padded to a multiple of 8 bytes as other writers do.
    pub fn finish(self) -> Vec<u8> {
        let mut header = Value::Object(self.header).to_string().into_bytes();
        header.resize(header.len().next_multiple_of(8), b' ');
        let mut file = (header.len() as u64).to_le_bytes().to_vec();
        file.extend_from_slice(&header);
        file.extend_from_slice(&self.data);
        file
    }
}
