//! Writes the head of a GGUF file: everything before the tensors' bytes.

use std::collections::BTreeMap;
use std::ops::Range;

use super::cursor::{Cursor, Scan, Stop};
use super::limits::MAX_KEY_LEN;
use super::value::{self, Start};
use super::{Header, TensorInfo, TensorType, malformed};
use crate::Result;

/// The start of the metadata: after the magic, the version and two counts.
const METADATA_OFFSET: usize = 24;

const FILE_TYPE: &str = "general.file_type";
const QUANTIZATION_VERSION: &str = "general.quantization_version";
/// `GGML_QNT_VERSION` of <https://github.com/ggml-org/ggml/blob/master/include/ggml.h>.
const CURRENT_VERSION: u32 = 2;

/// The number of the value type `UINT32`: <https://github.com/ggml-org/ggml/blob/master/docs/gguf.md#file-structure>.
const U32: u32 = 4;

/// The head of a new file, up to its first tensor's first byte: that of the file that begins with `head` and has `header`, with
/// `tensors` as its directory. Metadata are copied byte for byte, so that no value changes its type, except those that say how
/// the weights are stored.
///
/// # Errors
/// [`crate::Error::InvalidGguf`] where `head` isn't that of `header`.
pub(crate) fn rewritten_head(head: &[u8], header: &Header, tensors: &[TensorInfo]) -> Result<Vec<u8>> {
    let mut changed = BTreeMap::from([(QUANTIZATION_VERSION, CURRENT_VERSION)]);
    changed.extend(file_type(tensors).map(|number| (FILE_TYPE, number)));
    let mut metadata = Vec::new();
    let mut count = 0u64;
    let mut at = METADATA_OFFSET;
    for _ in header.metadata.iter() {
        let (key, range) = entry(head, at).map_err(|stop| match stop {
            Stop::Incomplete { .. } => malformed("the metadata", at as u64, "they end early"),
            Stop::Failed(error) => error,
        })?;
        at = range.end;
        if !changed.contains_key(key) {
            metadata.extend_from_slice(&head[range]);
            count += 1;
        }
    }
    for (key, number) in changed {
        push_string(&mut metadata, key);
        metadata.extend(U32.to_le_bytes());
        metadata.extend(number.to_le_bytes());
        count += 1;
    }
    let mut out = b"GGUF".to_vec();
    out.extend(header.version.to_le_bytes());
    out.extend((tensors.len() as u64).to_le_bytes());
    out.extend(count.to_le_bytes());
    out.extend(metadata);
    for tensor in tensors {
        push_string(&mut out, &tensor.name);
        out.extend((tensor.shape.len() as u32).to_le_bytes());
        out.extend(tensor.shape.iter().flat_map(|size| size.to_le_bytes()));
        out.extend(tensor.kind.id().to_le_bytes());
        out.extend(tensor.offset.to_le_bytes());
    }
    out.resize(out.len().next_multiple_of(header.alignment as usize), 0);
    Ok(out)
}

fn push_string(out: &mut Vec<u8>, text: &str) {
    out.extend((text.len() as u64).to_le_bytes());
    out.extend_from_slice(text.as_bytes());
}

/// The key of the metadata entry at offset `at`, and the byte range of the entry.
fn entry(head: &[u8], at: usize) -> Scan<(&str, Range<usize>)> {
    let mut cursor = Cursor::new(&head[at..], at as u64);
    let key = cursor.string(MAX_KEY_LEN, "a metadata key")?;
    if let Start::Array(mut array) = value::start(&mut cursor, key)? {
        while !array.is_complete() {
            array.push(&mut cursor)?;
        }
    }
    Ok((key, at..at + cursor.consumed()))
}

/// The file type named after the tensor type that most matrix weights have: `enum llama_ftype` of
/// <https://github.com/ggml-org/llama.cpp/blob/master/include/llama.h>. `None` for types of mixtures, since the types alone don't
/// tell which mixture it is.
fn file_type(tensors: &[TensorInfo]) -> Option<u32> {
    let mut weights: BTreeMap<TensorType, u64> = BTreeMap::new();
    for tensor in tensors.iter().filter(|tensor| tensor.shape.len() > 1) {
        *weights.entry(tensor.kind).or_default() += tensor.row_len().saturating_mul(tensor.rows());
    }
    match weights.into_iter().max_by_key(|(_, weights)| *weights)?.0 {
        TensorType::F32 => Some(0),
        TensorType::F16 => Some(1),
        TensorType::Q4_0 => Some(2),
        TensorType::Q4_1 => Some(3),
        TensorType::Q8_0 => Some(7),
        TensorType::BF16 => Some(32),
        _ => None,
    }
}
