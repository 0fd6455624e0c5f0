//! The encodings of activations, keys and values.

/// An encoding of activations, for kernels that don't multiply them in f32.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Encoding {
    /// Halves, in their order: `quantise_f16.wgsl`.
    F16,
    /// Codes of 8 bits with a scale for each group of 32: `quantise_int8.wgsl`.
    Int8,
}

impl Encoding {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::F16, Self::Int8];

    /// Its name in the names of files and variants.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::F16 => "f16",
            Self::Int8 => "int8",
        }
    }

    /// Bytes of a group of 32 in `codes_x`.
    #[must_use]
    pub const fn group_bytes(self) -> u64 {
        match self {
            Self::F16 => 64,
            Self::Int8 => 32,
        }
    }

    /// The names that a text is expanded with that writes activations in this encoding.
    pub(crate) const fn defines(self) -> [&'static str; 2] {
        match self {
            Self::F16 => ["QUANTISE", "F16"],
            Self::Int8 => ["QUANTISE", "INT8"],
        }
    }

    /// The file of the import that writes activations in this encoding.
    pub(crate) fn import(self, name: &str) -> Option<String> {
        (name == "quantise").then(|| format!("quantise_{}", self.name()))
    }
}

/// The numbers that keys and values are kept in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum KvFormat {
    /// Halves.
    #[default]
    F16,
    /// Floats of 32 bits.
    F32,
}

impl KvFormat {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::F16, Self::F32];

    /// Its name in the names of files and variants.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::F16 => "f16",
            Self::F32 => "f32",
        }
    }

    /// The end of the name of a variant that reads or writes keys and values in this format.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::F16 => "",
            Self::F32 => "-kv-f32",
        }
    }

    /// The file of the import that reads and writes keys and values in this format.
    pub(crate) fn import(self, name: &str) -> Option<String> {
        (name == "kv_values").then(|| format!("kv_{}", self.name()))
    }
}
