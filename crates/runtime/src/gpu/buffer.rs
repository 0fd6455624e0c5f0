//! Memory on the device.

use std::sync::Arc;

use super::memory::Memory;

/// A buffer on the device; clones share it, and the memory is given back with the last of them.
#[derive(Clone, Debug)]
pub struct Buffer {
    owned: Arc<Owned>,
}

#[derive(Debug)]
struct Owned {
    buffer: wgpu::Buffer,
    label: String,
    memory: Arc<Memory>,
}

impl Drop for Owned {
    fn drop(&mut self) {
        // In a browser dropping the handle frees nothing until the garbage collector comes by.
        self.buffer.destroy();
        self.memory.remove(self.buffer.size());
    }
}

impl Buffer {
    /// Takes a buffer over; its size counts in `memory` until it's given back.
    pub(super) fn new(buffer: wgpu::Buffer, label: &str, memory: &Arc<Memory>) -> Self {
        memory.add(buffer.size());
        Self { owned: Arc::new(Owned { buffer, label: label.to_owned(), memory: Arc::clone(memory) }) }
    }

    pub(super) fn raw(&self) -> &wgpu::Buffer {
        &self.owned.buffer
    }

    /// What it is for: a tensor's name, or that of an activation.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.owned.label
    }

    /// Its size in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.raw().size()
    }
}
