//! How much memory is in use on a device.

use std::sync::atomic::{AtomicU64, Ordering};

/// The bytes of a device's buffers.
#[derive(Debug, Default)]
pub(super) struct Memory {
    bytes: AtomicU64,
    peak: AtomicU64,
}

impl Memory {
    /// Counts a buffer that was made.
    pub(super) fn add(&self, bytes: u64) {
        let now = self.bytes.fetch_add(bytes, Ordering::Relaxed) + bytes;
        self.peak.fetch_max(now, Ordering::Relaxed);
    }

    /// Counts a buffer that was given back.
    pub(super) fn remove(&self, bytes: u64) {
        self.bytes.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// The bytes now.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// The most bytes there were at a time.
    pub(super) fn peak(&self) -> u64 {
        self.peak.load(Ordering::Relaxed)
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
