//! In which variants kernels come.

use crate::format::{Scales, Table, WeightFormat};
use crate::kernel::{Encoding, Kernel, KvFormat};
use crate::tile::{AttentionTile, CooperativeTile, MatvecShape, Tile};

/// How a weight lies in memory: its format and how many rows stand side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WeightLayout {
    /// The encoding.
    pub format: WeightFormat,
    /// Rows side by side: 1 or [`LANE_INTERLEAVE`].
    pub interleave: u32,
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
    /// Whether each token has rows of the weight of its own: those of an expert (`matvec`, `matmul_row_per_lane` and its like).
    pub experts: bool,
    /// Whether it reduces with subgroup operations.
    pub subgroups: bool,
    /// Whether its rows are chosen by the step's outputs (`norm`).
    pub gather: bool,
    /// How what it makes is encoded for the matrix that multiplies it next; none for f32 (`quantise`, `norm`, `gate`).
    pub encoding: Option<Encoding>,
    /// How keys and values are kept (`rope_append`, `attention` and its like).
    pub kv: KvFormat,
    /// How it divides its work (`matvec`).
    pub shape: Option<MatvecShape>,
    /// How much of `y` a workgroup makes (`matmul`, `matmul_int8`).
    pub tile: Option<Tile>,
    /// How it divides its work (`matmul_cooperative`).
    pub cooperative_tile: Option<CooperativeTile>,
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
            experts: false,
            subgroups: false,
            gather: false,
            encoding: None,
            kv: KvFormat::F16,
            shape: None,
            tile: None,
            cooperative_tile: None,
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

    /// The same, with or without experts.
    #[must_use]
    pub const fn experts(self, experts: bool) -> Self {
        Self { experts, ..self }
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

    /// The same, writing what it makes in this encoding.
    #[must_use]
    pub const fn encoding(self, encoding: Option<Encoding>) -> Self {
        Self { encoding, ..self }
    }

    /// The same, with keys and values in this format.
    #[must_use]
    pub const fn kv(self, kv: KvFormat) -> Self {
        Self { kv, ..self }
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

    /// The same, dividing its work like this.
    #[must_use]
    pub const fn cooperative_tile(self, tile: CooperativeTile) -> Self {
        Self { cooperative_tile: Some(tile), ..self }
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

    /// Whether browsers take it: their WGSL has no matrix units.
    #[must_use]
    pub fn in_browsers(&self) -> bool {
        self.kernel != Kernel::MatmulCooperative
    }

    /// Invocations of a workgroup that fill a table.
    fn table_lanes(&self) -> u32 {
        match (self.kernel, self.shape) {
            (_, Some(shape)) => shape.workgroup_size,
            (Kernel::Matmul | Kernel::MatmulInt8, _) => 256,
            _ => 32,
        }
    }

    /// The constants that its text begins with.
    pub(crate) fn constants(&self) -> Vec<(&'static str, u32)> {
        let mut constants = Vec::new();
        if let Some(layout) = self.weight {
            constants.push(("INTERLEAVE", layout.interleave));
            constants.extend(layout.format.constants());
            if !layout.format.is_linear() {
                constants.push(("TABLE_LANES", self.table_lanes()));
            }
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
        if let Some(tile) = self.cooperative_tile {
            constants.extend(tile.constants());
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

    /// The names that `#ifdef` finds defined in its text.
    pub(crate) fn defines(&self) -> Vec<&'static str> {
        let format = self.weight.map(|layout| layout.format);
        let of_format = |holds: fn(WeightFormat) -> bool| format.is_some_and(holds);
        let fixed = self.fixed();
        let takes = self.kernel.takes();
        let names = [
            ("SUBGROUPS", self.subgroups),
            ("EXPERTS", self.experts),
            ("COLUMNS4", self.shape.is_some_and(|shape| shape.columns == 4)),
            ("ROPE", self.rope),
            ("GATHER", self.gather),
            ("F16", self.encoding == Some(Encoding::F16)),
            ("QUANTISE", self.encoding.is_some()),
            ("TOKENS4", self.tokens4),
            ("ACTIVATIONS", self.kernel == Kernel::Matvec && !fixed),
            ("FIXED", fixed),
            ("INTEGER", fixed || takes == Some(Encoding::Int8)),
            ("WIDE", self.weight.is_some_and(|layout| layout.interleave == 1)),
            ("FLOAT_TILES", matches!(self.kernel, Kernel::Matmul | Kernel::MatmulCooperative)),
            ("FLOAT", takes.is_none()),
            ("INT8", takes.or(self.encoding) == Some(Encoding::Int8)),
            ("ODD_BIT", of_format(WeightFormat::has_odd_bit)),
            ("TABLE", of_format(|format| !format.is_linear())),
            ("PAIRS_IN_BYTES", of_format(|format| format.code_bits() == 4)),
            ("TABLE_OF_MATRIX", of_format(|format| format.table() == Table::OfMatrix)),
            ("UPPER_HALVES", of_format(|format| format.scales() == Scales::UpperHalves)),
            ("DOUBLE_QUANTISED", of_format(|format| format.scales() == Scales::Bytes)),
            ("SCALES", of_format(WeightFormat::has_scales)),
        ];
        names.into_iter().filter(|(_, defined)| *defined).map(|(name, _)| name).collect()
    }

    /// Whether its activations are turned to fixed point.
    pub(crate) fn fixed(&self) -> bool {
        self.shape.is_some_and(|shape| shape.fixed)
    }

    /// A name no other variant has, for reports and labels.
    #[must_use]
    pub fn name(&self) -> String {
        let mut name = self.kernel.name().to_owned();
        if let Some(layout) = self.weight {
            name += &format!("-{}-interleave{}", layout.format.name(), layout.interleave);
        }
        if let Some(MatvecShape { workgroup_size, rows, columns, fixed }) = self.shape {
            name += &format!("-{workgroup_size}x{rows}x{columns}{}", if fixed { "-fixed" } else { "" });
        }
        if let Some(Tile { rows, tokens }) = self.tile {
            name += &format!("-{rows}x{tokens}");
        }
        if let Some(CooperativeTile { side, groups, subgroup_rows, subgroup_tokens }) = self.cooperative_tile {
            name += &format!("-{side}x{side}x{groups}-{subgroup_rows}x{subgroup_tokens}");
        }
        if self.heads > 0 {
            name += &format!("-heads{}", self.heads);
        }
        if let Some(AttentionTile { width, workgroup_size, queries, keys }) = self.attention_tile {
            name += &format!("-width{width}-{workgroup_size}x{queries}x{keys}");
        }
        for (chosen, label) in [
            (self.tokens4, "-tokens4"),
            (self.experts, "-experts"),
            (self.subgroups, "-subgroups"),
            (self.gather, "-gather"),
            (self.rope, "-rope"),
        ] {
            if chosen {
                name += label;
            }
        }
        if self.kv != KvFormat::F16 {
            name += &format!("-kv-{}", self.kv.name());
        }
        if let Some(encoding) = self.encoding {
            name += &format!("-{}", encoding.name());
        }
        name
    }
}
