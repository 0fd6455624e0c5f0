//! Writes GGUF files for tests, valid and invalid ones.

use wgslm_formats::gguf::TensorType;

/// A metadata value of a Rust type, which determines its GGUF type.
pub trait MetadataValue {
    /// The number of the value's GGUF type.
    const TYPE: u32;
    /// Appends the value without its type.
    fn write(&self, out: &mut Vec<u8>);
}

macro_rules! numbers {
    ($($type:ty = $id:literal),*) => {
        $(impl MetadataValue for $type {
            const TYPE: u32 = $id;
            fn write(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }
        })*
    };
}

numbers!(u8 = 0, i8 = 1, u16 = 2, i16 = 3, u32 = 4, i32 = 5, f32 = 6, u64 = 10, i64 = 11, f64 = 12);

impl MetadataValue for bool {
    const TYPE: u32 = 7;
    fn write(&self, out: &mut Vec<u8>) {
        out.push((*self).into());
    }
}

impl MetadataValue for &str {
    const TYPE: u32 = 8;
    fn write(&self, out: &mut Vec<u8>) {
        write_string(out, self.as_bytes());
    }
}

impl MetadataValue for String {
    const TYPE: u32 = 8;
    fn write(&self, out: &mut Vec<u8>) {
        write_string(out, self.as_bytes());
    }
}

impl<T: MetadataValue> MetadataValue for Vec<T> {
    const TYPE: u32 = 9;
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&T::TYPE.to_le_bytes());
        out.extend_from_slice(&(self.len() as u64).to_le_bytes());
        for value in self {
            value.write(out);
        }
    }
}

/// Appends a string: its length in 64 bits, then its bytes, which need not be text.
pub fn write_string(out: &mut Vec<u8>, text: &[u8]) {
    out.extend_from_slice(&(text.len() as u64).to_le_bytes());
    out.extend_from_slice(text);
}

/// Builds a GGUF file, without any checks.
#[derive(Clone)]
pub struct GgufWriter {
    version: u32,
    alignment: usize,
    metadata_count: u64,
    metadata: Vec<u8>,
    tensor_count: u64,
    directory: Vec<u8>,
    data: Vec<u8>,
}

impl Default for GgufWriter {
    fn default() -> Self {
        Self::new()
    }
}

impl GgufWriter {
    /// An empty file of version 3 with an alignment of 32.
    pub fn new() -> Self {
        Self {
            version: 3,
            alignment: 32,
            metadata_count: 0,
            metadata: Vec::new(),
            tensor_count: 0,
            directory: Vec::new(),
            data: Vec::new(),
        }
    }

    /// Sets the version.
    pub fn version(mut self, version: u32) -> Self {
        self.version = version;
        self
    }

    /// Sets the alignment and adds it to the metadata; call it before the first tensor.
    pub fn alignment(mut self, alignment: u32) -> Self {
        self.alignment = alignment as usize;
        self.metadata("general.alignment", alignment)
    }

    /// Adds a metadata entry.
    // Callers pass literals, which read better without a borrow.
    #[allow(clippy::needless_pass_by_value)]
    pub fn metadata<T: MetadataValue>(self, key: &str, value: T) -> Self {
        let mut bytes = Vec::new();
        value.write(&mut bytes);
        self.raw_metadata(key.as_bytes(), T::TYPE, &bytes)
    }

    /// Adds a metadata entry with any type number and any bytes as its value.
    pub fn raw_metadata(mut self, key: &[u8], kind: u32, value: &[u8]) -> Self {
        self.metadata_count += 1;
        write_string(&mut self.metadata, key);
        self.metadata.extend_from_slice(&kind.to_le_bytes());
        self.metadata.extend_from_slice(value);
        self
    }

    /// Adds a tensor's directory entry and, at the next multiple of the alignment, its bytes.
    pub fn tensor(mut self, name: &str, kind: TensorType, shape: &[u64], data: &[u8]) -> Self {
        self.pad_data();
        let offset = self.data.len() as u64;
        self.data.extend_from_slice(data);
        self.raw_tensor(name, kind.id(), shape, offset)
    }

    /// Adds a directory entry without data, with any type number and offset.
    pub fn raw_tensor(mut self, name: &str, kind: u32, shape: &[u64], offset: u64) -> Self {
        self.tensor_count += 1;
        write_string(&mut self.directory, name.as_bytes());
        self.directory.extend_from_slice(&(shape.len() as u32).to_le_bytes());
        for dimension in shape {
            self.directory.extend_from_slice(&dimension.to_le_bytes());
        }
        self.directory.extend_from_slice(&kind.to_le_bytes());
        self.directory.extend_from_slice(&offset.to_le_bytes());
        self
    }

    /// Adds bytes to the data section.
    pub fn raw_data(mut self, data: &[u8]) -> Self {
        self.data.extend_from_slice(data);
        self
    }

    /// Overrides the counts of tensors and of metadata entries in the header.
    pub fn counts(mut self, tensors: u64, metadata: u64) -> Self {
        (self.tensor_count, self.metadata_count) = (tensors, metadata);
        self
    }

    /// Returns the file, padded at its end to a multiple of the alignment as other writers do.
    pub fn finish(mut self) -> Vec<u8> {
        self.pad_data();
        let mut file = b"GGUF".to_vec();
        file.extend_from_slice(&self.version.to_le_bytes());
        file.extend_from_slice(&self.tensor_count.to_le_bytes());
        file.extend_from_slice(&self.metadata_count.to_le_bytes());
        file.extend_from_slice(&self.metadata);
        file.extend_from_slice(&self.directory);
        file.resize(file.len().next_multiple_of(self.alignment), 0);
        file.extend_from_slice(&self.data);
        file
    }

    fn pad_data(&mut self) {
        self.data.resize(self.data.len().next_multiple_of(self.alignment), 0);
    }
}
