//! Writes a tensor's bytes to the device, piece by piece as they arrive.

use wgslm_formats::gguf::{PackedRows, TensorType, floats, groups_in};
use wgslm_formats::quantise::Conversion;
use wgslm_gpu::{Buffer, Gpu};
use wgslm_shaders::format::{GROUP, plane_index};

use super::quantised_rows::QuantisedRows;
use crate::{Error, Result};

/// The destination of a tensor's rows.
pub(super) enum Target {
    /// f32 values, row after row; in planes for a tensor of one row.
    Floats { kind: TensorType, values: Buffer, row_length: usize, in_planes: bool },
    /// Divisors of rope frequencies, with the buffers to write and the undivided frequencies of each.
    Divisors { kind: TensorType, frequencies: Vec<(Buffer, Vec<f32>)> },
    /// Rows of a matrix, packed on the CPU.
    Matrix {
        kind: TensorType,
        conversion: Option<Conversion>,
        interleave: usize,
        groups: usize,
        parts: Vec<(usize, Buffer, Option<Buffer>)>,
    },
    /// Rows of a matrix, quantised on the device.
    Quantised(QuantisedRows),
}

/// Takes a tensor's bytes in pieces of any size, packs them in batches of rows, and writes the batches to the device.
pub(crate) struct TensorWriter {
    row_bytes: usize,
    batch: usize,
    target: Target,
    pending: Vec<u8>,
    /// The row of the target at which the tensor begins.
    first_row: usize,
    /// The row of the target to write next.
    next_row: usize,
}

impl TensorWriter {
    /// A writer of rows of `row_bytes` bytes, which begin at `first_row` of the target and are written `batch` at a time.
    pub(super) fn new(row_bytes: usize, batch: usize, first_row: usize, target: Target) -> Self {
        Self { row_bytes, batch, target, pending: Vec::new(), first_row, next_row: first_row }
    }

    /// Continues at byte `offset` of the tensor, where a row begins.
    ///
    /// # Errors
    /// [`Error::ScatteredRows`] where that row isn't the first of an interleaved group.
    pub(crate) fn seek(&mut self, gpu: &Gpu, offset: u64) -> Result<()> {
        let pending = std::mem::take(&mut self.pending);
        if !pending.is_empty() {
            self.write(gpu, &pending);
        }
        let row = offset as usize / self.row_bytes.max(1);
        self.next_row = self.first_row + row;
        match &self.target {
            Target::Matrix { interleave, .. } if !row.is_multiple_of(*interleave) => {
                Err(Error::ScatteredRows { row, multiple: *interleave })
            }
            _ => Ok(()),
        }
    }

    /// Takes the next bytes.
    pub(crate) fn push(&mut self, gpu: &Gpu, mut bytes: &[u8]) {
        let whole = self.batch * self.row_bytes;
        if !self.pending.is_empty() {
            let taken = bytes.len().min(whole - self.pending.len());
            self.pending.extend_from_slice(&bytes[..taken]);
            bytes = &bytes[taken..];
            if self.pending.len() == whole {
                let pending = std::mem::take(&mut self.pending);
                self.write(gpu, &pending);
            }
        }
        while bytes.len() >= whole {
            self.write(gpu, &bytes[..whole]);
            bytes = &bytes[whole..];
        }
        self.pending.extend_from_slice(bytes);
    }

    /// Writes the remaining rows once the last byte has come.
    pub(crate) fn finish(mut self, gpu: &Gpu) {
        let pending = std::mem::take(&mut self.pending);
        if !pending.is_empty() {
            self.write(gpu, &pending);
        }
    }

    /// Packs and writes whole rows, which begin at a multiple of the interleave.
    fn write(&mut self, gpu: &Gpu, bytes: &[u8]) {
        let first = self.next_row;
        let count = bytes.len() / self.row_bytes;
        self.next_row += count;
        let (kind, conversion, interleave, groups, parts) = match &self.target {
            Target::Quantised(rows) => return rows.write(gpu, first, bytes),
            Target::Floats { kind, values, row_length, in_planes } => {
                let mut floats = floats(*kind, bytes).unwrap_or_default();
                if *in_planes {
                    floats = to_planes(&floats);
                }
                return gpu.write(values, (first * row_length * 4) as u64, bytemuck::cast_slice(&floats));
            }
            Target::Divisors { kind, frequencies } => {
                let divisors = floats(*kind, bytes).unwrap_or_default();
                for (buffer, frequencies) in frequencies {
                    let divided: Vec<f32> = frequencies.iter().zip(&divisors).map(|(f, divisor)| f / divisor).collect();
                    gpu.write(buffer, 0, bytemuck::cast_slice(&divided));
                }
                return;
            }
            Target::Matrix { kind, conversion, interleave, groups, parts } => {
                (*kind, conversion, *interleave, *groups, parts)
            }
        };
        let converted = conversion.map(|conversion| conversion.rows(bytes));
        let bytes = converted.as_deref().unwrap_or(bytes);
        let row_bytes = conversion.map_or(self.row_bytes, |conversion| conversion.row_bytes());
        let mut packed = PackedRows::new(kind, interleave, groups, count.next_multiple_of(interleave));
        for (row, bytes) in bytes.chunks_exact(row_bytes).enumerate() {
            packed.pack(row, bytes);
        }
        // A batch may extend over the end of a part; parts begin at multiples of the interleave, so planes can be cut there.
        let format = packed.format;
        let (code_row, scale_row) = (groups * format.code_words(), format.scale_words(groups));
        let mut row = first;
        let end = first + count.next_multiple_of(interleave);
        while row < end {
            let index = parts.partition_point(|(first, ..)| *first <= row) - 1;
            let (part_first, codes, scales) = &parts[index];
            let part_end = parts.get(index + 1).map_or(end, |(next, ..)| end.min(*next));
            let write = |buffer: &Buffer, plane: &[u32], words: usize| {
                let slice = &plane[(row - first) * words..(part_end - first) * words];
                gpu.write(buffer, ((row - part_first) * words * 4) as u64, bytemuck::cast_slice(slice));
            };
            write(codes, &packed.codes, code_row);
            if let Some(scales) = scales {
                write(scales, &packed.scales, scale_row);
            }
            row = part_end;
        }
    }
}

/// Values in planes, padded with zeros to whole groups.
fn to_planes(values: &[f32]) -> Vec<f32> {
    let groups = groups_in(values.len());
    let mut planes = vec![0.0f32; groups * GROUP];
    for (i, value) in values.iter().enumerate() {
        planes[plane_index(i, groups)] = *value;
    }
    planes
}
