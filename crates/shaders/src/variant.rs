//! Which kernels there are, and in which variants.

use crate::format::{LANE_INTERLEAVE, WeightFormat};
use crate::tile::AttentionTile;

/// A kernel: `wgsl/<name>.wgsl`, its parameters in `src/<name>.rs`, its reference in `src/cpu/<name>.rs`.
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
    MatmulInt8,
    MatmulRowPerLane,
    MatmulRowPerLaneInt8,
    Matvec,
    Quantise,
    RmsNorm,
    RopeAppend,
    Swiglu,
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
            Self::MatmulInt8 => "matmul_int8",
            Self::MatmulRowPerLane => "matmul_row_per_lane",
            Self::MatmulRowPerLaneInt8 => "matmul_row_per_lane_int8",
            Self::Matvec => "matvec",
            Self::Quantise => "quantise",
            Self::RmsNorm => "rms_norm",
            Self::RopeAppend => "rope_append",
            Self::Swiglu => "swiglu",
            Self::Truncate => "truncate",
            Self::TruncateBand => "truncate_band",
            Self::TruncateHistogram => "truncate_histogram",
            Self::TruncateMaxima => "truncate_maxima",
        }
    }

    /// Whether it multiplies activations in codes of 8 bits, as `quantise` writes them.
    #[must_use]
    pub const fn takes_codes(self) -> bool {
        matches!(self, Self::MatmulInt8 | Self::MatmulRowPerLaneInt8)
    }
}

/// How a weight lies in memory: its format and how many rows stand side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WeightLayout {
    /// The encoding.
    pub format: WeightFormat,
    /// Rows side by side: 1 or [`LANE_INTERLEAVE`].
    pub interleave: u32,
}

/// How `matvec` divides its work. Which is fastest depends on the device and on the matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MatvecShape {
    /// Invocations of a workgroup.
    pub workgroup_size: u32,
    /// Rows that a workgroup takes at a time.
    pub rows: u32,
    /// Tokens that it takes at a time.
    pub columns: u32,
}

impl MatvecShape {
    /// The shape that suits most matrices, and devices without subgroups.
    pub const DEFAULT: Self = Self::new(64, 4);

    /// For 2 to 8 tokens.
    pub const FEW_TOKENS: Self = Self { columns: 4, ..Self::DEFAULT };

    /// Those among which to choose for a single token.
    pub const SINGLE_TOKEN: [Self; 7] = [
        Self::new(32, 4),
        Self::new(64, 2),
        Self::DEFAULT,
        Self::new(64, 8),
        Self::new(128, 4),
        Self::new(128, 8),
        Self::new(256, 4),
    ];

    const fn new(workgroup_size: u32, rows: u32) -> Self {
        Self { workgroup_size, rows, columns: 1 }
    }
}

/// How much of `y` a workgroup of `matmul` or `matmul_int8` makes. Which is fastest depends on the device, and on how many
/// workgroups there are to keep it busy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tile {
    /// Rows of the weight: 64 or 128.
    pub rows: u32,
    /// Tokens: a multiple of 64.
    pub tokens: u32,
}

impl Tile {
    /// The one that suits most matrices.
    pub const DEFAULT: Self = Self { rows: 64, tokens: 64 };

    /// Those among which to choose.
    pub const ALL: [Self; 3] = [Self::DEFAULT, Self { rows: 128, tokens: 64 }, Self { rows: 128, tokens: 128 }];
}

/// One expansion of a kernel. What a kernel doesn't vary by keeps its default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Variant {
    /// The kernel.
    pub kernel: Kernel,
    /// The layout of the weight it reads, if it reads one.
    pub weight: Option<WeightLayout>,
    /// Whether an invocation handles four tokens at a time rather than one (`matmul_row_per_lane` and its like).
    pub tokens4: bool,
    /// Whether it reduces with subgroup operations.
    pub subgroups: bool,
    /// Whether its rows are chosen by the step's outputs (`rms_norm`).
    pub gather: bool,
    /// Whether what it makes is written in codes of 8 bits (`rms_norm`, `swiglu`).
    pub quantise: bool,
    /// How it divides its work (`matvec`).
    pub shape: Option<MatvecShape>,
    /// How much of `y` a workgroup makes (`matmul`, `matmul_int8`).
    pub tile: Option<Tile>,
    /// Query heads that a workgroup serves at a time; 0 for kernels without (`attention_split`).
    pub heads: u32,
    /// How it divides its work (`attention_tile`).
    pub attention_tile: Option<AttentionTile>,
    /// Whether it turns queries and keys by their positions, and fills the KV cache, itself (`attention_split`).
    pub rope: bool,
}

impl Variant {
    /// The variant of `kernel` without any choice.
    #[must_use]
    pub const fn plain(kernel: Kernel) -> Self {
        Self {
            kernel,
            weight: None,
            tokens4: false,
            subgroups: false,
            gather: false,
            quantise: false,
            shape: None,
            tile: None,
            heads: 0,
            attention_tile: None,
            rope: false,
        }
    }

    /// The same, reading a weight of this layout.
    #[must_use]
    pub const fn weight(self, format: WeightFormat, interleave: u32) -> Self {
        Self { weight: Some(WeightLayout { format, interleave }), ..self }
    }

    /// The same, with four tokens at a time or one.
    #[must_use]
    pub const fn tokens4(self, tokens4: bool) -> Self {
        Self { tokens4, ..self }
    }

    /// The same, with or without subgroup operations.
    #[must_use]
    pub const fn subgroups(self, subgroups: bool) -> Self {
        Self { subgroups, ..self }
    }

    /// The same, with rows chosen by the outputs or not.
    #[must_use]
    pub const fn gather(self, gather: bool) -> Self {
        Self { gather, ..self }
    }

    /// The same, writing codes of 8 bits or not.
    #[must_use]
    pub const fn quantise(self, quantise: bool) -> Self {
        Self { quantise, ..self }
    }

    /// The same, dividing its work like this.
    #[must_use]
    pub const fn shape(self, shape: MatvecShape) -> Self {
        Self { shape: Some(shape), ..self }
    }

    /// The same, making a tile of this size at a time.
    #[must_use]
    pub const fn tile(self, tile: Tile) -> Self {
        Self { tile: Some(tile), ..self }
    }

    /// The same, with room for `heads` query heads on a KV head: 1, 2, 4 or 8 at a time.
    #[must_use]
    pub const fn heads(self, heads: u32) -> Self {
        let heads = match heads {
            0 | 1 => 1,
            2 => 2,
            3 | 4 => 4,
            _ => 8,
        };
        Self { heads, ..self }
    }

    /// The same, dividing its work like this.
    #[must_use]
    pub const fn attention_tile(self, tile: AttentionTile) -> Self {
        Self { attention_tile: Some(tile), ..self }
    }

    /// The same, with or without the rope.
    #[must_use]
    pub const fn rope(self, rope: bool) -> Self {
        Self { rope, ..self }
    }

    /// The same, with room for as many of `heads` query heads on a KV head, up to 4 at a time, as leaves the fewest out at the end.
    #[must_use]
    pub const fn even_heads(self, heads: u32) -> Self {
        let heads = heads.div_ceil(heads.div_ceil(4));
        Self { heads, ..self }
    }

    /// The constants that its text begins with.
    pub(crate) fn constants(&self) -> Vec<(&'static str, u32)> {
        let mut constants = Vec::new();
        if let Some(layout) = self.weight {
            constants.push(("INTERLEAVE", layout.interleave));
        }
        if let Some(shape) = self.shape {
            constants.extend([
                ("WORKGROUP_SIZE", shape.workgroup_size),
                ("ROWS", shape.rows),
                ("COLUMNS", shape.columns),
            ]);
        }
        if let Some(tile) = self.tile {
            // 256 invocations, 16 along each side; tokens in batches, so that not all of them take registers at a time.
            const BATCH: u32 = 4;
            constants.extend([
                ("TILE_ROWS", tile.rows),
                ("TILE_TOKENS", tile.tokens),
                ("ROWS_EACH", tile.rows / 16),
                ("BATCH", BATCH),
                ("TOKEN_BATCHES", tile.tokens / 16 / BATCH),
            ]);
        }
        if self.heads > 0 {
            constants.push(("HEADS", self.heads));
        }
        if self.kernel == Kernel::AttentionTokenPerLane {
            constants.push(("KEYS", 4));
        }
        if let Some(tile) = self.attention_tile {
            constants.extend(tile.constants());
        }
        constants
    }

    /// Every variant there is. Each is expanded and validated when this crate is built.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let mut all: Vec<Self> = [
            Kernel::Argmax,
            Kernel::ArgmaxPartials,
            Kernel::AttentionCombine,
            Kernel::Quantise,
            Kernel::RopeAppend,
            Kernel::Swiglu,
            Kernel::Truncate,
            Kernel::TruncateBand,
            Kernel::TruncateHistogram,
            Kernel::TruncateMaxima,
        ]
        .map(Self::plain)
        .to_vec();
        all.push(Self::plain(Kernel::Swiglu).quantise(true));
        for subgroups in [false, true] {
            all.push(Self::plain(Kernel::Attention).subgroups(subgroups));
            for heads in [1, 2, 4, 8] {
                let split = Self::plain(Kernel::AttentionSplit).heads(heads).subgroups(subgroups);
                all.extend([split, split.rope(true)]);
            }
            let rms_norm = Self::plain(Kernel::RmsNorm).subgroups(subgroups);
            for gather in [false, true] {
                all.extend([false, true].map(|quantise| rms_norm.gather(gather).quantise(quantise)));
            }
        }
        all.extend(AttentionTile::all().map(|tile| Self::plain(Kernel::AttentionTile).attention_tile(tile)));
        all.extend([1, 2, 3, 4].map(|heads| Self::plain(Kernel::AttentionTokenPerLane).even_heads(heads)));
        for format in WeightFormat::ALL {
            for interleave in [1, LANE_INTERLEAVE] {
                all.push(Self::plain(Kernel::Embed).weight(format, interleave));
            }
            let matvec = Self::plain(Kernel::Matvec).weight(format, 1);
            for shape in [MatvecShape::DEFAULT, MatvecShape::FEW_TOKENS] {
                all.push(matvec.shape(shape));
            }
            for shape in MatvecShape::SINGLE_TOKEN.into_iter().chain([MatvecShape::FEW_TOKENS]) {
                all.push(matvec.shape(shape).subgroups(true));
            }
            all.extend(Tile::ALL.map(|tile| Self::plain(Kernel::Matmul).weight(format, 1).tile(tile)));
            if format.has_integer_codes() {
                all.extend(Tile::ALL.map(|tile| Self::plain(Kernel::MatmulInt8).weight(format, 1).tile(tile)));
            }
            for tokens4 in [false, true] {
                let row_per_lane = |kernel| Self::plain(kernel).weight(format, LANE_INTERLEAVE).tokens4(tokens4);
                all.push(row_per_lane(Kernel::MatmulRowPerLane));
                if format.has_integer_codes() {
                    all.push(row_per_lane(Kernel::MatmulRowPerLaneInt8));
                }
            }
        }
        all
    }

    /// A name no other variant has, for reports and labels.
    #[must_use]
    pub fn name(&self) -> String {
        let mut name = self.kernel.name().to_owned();
        if let Some(layout) = self.weight {
            name += &format!("-{}-interleave{}", layout.format.name(), layout.interleave);
        }
        if let Some(MatvecShape { workgroup_size, rows, columns }) = self.shape {
            name += &format!("-{workgroup_size}x{rows}x{columns}");
        }
        if let Some(Tile { rows, tokens }) = self.tile {
            name += &format!("-{rows}x{tokens}");
        }
        if self.heads > 0 {
            name += &format!("-heads{}", self.heads);
        }
        if let Some(AttentionTile { width, workgroup_size, queries, keys }) = self.attention_tile {
            name += &format!("-width{width}-{workgroup_size}x{queries}x{keys}");
        }
        for (chosen, label) in [
            (self.tokens4, "-tokens4"),
            (self.subgroups, "-subgroups"),
            (self.gather, "-gather"),
            (self.quantise, "-quantise"),
            (self.rope, "-rope"),
        ] {
            if chosen {
                name += label;
            }
        }
        name
    }
}
