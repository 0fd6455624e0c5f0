//! A model's weights on the device, written piece by piece as their bytes arrive.

use std::collections::HashMap;

use wgslm_shaders::format::{GROUP, plane_index};
use wgslm_shaders::{WeightFormat, WeightLayout};

use super::tensors::{EMBEDDINGS, Fusion, TensorRole};
use crate::gguf::{PackedRows, TensorInfo, TensorType, floats, groups_in, weight_format};
use crate::gpu::{Buffer, Gpu, MatrixKind};
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

impl Matrix {
    /// What the choice of its kernel depends on, for a part of so many rows.
    pub(crate) fn kind(&self, rows: u32, gated: bool) -> MatrixKind {
        MatrixKind { format: self.layout.format, rows, groups: self.groups, gated }
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

    /// The f32 values of this name, in planes as activations are.
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

    /// All matrices by name.
    pub(crate) fn matrices(&self) -> impl Iterator<Item = (&str, &Matrix)> {
        self.matrices.iter().map(|(name, matrix)| (name.as_str(), matrix))
    }

    /// Whether there is a matrix of this name.
    #[must_use]
    pub fn has_matrix(&self, name: &str) -> bool {
        self.matrices.contains_key(name)
    }

    /// Makes room for `tensor`, whose shape and type have been checked and which is to serve as `role`.
    ///
    /// # Errors
    /// [`Error::TooLarge`] where not even a single group of rows fits a binding.
    pub(crate) fn begin(
        &mut self,
        gpu: &Gpu,
        (role, fusion): (TensorRole, Option<&Fusion>),
        tensor: &TensorInfo,
    ) -> Result<TensorWriter> {
        let row_length = tensor.shape[0] as usize;
        let row_bytes = tensor.row_bytes() as usize;
        if role == TensorRole::Vector {
            let values = gpu.storage_buffer(&tensor.name, (groups_in(row_length) * GROUP * 4) as u64)?;
            self.vectors.insert(tensor.name.clone(), values.clone());
            return Ok(TensorWriter::new(row_bytes, 1, 0, Target::Vector { kind: tensor.kind, values }));
        }
        let layout = matrix_layout(gpu, tensor.kind);
        let rows = tensor.shape.get(1).copied().unwrap_or(1) as u32;
        let (name, first_row, rows) =
            fusion.map_or((&tensor.name, 0, rows), |fusion| (&fusion.name, fusion.first_row, fusion.rows));
        if !self.matrices.contains_key(name) {
            let matrix = allocate(gpu, name, rows, layout, groups_in(row_length))?;
            self.matrices.insert(name.clone(), matrix);
        }
        let matrix = self.matrix(name)?;
        let parts = matrix.parts.iter().map(|part| (part.first as usize, part.codes.clone(), part.scales.clone()));
        let interleave = layout.interleave as usize;
        let target =
            Target::Matrix { kind: tensor.kind, interleave, groups: groups_in(row_length), parts: parts.collect() };
        // Rows are packed in batches of whole interleaved groups, of about a quarter MiB: few writes, little memory.
        let batch = ((256 << 10) / row_bytes.max(1)).max(1).next_multiple_of(interleave);
        Ok(TensorWriter::new(row_bytes, batch, first_row as usize, target))
    }
}

/// How a matrix of this type lies on the device.
fn matrix_layout(gpu: &Gpu, kind: TensorType) -> WeightLayout {
    WeightLayout {
        format: weight_format(kind).unwrap_or(WeightFormat::F32),
        interleave: gpu.capabilities().interleave(),
    }
}

/// Whether tensors of these types and numbers of rows can lie in one matrix of one binding, a row being `row_length` long.
pub(crate) fn can_fuse(gpu: &Gpu, row_length: u64, parts: &[(TensorType, u64)]) -> bool {
    let Some((kind, _)) = parts.first() else { return false };
    let layout = matrix_layout(gpu, *kind);
    let (code_bytes, scale_bytes) = row_plane_bytes(layout.format, groups_in(row_length as usize));
    let rows: u64 = parts.iter().map(|(_, rows)| rows).sum();
    parts.iter().all(|(other, rows)| other == kind && rows % u64::from(layout.interleave) == 0)
        && rows * code_bytes.max(scale_bytes) <= gpu.capabilities().max_binding
}

/// Bytes of codes and of scales of a row.
fn row_plane_bytes(format: WeightFormat, groups: usize) -> (u64, u64) {
    ((groups * format.code_words() * 4) as u64, (format.scale_words(groups) * 4) as u64)
}

fn allocate(gpu: &Gpu, name: &str, rows: u32, layout: WeightLayout, groups: usize) -> Result<Matrix> {
    let interleave = layout.interleave;
    let (code_bytes, scale_bytes) = row_plane_bytes(layout.format, groups);
    let rows_in_binding = gpu.capabilities().max_binding / code_bytes.max(scale_bytes);
    let most = (rows_in_binding.min(u64::from(u32::MAX / 2)) as u32) / interleave * interleave;
    // Where not one group of rows fits, asking for its buffer gives the error that says so.
    let most = most.max(interleave);
    let mut parts = Vec::new();
    for first in (0..rows).step_by(most as usize) {
        let part_rows = (rows - first).min(most);
        let stored = u64::from(part_rows.next_multiple_of(interleave));
        let codes = gpu.storage_buffer(name, stored * code_bytes)?;
        let scales = if scale_bytes > 0 { Some(gpu.storage_buffer(name, stored * scale_bytes)?) } else { None };
        parts.push(MatrixPart { first, rows: part_rows, codes, scales });
    }
    Ok(Matrix { layout, rows, groups: groups as u32, parts })
}

enum Target {
    Vector { kind: TensorType, values: Buffer },
    Matrix { kind: TensorType, interleave: usize, groups: usize, parts: Vec<(usize, Buffer, Option<Buffer>)> },
}

/// Takes a tensor's bytes in pieces of any size, packs them by batches of rows and writes those to the device.
pub(crate) struct TensorWriter {
    row_bytes: usize,
    batch: usize,
    target: Target,
    pending: Vec<u8>,
    first_row: usize,
    written_rows: usize,
}

impl TensorWriter {
    /// For rows of `row_bytes` that begin at `first_row` of the target, to be written `batch` at a time.
    fn new(row_bytes: usize, batch: usize, first_row: usize, target: Target) -> Self {
        Self { row_bytes, batch, target, pending: Vec::new(), first_row, written_rows: first_row }
    }

    /// What comes next begins at `row` of the tensor.
    ///
    /// # Errors
    /// [`Error::ScatteredRows`] where it isn't the first of those that lie side by side.
    pub(crate) fn seek(&mut self, gpu: &Gpu, row: usize) -> Result<()> {
        let pending = std::mem::take(&mut self.pending);
        if !pending.is_empty() {
            self.write(gpu, &pending);
        }
        self.written_rows = self.first_row + row;
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
        let (kind, interleave, groups, parts) = match &self.target {
            Target::Vector { kind, values } => {
                let floats = floats(*kind, bytes).unwrap_or_default();
                let groups = groups_in(floats.len());
                let mut planes = vec![0.0f32; groups * GROUP];
                for (i, value) in floats.into_iter().enumerate() {
                    planes[plane_index(i, groups)] = value;
                }
                gpu.write(values, 0, bytemuck::cast_slice(&planes));
                return;
            }
            Target::Matrix { kind, interleave, groups, parts } => (*kind, *interleave, *groups, parts),
        };
        let mut packed = PackedRows::new(kind, interleave, groups, count.next_multiple_of(interleave));
        for (row, bytes) in bytes.chunks_exact(self.row_bytes).enumerate() {
            packed.pack(row, bytes);
        }
        // A batch may reach over the end of a part; parts begin at multiples of the interleave, so planes can be cut there.
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
