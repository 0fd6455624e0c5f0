//! The buffers bound to a kernel, on the CPU.

use std::collections::BTreeMap;

use bytemuck::Pod;

/// Buffers by the name they have in WGSL, as 32-bit words.
#[derive(Clone, Debug, Default)]
pub struct Resources {
    buffers: BTreeMap<&'static str, Vec<u32>>,
}

impl Resources {
    /// The same, with a buffer of these values.
    #[must_use]
    pub fn with<T: Pod>(mut self, name: &'static str, values: &[T]) -> Self {
        self.set(name, values);
        self
    }

    /// Sets a buffer to these values.
    pub fn set<T: Pod>(&mut self, name: &'static str, values: &[T]) {
        self.buffers.insert(name, bytemuck::pod_collect_to_vec(values));
    }

    /// The values of a buffer.
    ///
    /// # Panics
    /// If there is no such buffer, or its size is no multiple of that of `T`.
    #[must_use]
    pub fn get<T: Pod>(&self, name: &str) -> &[T] {
        let buffer = self.buffers.get(name).unwrap_or_else(|| panic!("no resource {name} is bound"));
        bytemuck::cast_slice(buffer)
    }

    /// Lends a buffer to `write`, beside the others.
    ///
    /// # Panics
    /// As [`Self::get`].
    pub(crate) fn update<T: Pod>(&mut self, name: &'static str, write: impl FnOnce(&Self, &mut [T])) {
        let mut buffer = self.buffers.remove(name).unwrap_or_else(|| panic!("no resource {name} is bound"));
        write(self, bytemuck::cast_slice_mut(&mut buffer));
        self.buffers.insert(name, buffer);
    }

    /// All buffers.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &[u32])> {
        self.buffers.iter().map(|(name, words)| (*name, words.as_slice()))
    }
}
