//! Memory on the device.

use std::sync::Arc;

/// A buffer on the device; clones share it, and the memory is given back with the last of them.
#[derive(Clone, Debug)]
pub struct Buffer {
    owned: Arc<Owned>,
}

#[derive(Debug)]
struct Owned(wgpu::Buffer);

impl Drop for Owned {
    fn drop(&mut self) {
        // In a browser dropping the handle frees nothing until the garbage collector comes by.
        self.0.destroy();
    }
}

impl Buffer {
    pub(super) fn new(buffer: wgpu::Buffer) -> Self {
        Self { owned: Arc::new(Owned(buffer)) }
    }

    pub(super) fn raw(&self) -> &wgpu::Buffer {
        &self.owned.0
    }

    /// Its size in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.raw().size()
    }
}
