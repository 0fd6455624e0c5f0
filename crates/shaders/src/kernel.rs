//! Which kernels there are.

/// A kernel: the file `<name>.wgsl` in the folder of its family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Kernel {
    Argmax,
    ArgmaxPartials,
    Attention,
    AttentionCombine,
    AttentionSplit,
    AttentionTile,
    AttentionTokenPerLane,
    Embed,
    Matmul,
    MatmulCooperative,
    MatmulInt8,
    MatmulRowPerLane,
    MatmulRowPerLaneInt8,
    Matvec,
    Quantise,
    QuantiseWeights,
    Norm,
    RopeAppend,
    Gate,
    MixExperts,
    NormHeads,
    Pool,
    Route,
    ShortConvolution,
    Truncate,
    TruncateBand,
    TruncateHistogram,
    TruncateMaxima,
}

impl Kernel {
    /// Its name, that of its file.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Argmax => "argmax",
            Self::ArgmaxPartials => "argmax_partials",
            Self::Attention => "attention",
            Self::AttentionCombine => "attention_combine",
            Self::AttentionSplit => "attention_split",
            Self::AttentionTile => "attention_tile",
            Self::AttentionTokenPerLane => "attention_token_per_lane",
            Self::Embed => "embed",
            Self::Matmul => "matmul",
            Self::MatmulCooperative => "matmul_cooperative",
            Self::MatmulInt8 => "matmul_int8",
            Self::MatmulRowPerLane => "matmul_row_per_lane",
            Self::MatmulRowPerLaneInt8 => "matmul_row_per_lane_int8",
            Self::Matvec => "matvec",
            Self::Quantise => "quantise",
            Self::QuantiseWeights => "quantise_weights",
            Self::Norm => "norm",
            Self::RopeAppend => "rope_append",
            Self::Gate => "gate",
            Self::MixExperts => "mix_experts",
            Self::NormHeads => "norm_heads",
            Self::Pool => "pool",
            Self::Route => "route",
            Self::ShortConvolution => "short_convolution",
            Self::Truncate => "truncate",
            Self::TruncateBand => "truncate_band",
            Self::TruncateHistogram => "truncate_histogram",
            Self::TruncateMaxima => "truncate_maxima",
        }
    }

    /// The encoding of the activations that it multiplies, as `quantise` writes them; none for f32 in planes.
    #[must_use]
    pub const fn takes(self) -> Option<Encoding> {
        match self {
            Self::MatmulInt8 | Self::MatmulRowPerLaneInt8 => Some(Encoding::Int8),
            Self::MatmulCooperative => Some(Encoding::F16),
            _ => None,
        }
    }
}

/// How keys and values are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum KvFormat {
    /// As halves.
    #[default]
    F16,
    /// As they are.
    F32,
}

impl KvFormat {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::F16, Self::F32];

    /// The name that files and variants have it by.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::F16 => "f16",
            Self::F32 => "f32",
        }
    }

    /// Words of a pair of values.
    #[must_use]
    pub const fn pair_words(self) -> usize {
        match self {
            Self::F16 => 1,
            Self::F32 => 2,
        }
    }
}

/// How activations are encoded for kernels that don't multiply them in f32.
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

    /// The name that files and variants have it by.
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
}
