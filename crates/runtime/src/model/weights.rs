//! A model's weights on the device, written piece by piece as their bytes arrive.

use std::collections::HashMap;

use wgslm_shaders::{WeightFormat, WeightLayout};

use super::tensors::{EMBEDDINGS, TensorRole};
use crate::gguf::{PackedRows, TensorInfo, TensorType, floats, groups_in, weight_format};
use crate::gpu::{Buffer, Gpu};
use crate::{Error, Result};

/// A matrix on the device, split by rows where it's larger than a binding.
pub struct Matrix {
    /// How it lies in memory.
    pub layout: WeightLayout,
    /// Its rows.
    pub rows: u32,
    /// Groups of 32 weights in a row.
    pub groups: u32,
    /// Its parts, in order.
    pub parts: Vec<MatrixPart>,
}

impl Matrix {
    /// Bytes on the device.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.parts.iter().map(|part| part.codes.size() + part.scales.as_ref().map_or(0, Buffer::size)).sum()
    }
}

/// Rows of a matrix that fit one binding.
pub struct MatrixPart {
    /// The first of its rows.
    pub first: u32,
    /// Its rows.
    pub rows: u32,
    /// The plane of codes.
    pub codes: Buffer,
    /// The plane of scales, for formats that have one.
    pub scales: Option<Buffer>,
}

/// The weights of a model by name.
#[derive(Default)]
pub struct Weights {
    matrices: HashMap<String, Matrix>,
    vectors: HashMap<String, Buffer>,
}

impl Weights {
    /// The matrix of this name.
    ///
    /// # Errors
    /// [`Error::MissingTensor`].
    pub fn matrix(&self, name: &str) -> Result<&Matrix> {
        self.matrices.get(name).ok_or_else(|| Error::MissingTensor { tensor: name.to_owned() })
    }

    /// The f32 values of this name.
    ///
    /// # Errors
    /// [`Error::MissingTensor`].
    pub fn vector(&self, name: &str) -> Result<&Buffer> {
        self.vectors.get(name).ok_or_else(|| Error::MissingTensor { tensor: name.to_owned() })
    }

    /// Bytes on the device.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.matrices.values().map(Matrix::bytes).sum::<u64>() + self.vectors.values().map(Buffer::size).sum::<u64>()
    }

    /// Bytes of the matrices that decoding one token reads: of the embedding table only where it's the head too.
    #[must_use]
    pub fn decode_bytes(&self, tied_head: bool) -> u64 {
        let read = self.matrices.iter().filter(|(name, _)| tied_head || *name != EMBEDDINGS);
        read.map(|(_, matrix)| matrix.bytes()).sum()
    }

    /// Makes room for `tensor`, whose shape and type have been checked and which is to serve as `role`.
    ///
    /// # Errors
    /// [`Error::TooLarge`] where not even a single group of rows fits a binding.
    pub(crate) fn begin(&mut self, gpu: &Gpu, role: TensorRole, tensor: &TensorInfo) -> Result<TensorWriter> {
        let row_length = tensor.shape[0] as usize;
        let row_bytes = tensor.row_bytes() as usize;
        if role == TensorRole::Vector {
            let values = gpu.storage_buffer(&tensor.name, tensor.shape[0] * 4)?;
            self.vectors.insert(tensor.name.clone(), values.clone());
            return Ok(TensorWriter::new(row_bytes, 1, Target::Vector { kind: tensor.kind, values }));
        }
        let format = weight_format(tensor.kind).unwrap_or(WeightFormat::F32);
        let interleave = gpu.capabilities().interleave();
        let matrix = allocate(gpu, tensor, WeightLayout { format, interleave }, groups_in(row_length))?;
        let parts = matrix.parts.iter().map(|part| (part.first as usize, part.codes.clone(), part.scales.clone()));
        let target = Target::Matrix {
            format,
            interleave: interleave as usize,
            groups: groups_in(row_length),
            parts: parts.collect(),
        };
        // Rows are packed in batches of whole interleaved groups, of about a quarter MiB: few writes, little memory.
        let batch = ((256 << 10) / row_bytes.max(1)).max(1).next_multiple_of(interleave as usize);
        self.matrices.insert(tensor.name.clone(), matrix);
        Ok(TensorWriter::new(row_bytes, batch, target))
    }
}

fn allocate(gpu: &Gpu, tensor: &TensorInfo, layout: WeightLayout, groups: usize) -> Result<Matrix> {
    let rows = tensor.shape.get(1).copied().unwrap_or(1) as u32;
    let interleave = layout.interleave;
    let code_bytes = (groups * layout.format.code_words() * 4) as u64;
    let scale_bytes = (layout.format.scale_words(groups) * 4) as u64;
    let rows_in_binding = gpu.capabilities().max_binding / code_bytes.max(scale_bytes);
    let most = (rows_in_binding.min(u64::from(u32::MAX / 2)) as u32) / interleave * interleave;
    // Where not one group of rows fits, asking for its buffer gives the error that says so.
    let most = most.max(interleave);
    let mut parts = Vec::new();
    for first in (0..rows).step_by(most as usize) {
        let part_rows = (rows - first).min(most);
        let stored = u64::from(part_rows.next_multiple_of(interleave));
        let codes = gpu.storage_buffer(&tensor.name, stored * code_bytes)?;
        let scales = if scale_bytes > 0 { Some(gpu.storage_buffer(&tensor.name, stored * scale_bytes)?) } else { None };
        parts.push(MatrixPart { first, rows: part_rows, codes, scales });
    }
    Ok(Matrix { layout, rows, groups: groups as u32, parts })
}

enum Target {
    Vector { kind: TensorType, values: Buffer },
    Matrix { format: WeightFormat, interleave: usize, groups: usize, parts: Vec<(usize, Buffer, Option<Buffer>)> },
}

/// Takes a tensor's bytes in pieces of any size, packs them by batches of rows and writes those to the device.
pub(crate) struct TensorWriter {
    row_bytes: usize,
    batch: usize,
    target: Target,
    pending: Vec<u8>,
    written_rows: usize,
}

impl TensorWriter {
    fn new(row_bytes: usize, batch: usize, target: Target) -> Self {
        Self { row_bytes, batch, target, pending: Vec::new(), written_rows: 0 }
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

    /// Writes what is left once the last byte has come.
    pub(crate) fn finish(mut self, gpu: &Gpu) {
        let pending = std::mem::take(&mut self.pending);
        if !pending.is_empty() {
            self.write(gpu, &pending);
        }
    }

    /// Packs and writes whole rows, which begin at a multiple of the interleave.
    fn write(&mut self, gpu: &Gpu, bytes: &[u8]) {
        let first = self.written_rows;
        let count = bytes.len() / self.row_bytes;
        self.written_rows += count;
        let (format, interleave, groups, parts) = match &self.target {
            Target::Vector { kind, values } => {
                gpu.write(values, 0, bytemuck::cast_slice(&floats(*kind, bytes).unwrap_or_default()));
                return;
            }
            Target::Matrix { format, interleave, groups, parts } => (*format, *interleave, *groups, parts),
        };
        let mut packed = PackedRows::new(format, interleave, groups, count.next_multiple_of(interleave));
        for (row, bytes) in bytes.chunks_exact(self.row_bytes).enumerate() {
            packed.pack(row, bytes);
        }
        // A batch may reach over the end of a part; parts begin at multiples of the interleave, so planes can be cut there.
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
