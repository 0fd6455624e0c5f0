//! A model's weights on the device.

use std::collections::HashMap;

use wgslm_formats::Error;
use wgslm_formats::gguf::{TensorInfo, groups_in};
use wgslm_formats::quantise::{Conversion, Stored};
use wgslm_gpu::{Buffer, Gpu};
use wgslm_shaders::format::GROUP;
use wgslm_shaders::{WeightFormat, WeightLayout};

use super::quantised_rows::{QuantisedRows, Staging};
use super::repacked_rows::RepackedRows;
use super::repacker::Repacker;
use super::select::{MatrixKind, Precision};
use super::tensor_layout::TensorLayout;
use super::tensor_writer::{Target, TensorWriter};
use super::tensors::{EMBEDDINGS, Fusion, SINKS, TensorRole, bias_of, layer_tensor};
use super::{AttentionSpec, LayerSpec, ModelSpec};
use crate::{Device, Result};

/// A matrix on the device, split by rows where it's larger than a binding.
pub struct Matrix {
    /// The format and the interleaving of the matrix in memory.
    pub layout: WeightLayout,
    /// Rows of the matrix.
    pub rows: u32,
    /// Groups of 32 weights in a row.
    pub groups: u32,
    /// Rows that must lie in one part: those of an expert; 1 in other matrices.
    pub unit: u32,
    /// The parts of the matrix, in order.
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
    /// The kind of matrix by which its kernel for few tokens is chosen, with activations of this precision.
    pub(crate) fn kind(&self, precision: Precision) -> MatrixKind {
        let rows = self.parts.first().map_or(self.rows, |part| part.rows);
        MatrixKind { format: self.layout.format, rows, groups: self.groups, precision }
    }
}

/// Rows of a matrix that fit one binding.
#[derive(Clone)]
pub struct MatrixPart {
    /// The row of the matrix at which the part begins.
    pub first: u32,
    /// Rows of the part.
    pub rows: u32,
    /// The plane of codes.
    pub codes: Buffer,
    /// The plane of scales, for formats that have one.
    pub scales: Option<Buffer>,
}

/// The weights of a model by name.
#[derive(Default)]
pub struct Weights {
    layout: TensorLayout,
    matrices: HashMap<String, Matrix>,
    /// Vectors and other f32 values, by name.
    floats: HashMap<String, Buffer>,
    /// The frequencies of each rope, with a copy for each of its tensors of factors.
    ropes: Vec<Vec<Buffer>>,
    /// The frequencies that each tensor of factors divides, by its name: their buffers, and the undivided values.
    divided: HashMap<&'static str, Vec<(Buffer, Vec<f32>)>>,
}

impl Weights {
    /// The matrix of this name.
    ///
    /// # Errors
    /// [`Error::MissingTensor`].
    pub fn matrix(&self, name: &str) -> Result<&Matrix> {
        self.matrices.get(name).ok_or_else(|| Error::MissingTensor { tensor: name.to_owned() }.into())
    }

    /// The f32 values of this name: a vector in planes, as activations are, others in their order.
    ///
    /// # Errors
    /// [`Error::MissingTensor`].
    pub fn floats(&self, name: &str) -> Result<&Buffer> {
        self.floats.get(name).ok_or_else(|| Error::MissingTensor { tensor: name.to_owned() }.into())
    }

    /// The bias of the matrix of this name, a value for each of its rows.
    pub(crate) fn bias(&self, matrix: &str) -> Option<&Buffer> {
        self.floats.get(&bias_of(matrix))
    }

    /// The buffer that attention in a layer binds as frequencies: those of its rope for a context of `context` tokens, then any
    /// sinks.
    pub(crate) fn frequencies(&self, spec: &ModelSpec, layer: usize, context: u32) -> Option<&Buffer> {
        match spec.layers[layer].attention() {
            Some(attention) if attention.sinks => self.floats.get(&layer_tensor(layer, SINKS)),
            Some(AttentionSpec { rope: Some(rope), .. }) => {
                self.ropes[*rope].get(spec.ropes[*rope].factors_for(context))
            }
            // Any buffer will do, since no pair is rotated by it.
            _ => self.ropes.first().and_then(|rope| rope.first()).or_else(|| self.floats.values().next()),
        }
    }

    /// The layout of the tensors in the file.
    pub(crate) fn layout(&self) -> TensorLayout {
        self.layout
    }

    /// Bytes on the device.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.matrices.values().map(Matrix::bytes).sum::<u64>() + self.floats.values().map(Buffer::size).sum::<u64>()
    }

    /// Bytes of matrices read to decode one token: the embedding table counts only where it is the output head too, and of
    /// experts only those that a token is routed to.
    #[doc(hidden)]
    #[must_use]
    pub fn decode_bytes(&self, spec: &ModelSpec) -> u64 {
        let read = self.matrices.iter().filter(|(name, _)| spec.tied_head || *name != EMBEDDINGS);
        let used = spec.largest(|layer| layer.feed_forward.used());
        let bytes = |matrix: &Matrix| match matrix.unit {
            1 => matrix.bytes(),
            unit => matrix.bytes() / u64::from(matrix.rows / unit) * u64::from(used),
        };
        read.map(|(_, matrix)| bytes(matrix)).sum()
    }

    /// All matrices by name.
    #[doc(hidden)]
    pub fn matrices(&self) -> impl Iterator<Item = (&str, &Matrix)> {
        self.matrices.iter().map(|(name, matrix)| (name.as_str(), matrix))
    }

    /// True where there is a matrix of this name.
    #[must_use]
    pub fn has_matrix(&self, name: &str) -> bool {
        self.matrices.contains_key(name)
    }

    /// Weights with the frequencies of the model's ropes, undivided, and no tensors yet: see [`Self::begin`].
    ///
    /// # Errors
    /// What the device reports.
    pub(crate) fn new(gpu: &Gpu, spec: &ModelSpec) -> Result<Self> {
        let mut weights = Self { layout: TensorLayout::of(&spec.architecture), ..Self::default() };
        let buffer = |values: &[f32], room: u32| {
            let buffer = gpu.storage_buffer("rope frequencies", (values.len() as u64 + u64::from(room)).max(1) * 4)?;
            gpu.write(&buffer, 0, bytemuck::cast_slice(values));
            Ok(buffer)
        };
        for rope in &spec.ropes {
            let copies = (0..rope.factors.len().max(1)).map(|_| buffer(&rope.frequencies, 0));
            let copies = copies.collect::<Result<Vec<_>>>()?;
            for ((_, factors), copy) in rope.factors.iter().zip(&copies) {
                weights.divided.entry(*factors).or_default().push((copy.clone(), rope.frequencies.clone()));
            }
            weights.ropes.push(copies);
        }
        for (index, attention) in spec.layers.iter().map(LayerSpec::attention).enumerate() {
            if let Some(attention) = attention.filter(|attention| attention.sinks) {
                let frequencies = attention.rope.map_or(&[][..], |rope| &spec.ropes[rope].frequencies);
                weights.floats.insert(layer_tensor(index, SINKS), buffer(frequencies, attention.heads)?);
            }
        }
        Ok(weights)
    }

    /// Allocates room for `tensor`, whose shape and type have been checked, in the role `role`, and returns the way that its bytes take.
    /// A matrix is stored as `stored` says; rows to be quantised go through `staging`.
    ///
    /// # Errors
    /// [`TooLarge`](wgslm_gpu::Error::TooLarge) where not even a single group of rows fits a binding.
    pub(super) fn begin(
        &mut self,
        device: &Device,
        (role, fusion): (TensorRole, Option<&Fusion>),
        tensor: &TensorInfo,
        stored: Stored,
        staging: &mut Staging,
    ) -> Result<Way> {
        let gpu = device.gpu();
        let row_length = tensor.shape[0] as usize;
        let row_bytes = tensor.row_bytes() as usize;
        let all_rows: u64 = tensor.shape[1..].iter().product();
        let (name, first_row, rows) =
            fusion.map_or((&tensor.name, 0, None), |fusion| (&fusion.name, fusion.first_row, Some(fusion.rows)));
        let kind = tensor.kind;
        match role {
            TensorRole::Matrix => {}
            TensorRole::Vector => {
                let values = gpu.storage_buffer(name, (groups_in(row_length) * GROUP * 4) as u64)?;
                self.floats.insert(name.clone(), values.clone());
                let target = Target::Floats { kind, values, row_length, in_planes: true };
                return Ok(Way::Host(TensorWriter::new(row_bytes, 1, 0, target)));
            }
            TensorRole::Values => {
                let length = rows.map_or(all_rows * row_length as u64, u64::from);
                if !self.floats.contains_key(name) {
                    self.floats.insert(name.clone(), gpu.storage_buffer(name, length * 4)?);
                }
                let values = self.floats(name)?.clone();
                let target = Target::Floats { kind, values, row_length: 1, in_planes: false };
                let value_bytes = row_bytes / row_length.max(1);
                return Ok(Way::Host(TensorWriter::new(value_bytes, 1 << 16, first_row as usize, target)));
            }
            TensorRole::RopeFactors => {
                let target = Target::Divisors {
                    kind,
                    frequencies: self.divided.get(name.as_str()).cloned().unwrap_or_default(),
                };
                return Ok(Way::Host(TensorWriter::new(row_bytes, 1, 0, target)));
            }
        }
        let mut layout = matrix_layout(device, stored);
        let rows = rows.unwrap_or(all_rows as u32);
        let unit = if tensor.shape.len() > 2 { tensor.shape[1] as u32 } else { 1 };
        if tensor.shape.len() > 2 && !unit.is_multiple_of(layout.interleave) {
            // Each expert's rows would have to begin at a multiple of the interleave.
            layout.interleave = 1;
        }
        if !self.matrices.contains_key(name) {
            let matrix = allocate(gpu, name, (rows, unit), layout, groups_in(row_length))?;
            self.matrices.insert(name.clone(), matrix);
        }
        let matrix = self.matrix(name)?;
        let kind = match stored {
            Stored::Quantised(_) => {
                let rows = QuantisedRows::new(gpu, staging, tensor, matrix)?;
                let writer = TensorWriter::new(row_bytes, rows.batch(), first_row as usize, Target::Quantised(rows));
                return Ok(Way::Host(writer));
            }
            Stored::Blocks(kind) => kind,
        };
        if kind == tensor.kind && device.kernels().repacks && Repacker::can_take(gpu, row_bytes as u64) {
            return Ok(Way::Device(RepackedRows::new(tensor, first_row, matrix)));
        }
        let parts = matrix.parts.iter().map(|part| (part.first as usize, part.codes.clone(), part.scales.clone()));
        let interleave = layout.interleave as usize;
        let target = Target::Matrix {
            kind,
            conversion: Conversion::new(tensor.kind, kind, row_length),
            interleave,
            groups: groups_in(row_length),
            parts: parts.collect(),
        };
        // Rows are packed in batches of whole interleaved groups, of about a quarter MiB: few writes, little memory.
        let batch = ((256 << 10) / row_bytes.max(1)).max(1).next_multiple_of(interleave);
        Ok(Way::Host(TensorWriter::new(row_bytes, batch, first_row as usize, target)))
    }
}

/// The way of a tensor's bytes to the device.
pub(super) enum Way {
    /// They are packed or converted first.
    Host(TensorWriter),
    /// They go there as they are, and are repacked there.
    Device(RepackedRows),
}

/// The layout of a matrix on the device.
fn matrix_layout(device: &Device, stored: Stored) -> WeightLayout {
    let format = stored.format().unwrap_or(WeightFormat::F32);
    WeightLayout { format, interleave: device.kernels().interleave() }
}

/// True where tensors, given as (storage, rows) with rows of `row_length` values, can be one matrix in one binding.
pub(crate) fn can_fuse(device: &Device, row_length: u64, parts: &[(Stored, u64)]) -> bool {
    let Some((stored, _)) = parts.first() else { return false };
    let layout = matrix_layout(device, *stored);
    let (code_bytes, scale_bytes) = row_plane_bytes(layout.format, groups_in(row_length as usize));
    let rows: u64 = parts.iter().map(|(_, rows)| rows).sum();
    parts.iter().all(|(other, rows)| other == stored && rows % u64::from(layout.interleave) == 0)
        && rows * code_bytes.max(scale_bytes) <= device.gpu().capabilities().max_binding
}

/// Bytes of codes and of scales of a row.
fn row_plane_bytes(format: WeightFormat, groups: usize) -> (u64, u64) {
    ((groups * format.code_words() * 4) as u64, (format.scale_words(groups) * 4) as u64)
}

/// Allocates a matrix in parts that fit a binding each and split no unit of rows.
fn allocate(gpu: &Gpu, name: &str, (rows, unit): (u32, u32), layout: WeightLayout, groups: usize) -> Result<Matrix> {
    let interleave = layout.interleave;
    let step = interleave.max(unit).next_multiple_of(interleave);
    let (code_bytes, scale_bytes) = row_plane_bytes(layout.format, groups);
    let rows_in_binding = gpu.capabilities().max_binding / code_bytes.max(scale_bytes);
    let most = (rows_in_binding.min(u64::from(u32::MAX / 2)) as u32) / step * step;
    // Where not even one unit fits, allocating its buffer returns the error.
    let most = most.max(step);
    let mut parts = Vec::new();
    for first in (0..rows).step_by(most as usize) {
        let part_rows = (rows - first).min(most);
        let stored = u64::from(part_rows.next_multiple_of(interleave));
        let codes = gpu.storage_buffer(name, stored * code_bytes)?;
        let scales = if scale_bytes > 0 { Some(gpu.storage_buffer(name, stored * scale_bytes)?) } else { None };
        parts.push(MatrixPart { first, rows: part_rows, codes, scales });
    }
    Ok(Matrix { layout, rows, groups: groups as u32, unit, parts })
}
