//! The list of kernels.

/// Makes the enum of kernels from a list of them and of their names.
macro_rules! kernels {
    ($($kernel:ident = $name:literal,)*) => {
        /// A kernel: the file `<name>.wgsl` in the folder of its family.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[allow(missing_docs)]
        pub enum Kernel {
            $($kernel,)*
        }

        impl Kernel {
            /// Its name, that of its file.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$kernel => $name,)*
                }
            }
        }
    };
}

kernels! {
    Adjust = "adjust",
    Argmax = "argmax",
    ArgmaxPartials = "argmax_partials",
    Attention = "attention",
    AttentionCombine = "attention_combine",
    AttentionSplit = "attention_split",
    AttentionTile = "attention_tile",
    AttentionTokenPerLane = "attention_token_per_lane",
    CopyBlocks = "copy_blocks",
    Embed = "embed",
    Gate = "gate",
    Logprobs = "logprobs",
    LogprobsChosen = "logprobs_chosen",
    Matmul = "matmul",
    MatmulCooperative = "matmul_cooperative",
    MatmulInt8 = "matmul_int8",
    MatmulRowPerLane = "matmul_row_per_lane",
    MatmulRowPerLaneInt8 = "matmul_row_per_lane_int8",
    Matvec = "matvec",
    MatvecInteger = "matvec_integer",
    MatvecIntegerPair = "matvec_integer_pair",
    MixExperts = "mix_experts",
    Norm = "norm",
    NormHeads = "norm_heads",
    Pool = "pool",
    Quantise = "quantise",
    QuantiseWeights = "quantise_weights",
    Refuse = "refuse",
    Repack = "repack",
    RopeAppend = "rope_append",
    Route = "route",
    ShortConvolution = "short_convolution",
    Truncate = "truncate",
    TruncateFew = "truncate_few",
    TruncateBand = "truncate_band",
    TruncateHistogram = "truncate_histogram",
    TruncateMaxima = "truncate_maxima",
    TruncateMoments = "truncate_moments",
    Xtc = "xtc",
}
