//! Device memory in use, and its peak.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::Gpu;

/// A count of the bytes in a device's buffers.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    bytes: AtomicU64,
    peak: AtomicU64,
}

impl Memory {
    /// Adds the bytes of a new buffer.
    pub(crate) fn add(&self, bytes: u64) {
        let now = self.bytes.fetch_add(bytes, Ordering::Relaxed) + bytes;
        self.peak.fetch_max(now, Ordering::Relaxed);
    }

    /// Subtracts the bytes of a destroyed buffer.
    pub(crate) fn remove(&self, bytes: u64) {
        self.bytes.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Bytes in use now.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// The most bytes in use at once so far.
    pub(crate) fn peak(&self) -> u64 {
        self.peak.load(Ordering::Relaxed)
    }
}

impl Gpu {
    /// Bytes in buffers on the device now: weights, KV cache, activations, parameters and staging.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.memory().bytes()
    }

    /// The most bytes in buffers at once since the device was opened.
    #[must_use]
    pub fn peak_bytes(&self) -> u64 {
        self.memory().peak()
    }
}

#[cfg(test)]
mod tests {
    use super::Memory;

    #[test]
    fn the_peak_stays_when_buffers_go() {
        let memory = Memory::default();
        memory.add(10);
        memory.add(20);
        memory.remove(10);
        memory.add(5);
        assert_eq!((memory.bytes(), memory.peak()), (25, 30));
    }
}
