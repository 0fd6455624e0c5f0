//! Matrices on their way to the device as a file has them. Their bytes are collected in a mapped staging buffer; once that is full,
//! the device copies it to a buffer of its own and repacks all rows in it. What is left of a row waits on the device for its rest.

use std::collections::{BTreeSet, HashMap};

use wgslm_gpu::{Buffer, Gpu, ProgramBuilder, Region, Upload, UploadRing};
use wgslm_shaders::Extent;
use wgslm_shaders::packing::GRIDS;

use super::repacked_rows::RepackedRows;
use crate::Result;

/// Staging buffers.
const DEPTH: usize = 4;
/// The sizes of a staging buffer. The largest is what Chrome moves the fastest.
const SIZES: std::ops::RangeInclusive<u64> = 1 << 12..=32 << 20;
/// The part of a model that a staging buffer holds at most, so that small models take little memory.
const PART: u64 = 16;
/// The part of the largest binding that a row may take.
const LARGEST_ROW: u64 = 4;

/// Takes the bytes of matrices and repacks them on the device.
pub(crate) struct Repacker {
    gpu: Gpu,
    ring: UploadRing,
    rows: HashMap<usize, RepackedRows>,
    /// The buffer that the kernel reads: the beginning of a row, what was uploaded, and a word after it.
    source: Buffer,
    /// The bytes of the beginning of a row.
    beginning: Buffer,
    grids: Buffer,
    filling: Option<Upload>,
    /// Bytes of `filling` that are written.
    used: u64,
    /// What they are.
    pieces: Vec<Piece>,
    /// Bytes of the row whose beginning waits.
    waiting: u64,
}

/// Bytes of a tensor in a staging buffer.
struct Piece {
    tensor: usize,
    /// Their offset in the tensor.
    offset: u64,
    /// Their offset in the staging buffer.
    at: u64,
    bytes: u64,
}

impl Repacker {
    /// True where rows of so many bytes can be repacked on the device.
    pub(super) fn can_take(gpu: &Gpu, row_bytes: u64) -> bool {
        row_bytes <= gpu.capabilities().max_binding / LARGEST_ROW
    }

    /// Prepares to take the rows of these tensors, by their index, of a model of `bytes` bytes.
    ///
    /// # Errors
    /// What the device reports.
    pub(super) fn new(gpu: &Gpu, rows: HashMap<usize, RepackedRows>, bytes: u64) -> Result<Self> {
        let variants: BTreeSet<_> = rows.values().map(|rows| rows.variant).collect();
        variants.iter().for_each(|variant| gpu.compile(*variant));
        let longest = rows.values().map(|rows| rows.row_bytes).max().unwrap_or(0);
        let beginning = (longest + 4).next_multiple_of(16);
        let most = (gpu.capabilities().max_binding - beginning - 16) / 16 * 16;
        let size = (bytes / PART).next_multiple_of(16).clamp(*SIZES.start(), *SIZES.end()).min(most);
        let grids: &[u8] = if variants.iter().any(|variant| variant.has_grid()) { GRIDS } else { &[0; 4] };
        let grids_buffer = gpu.storage_buffer("grids", grids.len() as u64)?;
        gpu.write(&grids_buffer, 0, grids);
        Ok(Self {
            gpu: gpu.clone(),
            ring: UploadRing::new(gpu, DEPTH, size),
            rows,
            source: gpu.storage_buffer("rows to be repacked", beginning + size + 16)?,
            beginning: gpu.storage_buffer("beginning of a row", beginning)?,
            grids: grids_buffer,
            filling: None,
            used: 0,
            pieces: Vec::new(),
            waiting: 0,
        })
    }

    /// Bytes of all staging buffers, which are made as they are needed.
    pub(super) fn staging_bytes(&self) -> u64 {
        DEPTH as u64 * self.ring.size()
    }

    /// True for a tensor that is repacked here.
    pub(crate) fn takes(&self, tensor: usize) -> bool {
        self.rows.contains_key(&tensor)
    }

    /// Resolves once the device has room for more bytes.
    ///
    /// # Errors
    /// What the device reports.
    pub(crate) fn ready(&self) -> impl Future<Output = wgslm_gpu::Result<()>> + use<> {
        let ready = self.filling.is_none().then(|| self.ring.ready());
        async move {
            match ready {
                Some(ready) => ready.await,
                None => Ok(()),
            }
        }
    }

    /// The staging buffer that is being filled, the offset up to which it is, and the number of bytes that it has room for.
    ///
    /// # Errors
    /// What the device reports.
    pub(crate) fn room(&mut self) -> Result<(&mut Upload, u64, u64)> {
        if self.filling.is_none() {
            self.filling = Some(self.ring.take()?);
        }
        let (used, left) = (self.used, self.ring.size() - self.used);
        match &mut self.filling {
            Some(upload) => Ok((upload, used, left)),
            None => unreachable!("it was just taken"),
        }
    }

    /// Takes the bytes at `offset` of a tensor. Each byte comes once; a piece that doesn't follow the last one begins at a row.
    ///
    /// # Errors
    /// What the device reports.
    pub(crate) fn push(&mut self, tensor: usize, mut offset: u64, mut bytes: &[u8]) -> Result<()> {
        while !bytes.is_empty() {
            let (upload, used, left) = self.room()?;
            let (these, rest) = bytes.split_at(bytes.len().min(left as usize));
            upload.write(used as usize, these);
            let count = these.len() as u64;
            self.place((tensor, offset), 0, count);
            self.filled(count);
            offset += count;
            bytes = rest;
        }
        Ok(())
    }

    /// Notes that `bytes` bytes, `at` bytes into the room, are those at an offset of a tensor.
    pub(crate) fn place(&mut self, (tensor, offset): (usize, u64), at: u64, bytes: u64) {
        let at = self.used + at;
        match self.pieces.last_mut() {
            Some(last) if (last.tensor, last.offset + last.bytes, last.at + last.bytes) == (tensor, offset, at) => {
                last.bytes += bytes;
            }
            _ => self.pieces.push(Piece { tensor, offset, at, bytes }),
        }
    }

    /// Counts the next `bytes` bytes of the room as filled, after all of them have been placed.
    pub(crate) fn filled(&mut self, bytes: u64) {
        self.used += bytes;
        if self.used == self.ring.size() {
            self.flush();
        }
    }

    /// Has the device repack all that has been placed so far, of which the last row is whole unless the room is full.
    pub(crate) fn flush(&mut self) {
        let Some(upload) = self.filling.take().filter(|_| self.used > 0) else { return };
        let pieces = std::mem::take(&mut self.pieces);
        let (used, waiting) = (std::mem::take(&mut self.used), std::mem::take(&mut self.waiting));
        // What is uploaded begins there, after the beginning of its first row.
        let begin = self.beginning.size();
        let (mut builder, mut left) = (ProgramBuilder::default(), 0);
        for (index, piece) in pieces.iter().enumerate() {
            let Some(rows) = self.rows.get(&piece.tensor) else { continue };
            let before = if index == 0 { waiting.min(piece.offset) } else { 0 };
            let bytes = before + piece.bytes;
            let place = (begin + piece.at - before, piece.offset - before, bytes);
            rows.repack(&mut builder, (&self.source, &self.grids), place);
            left = bytes % rows.row_bytes;
        }
        let program = builder.build(&self.gpu);
        // Copies are of whole words.
        let words = |bytes: u64| bytes.next_multiple_of(4);
        let end = words(begin + used);
        let first = (end - left) / 4 * 4;
        let (source, beginning) = (&self.source, &self.beginning);
        let region = |buffer: &Buffer, offset, size| Region { buffer: buffer.clone(), offset, size };
        self.ring.submit(upload, |commands, staging| {
            if waiting > 0 {
                let size = words(waiting);
                commands.copy(&region(beginning, begin - size, size), source, begin - size);
            }
            commands.copy(&region(staging, 0, words(used)), source, begin);
            commands.run(&program, Extent { count: 1, context: 0 });
            if left > 0 {
                commands.copy(&region(source, first, end - first), beginning, begin - (end - first));
            }
        });
        self.waiting = left;
    }
}
