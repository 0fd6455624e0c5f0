//! Reads the JSON of a header and checks it against the format's rules.

use std::collections::HashSet;
use std::fmt;

use serde::de::{self, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, de::Error as _};

use super::{MAX_DIMENSIONS, MAX_NAME_LEN, MAX_TENSORS, malformed};
use crate::Result;
use crate::gguf::{Extent, Extents, Quoted, TensorType};

/// The key of the free-text metadata beside the tensors.
const METADATA: &str = "__metadata__";

/// One tensor of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The tensor's name, such as `model.layers.0.self_attn.q_proj.weight`.
    pub name: String,
    /// The name of the weights' type, such as `BF16`.
    pub dtype: String,
    /// The dimensions, at most eight, the slowest-moving one first.
    pub shape: Vec<u64>,
    /// The start of the tensor's bytes, from the end of the header.
    pub offset: u64,
    /// The number of bytes that the tensor takes.
    pub bytes: u64,
}

impl Entry {
    /// The type in GGUF; `None` for types that no supported model uses.
    #[must_use]
    pub fn kind(&self) -> Option<TensorType> {
        match self.dtype.as_str() {
            "F32" => Some(TensorType::F32),
            "F16" => Some(TensorType::F16),
            "BF16" => Some(TensorType::BF16),
            _ => None,
        }
    }
}

/// The number of bytes of a weight, where the type is known.
fn weight_bytes(dtype: &str) -> Option<u64> {
    match dtype {
        "BOOL" | "U8" | "I8" | "F8_E4M3" | "F8_E5M2" | "F8_E8M0" => Some(1),
        "U16" | "I16" | "F16" | "BF16" => Some(2),
        "U32" | "I32" | "F32" => Some(4),
        "U64" | "I64" | "F64" => Some(8),
        _ => None,
    }
}

/// Reads the JSON of a header.
pub(super) fn read(json: &[u8], file: &str) -> Result<Vec<Entry>> {
    let Directory(mut entries) =
        serde_json::from_slice(json).map_err(|error| malformed(file, format!("its header: {error}")))?;
    entries.sort_by_key(|entry| (entry.offset, entry.bytes));
    let mut names = HashSet::with_capacity(entries.len());
    let mut end = 0;
    for entry in &entries {
        let fault = |reason: String| Err(malformed(file, format!("tensor {}: {reason}", Quoted(&entry.name))));
        if !names.insert(entry.name.as_str()) {
            return fault("it stands there twice".to_owned());
        }
        // The format allows neither holes nor tensors that share bytes.
        if entry.offset != end {
            return fault(format!("its data starts at {} where the one before ends at {end}", entry.offset));
        }
        end = match entry.offset.checked_add(entry.bytes) {
            Some(end) if end <= i64::MAX as u64 / 2 => end,
            _ => return fault("its data lies beyond what a file can hold".to_owned()),
        };
        let weights = entry.shape.iter().try_fold(1_u64, |product, dimension| product.checked_mul(*dimension));
        let Some(weights) = weights else { return fault(format!("its shape {:?} overflows", entry.shape)) };
        if let Some(size) = weight_bytes(&entry.dtype)
            && weights.checked_mul(size) != Some(entry.bytes)
        {
            return fault(format!("{:?} of {} don't take {} bytes", entry.shape, entry.dtype, entry.bytes));
        }
    }
    Ok(entries)
}

/// The byte ranges of a file's tensors, whose data starts at `data_offset`; tensors are numbered by their index in `entries`.
pub(crate) fn extents_of(entries: &[Entry], data_offset: u64) -> Extents {
    let extent = |(tensor, entry): (usize, &Entry)| Extent {
        tensor,
        name: entry.name.clone(),
        start: data_offset + entry.offset,
        bytes: entry.bytes,
    };
    Extents::new(entries.iter().enumerate().filter(|(_, entry)| entry.bytes > 0).map(extent).collect())
}

struct Directory(Vec<Entry>);

impl<'de> Deserialize<'de> for Directory {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_map(DirectoryVisitor)
    }
}

struct DirectoryVisitor;

impl<'de> Visitor<'de> for DirectoryVisitor {
    type Value = Directory;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object of tensors")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Directory, A::Error> {
        let mut entries = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            if name == METADATA {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            if name.len() > MAX_NAME_LEN || entries.len() == MAX_TENSORS {
                let limit = format!("more than {MAX_TENSORS} tensors, or a name longer than {MAX_NAME_LEN} bytes");
                return Err(A::Error::custom(limit));
            }
            let Tensor { dtype, shape: Dimensions(shape), data_offsets: [offset, end] } = map.next_value()?;
            let bytes = end
                .checked_sub(offset)
                .ok_or_else(|| A::Error::custom(format!("tensor {} ends before it starts", Quoted(&name))))?;
            entries.push(Entry { name, dtype, shape, offset, bytes });
        }
        Ok(Directory(entries))
    }
}

#[derive(Deserialize)]
struct Tensor {
    dtype: String,
    shape: Dimensions,
    data_offsets: [u64; 2],
}

/// A shape; parsing fails once it has too many dimensions.
struct Dimensions(Vec<u64>);

impl<'de> Deserialize<'de> for Dimensions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_seq(DimensionsVisitor)
    }
}

struct DimensionsVisitor;

impl<'de> Visitor<'de> for DimensionsVisitor {
    type Value = Dimensions;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "at most {MAX_DIMENSIONS} dimensions")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> std::result::Result<Dimensions, A::Error> {
        let mut shape = Vec::new();
        while let Some(dimension) = sequence.next_element()? {
            if shape.len() == MAX_DIMENSIONS {
                return Err(de::Error::invalid_length(MAX_DIMENSIONS + 1, &self));
            }
            shape.push(dimension);
        }
        Ok(Dimensions(shape))
    }
}
