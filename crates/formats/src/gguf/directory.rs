//! Reads the tensor directory and checks that it describes a data section.

use super::{
    Extent, Quoted, TensorInfo, TensorType, Value,
    cursor::{Cursor, Scan},
    limits::{MAX_DIMENSIONS, MAX_TENSOR_NAME_LEN},
    malformed,
};
use crate::{Error, Result};

/// The largest accepted end of the data section: half the range of a signed 64-bit file offset, to leave room for a header.
const MAX_DATA_END: u64 = i64::MAX as u64 / 2;

/// Reads one entry of the directory.
pub(super) fn read_tensor(cursor: &mut Cursor<'_>, alignment: u32) -> Scan<TensorInfo> {
    let name = cursor.string(MAX_TENSOR_NAME_LEN, "a tensor's name")?.to_owned();
    let what = format!("tensor {}", Quoted(&name));

    let offset = cursor.offset();
    let dimensions = cursor.u32()?;
    if dimensions > MAX_DIMENSIONS {
        let reason = format!("it has {dimensions} dimensions, and no more than {MAX_DIMENSIONS} are possible");
        return Err(malformed(&what, offset, reason).into());
    }
    let mut shape = (0..dimensions).map(|_| cursor.u64()).collect::<Scan<Vec<_>>>()?;
    if shape.is_empty() {
        // A scalar has one dimension of 1, as in ggml.
        shape.push(1);
    }
    let kind = read_type(cursor, &name)?;
    let bytes = data_len(kind, &shape).map_err(|reason| malformed(&what, offset, reason))?;

    let field = cursor.offset();
    let offset = cursor.u64()?;
    if !offset.is_multiple_of(alignment.into()) {
        let reason = format!("its offset {offset} is not a multiple of the alignment {alignment}");
        return Err(malformed(&what, field, reason).into());
    }
    if offset.checked_add(bytes).is_none_or(|end| end > MAX_DATA_END) {
        let reason = format!("its {bytes} bytes from offset {offset} lie beyond what a file can hold");
        return Err(malformed(&what, field, reason).into());
    }
    Ok(TensorInfo { name, kind, shape, offset, bytes })
}

fn read_type(cursor: &mut Cursor<'_>, tensor: &str) -> Scan<TensorType> {
    let id = cursor.u32()?;
    let unknown = || Error::UnsupportedTensorType {
        tensor: tensor.to_owned(),
        kind: format!("number {id}"),
        supported: TensorType::ALL.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(", "),
    };
    TensorType::from_id(id).ok_or_else(|| unknown().into())
}

/// The number of bytes of a tensor, or the fault in its shape.
fn data_len(kind: TensorType, shape: &[u64]) -> std::result::Result<u64, String> {
    if shape.contains(&0) {
        return Err(format!("its shape {shape:?} has an empty dimension"));
    }
    let (block_len, block_bytes) = (kind.block_len() as u64, kind.block_bytes() as u64);
    let row_len = shape.first().copied().unwrap_or(1);
    if !row_len.is_multiple_of(block_len) {
        return Err(format!("its rows of {row_len} weights are not whole {kind} blocks of {block_len}"));
    }
    let weights = shape.iter().try_fold(1_u64, |product, dimension| product.checked_mul(*dimension));
    weights
        .and_then(|weights| (weights / block_len).checked_mul(block_bytes))
        .ok_or_else(|| format!("its shape {shape:?} overflows"))
}

/// The tensors in file order. Each must start where the one before ends, padded to the next multiple of the alignment: otherwise
/// a wrong offset would only show in the model's answers.
pub(super) fn lay_out(tensors: &[TensorInfo], data_offset: u64, alignment: u32) -> Result<Vec<Extent>> {
    let mut order: Vec<usize> = (0..tensors.len()).collect();
    order.sort_by_key(|tensor| tensors.get(*tensor).map(|tensor| tensor.offset));

    let mut extents: Vec<Extent> = Vec::with_capacity(tensors.len());
    for (index, tensor) in order.into_iter().filter_map(|index| Some((index, tensors.get(index)?))) {
        let start = data_offset + tensor.offset;
        let end = extents.last().map_or(data_offset, |before| before.start + before.bytes);
        if start < end || start > end.next_multiple_of(alignment.into()) {
            let before = extents.last().map_or("the header".to_owned(), |before| Quoted(&before.name).to_string());
            let fault = if start < end { "overlaps" } else { "leaves a gap after" };
            let reason = format!("its data {fault} {before}, which ends at byte {end}");
            return Err(malformed(format_args!("tensor {}", Quoted(&tensor.name)), start, reason));
        }
        extents.push(Extent { tensor: index, name: tensor.name.clone(), start, bytes: tensor.bytes });
    }
    Ok(extents)
}

/// The value of `general.alignment`, which must be a power of two (ggml's rule).
pub(super) fn alignment(value: &Value, offset: u64) -> Result<u32> {
    let alignment = match value {
        Value::U64(number) => u32::try_from(*number).ok(),
        _ => None,
    };
    alignment
        .filter(|alignment| alignment.is_power_of_two())
        .ok_or_else(|| malformed("general.alignment", offset, "it should be a power of two that fits 32 bits"))
}
