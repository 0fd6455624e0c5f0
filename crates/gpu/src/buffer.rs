//! Buffers: memory on the device.

use std::sync::Arc;

use crate::memory::Memory;

/// A buffer on the device, or a part of one. Clones and parts share the memory, which is freed with the last of them.
#[derive(Clone, Debug)]
pub struct Buffer {
    owned: Arc<Owned>,
    /// The part's offset in the buffer, in bytes.
    offset: u64,
    size: u64,
}

#[derive(Debug)]
struct Owned {
    backing: Backing,
    size: u64,
    label: String,
    memory: Arc<Memory>,
}

/// The memory of a buffer.
#[derive(Debug)]
pub(crate) enum Backing {
    /// Memory of its own.
    Own(wgpu::Buffer),
    /// None, in a dry run, whose one buffer stands in for it.
    StandIn(wgpu::Buffer),
}

/// Some bytes of a buffer.
#[derive(Clone, Debug)]
pub struct Region {
    /// The buffer.
    pub buffer: Buffer,
    /// The offset of the first byte, a multiple of 4.
    pub offset: u64,
    /// The number of bytes, a multiple of 4.
    pub size: u64,
}

impl Drop for Owned {
    fn drop(&mut self) {
        if let Backing::Own(buffer) = &self.backing {
            // In a browser, dropping the handle frees nothing until the garbage collector runs.
            buffer.destroy();
        }
        self.memory.remove(self.size);
    }
}

impl Buffer {
    /// Takes ownership of memory and counts its size in `memory` until it is freed.
    pub(crate) fn new((backing, size): (Backing, u64), label: &str, memory: &Arc<Memory>) -> Self {
        memory.add(size);
        let owned = Owned { backing, size, label: label.to_owned(), memory: Arc::clone(memory) };
        Self { owned: Arc::new(owned), offset: 0, size }
    }

    /// Splits the buffer at byte `middle`, a multiple of [`Self::PART_ALIGNMENT`], into two parts that share its memory.
    #[must_use]
    pub fn split(&self, middle: u64) -> (Self, Self) {
        let part = |offset, size| Self { owned: Arc::clone(&self.owned), offset: self.offset + offset, size };
        (part(0, middle), part(middle, self.size - middle))
    }

    /// The alignment, in bytes, at which every device can bind a part of a buffer.
    pub const PART_ALIGNMENT: u64 = 256;

    pub(crate) fn raw(&self) -> &wgpu::Buffer {
        let (Backing::Own(buffer) | Backing::StandIn(buffer)) = &self.owned.backing;
        buffer
    }

    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    pub(crate) fn binding(&self) -> wgpu::BindingResource<'_> {
        let size = wgpu::BufferSize::new(self.size);
        wgpu::BindingResource::Buffer(wgpu::BufferBinding { buffer: self.raw(), offset: self.offset, size })
    }

    /// The buffer's label: the name of a tensor or an activation.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.owned.label
    }

    /// The buffer's size in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }
}
