//! The encodings of activations, keys and values.

/// An encoding of activations, for kernels that don't multiply them in f32.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Encoding {
    /// Halves, in their order: `quantise_f16.wgsl`.
    F16,
    /// Codes of 8 bits with a scale for each group of 32: `codes_int8.wgsl`.
    Int8,
    /// Codes of 16 bits with a scale for each group of 32: `codes_int16.wgsl`.
    Int16,
}

impl Encoding {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::F16, Self::Int8, Self::Int16];

    /// Its name in the names of files and variants.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::F16 => "f16",
            Self::Int8 => "int8",
            Self::Int16 => "int16",
        }
    }

    /// Bytes of a group of 32 in `codes_x`.
    #[must_use]
    pub const fn group_bytes(self) -> u64 {
        match self {
            Self::F16 | Self::Int16 => 64,
            Self::Int8 => 32,
        }
    }

    /// Bytes of a group of 32 in `scales_x`.
    #[must_use]
    pub const fn scale_bytes(self) -> u64 {
        match self {
            Self::F16 => 0,
            Self::Int8 | Self::Int16 => 8,
        }
    }

    /// The code of a group's largest magnitude, where there are codes.
    pub(crate) const fn largest_code(self) -> Option<i32> {
        match self {
            Self::F16 => None,
            Self::Int8 => Some(127),
            Self::Int16 => Some(32000),
        }
    }

    /// The constants that a text begins with that encodes activations: the quads of a group, those of its codes, and the planes of bytes
    /// that these lie in.
    pub(crate) const fn constants(self) -> [(&'static str, u32); 3] {
        let quads = (self.group_bytes() / 16) as u32;
        [Self::QUADS, ("CODE_QUADS", quads), ("CODE_PLANES", quads / 2)]
    }

    /// The constant for the quads of a group of activations.
    pub(crate) const QUADS: (&'static str, u32) = ("QUADS", 8);

    /// The names that a text is expanded with that writes activations in this encoding.
    pub(crate) const fn defines(self) -> [&'static str; 2] {
        match self {
            Self::F16 => ["QUANTISE", "F16"],
            Self::Int8 | Self::Int16 => ["QUANTISE", "CODES"],
        }
    }

    /// The file of an import that depends on the encoding.
    pub(crate) fn import(self, name: &str) -> Option<String> {
        match (name, self) {
            ("quantise", Self::F16) => Some("quantise_f16".to_owned()),
            ("quantise", _) => Some("quantise_codes".to_owned()),
            ("codes" | "product", _) => Some(format!("{name}_{}", self.name())),
            _ => None,
        }
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
    /// Codes of 8 bits with a scale for each 32 values of a head: `q8.wgsl`.
    Q8,
}

impl KvFormat {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::F16, Self::F32, Self::Q8];

    /// Its name, for users too, in the names of files and variants.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::F16 => "f16",
            Self::F32 => "f32",
            Self::Q8 => "q8",
        }
    }

    /// The format of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// The end of the name of a variant that reads or writes keys and values in this format.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::F16 => "",
            Self::F32 => "-kv-f32",
            Self::Q8 => "-kv-q8",
        }
    }

    /// The file of an import that depends on the format: what reads keys and values, and what writes them in `rope_append` and in
    /// `attention_split`.
    pub(crate) fn import(self, name: &str) -> Option<String> {
        let has_scales = self == Self::Q8;
        Some(match name {
            "kv_values" => format!("kv_{}", self.name()),
            "kv_append" if has_scales => "append_pairs_q8".to_owned(),
            "kv_append" => "append_pairs".to_owned(),
            "append_token" if has_scales => "append_token_q8".to_owned(),
            _ => return None,
        })
    }
}
