//! The memory of a mapped buffer in a browser: an array of JavaScript's, which files are read into without a copy in WebAssembly.

use js_sys::Uint8Array;

use crate::{Buffer, Error, Result};

/// The memory of a mapped buffer.
// What wgpu calls a view for reading is the browser's one kind of view; that for writing would be copied into WebAssembly.
pub(crate) struct Mapped(wgpu::BufferView);

impl Mapped {
    /// The memory of `buffer`, which is mapped for writing.
    pub(crate) fn of(buffer: &Buffer) -> Result<Self> {
        // Only the loss of its device takes a mapped buffer's memory.
        buffer.raw().get_mapped_range(..).map(Self).map_err(|error| Error::DeviceLost { reason: error.to_string() })
    }

    /// Writes `bytes` from byte `offset` on.
    pub(crate) fn write(&mut self, offset: usize, bytes: &[u8]) {
        self.array(offset, bytes.len()).copy_from(bytes);
    }

    /// So many bytes from byte `offset` on, in place.
    pub(crate) fn array(&self, offset: usize, length: usize) -> Uint8Array {
        self.0.as_uint8array().subarray(offset as u32, (offset + length) as u32)
    }
}
