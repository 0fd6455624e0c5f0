//! The memory of a mapped buffer, to be written.

use crate::{Buffer, Error, Result};

/// The memory of a mapped buffer.
pub(crate) struct Mapped(wgpu::BufferViewMut);

impl Mapped {
    /// The memory of `buffer`, which is mapped for writing.
    pub(crate) fn of(buffer: &Buffer) -> Result<Self> {
        let view = buffer.raw().get_mapped_range_mut(..);
        view.map(Self).map_err(|error| Error::Gpu { reason: error.to_string() })
    }

    /// Writes `bytes` from byte `offset` on.
    pub(crate) fn write(&mut self, offset: usize, bytes: &[u8]) {
        self.0.slice(offset..offset + bytes.len()).copy_from_slice(bytes);
    }
}
