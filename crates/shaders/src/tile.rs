//! How kernels divide their work. Which way is fastest depends on the device.

use crate::format::WeightFormat;

/// A tile of `attention_tile`. Which is fastest depends on the device, the head's width and the number of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AttentionTile {
    /// Of a head, in values.
    pub width: u32,
    /// Invocations of a workgroup: enough for all the keys of a tile.
    pub workgroup_size: u32,
    /// Query vectors of a block: rows times the heads that share a KV head.
    pub queries: u32,
    /// Keys of a tile: whole blocks of the cache, and one or several for each invocation that shares a quartet of queries.
    pub keys: u32,
}

impl AttentionTile {
    /// The widths there are variants for: those of nearly all models.
    pub const WIDTHS: [u32; 5] = [64, 80, 96, 128, 256];

    /// Shapes among which to choose, by (invocations, query vectors, keys). All fit 16 KiB of workgroup memory.
    pub const SHAPES: [(u32, u32, u32); 4] = [(128, 64, 32), (64, 32, 32), (128, 32, 64), (256, 64, 32)];

    /// The tile for heads of `width` values in one of [`Self::SHAPES`]; none for widths that there are no variants for.
    #[must_use]
    pub fn new(width: u32, (workgroup_size, queries, keys): (u32, u32, u32)) -> Option<Self> {
        Self::WIDTHS.contains(&width).then_some(Self { width, workgroup_size, queries, keys })
    }

    /// Every tile that there is a variant for.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        let of_width = |width| Self::SHAPES.into_iter().filter_map(move |shape| Self::new(width, shape));
        Self::WIDTHS.into_iter().flat_map(of_width)
    }

    /// The constants that the text begins with.
    pub(crate) const fn constants(&self) -> [(&'static str, u32); 6] {
        [
            ("WORKGROUP_SIZE", self.workgroup_size),
            ("QUERIES", self.queries),
            ("KEYS", self.keys),
            ("QUADS", self.width / 4),
            ("PART_QUADS", self.part_quads()),
            ("VALUE_KEYS", self.value_keys()),
        ]
    }

    /// Quads in as much of the queries and keys as is staged at a time: they have to divide a head.
    const fn part_quads(&self) -> u32 {
        if self.width.is_multiple_of(32) { 8 } else { 4 }
    }

    /// Keys whose values fit the 8 KiB that they are staged in.
    const fn value_keys(&self) -> u32 {
        let mut keys = self.keys;
        while keys * self.width * 4 > 8 << 10 {
            keys /= 2;
        }
        keys
    }
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
    /// Whether activations are turned to fixed point of 16 bits by groups of 32, for integer dot products: fewer instructions a
    /// weight, more before the first.
    pub fixed: bool,
}

impl MatvecShape {
    /// The shape that suits most matrices, and devices without subgroups.
    pub const DEFAULT: Self = Self::new(64, 4);

    /// For 2 to 8 tokens.
    pub const FEW_TOKENS: Self = Self { columns: 4, ..Self::DEFAULT };

    /// Those among which to choose for a single token; where codes are integers, the last are seldom the fastest.
    const FLOAT: [Self; 7] = [
        Self::DEFAULT,
        Self::new(64, 2),
        Self::new(32, 4),
        Self::new(128, 4),
        Self::new(64, 8),
        Self::new(128, 8),
        Self::new(256, 4),
    ];

    /// Further ones for a single token, for weights with integer codes.
    const FIXED: [Self; 5] = [
        Self { fixed: true, ..Self::new(32, 4) },
        Self { fixed: true, ..Self::new(64, 2) },
        Self { fixed: true, ..Self::new(64, 4) },
        Self { fixed: true, ..Self::new(128, 4) },
        Self { fixed: true, ..Self::new(128, 8) },
    ];

    /// Those among which to choose for a single token and weights in `format`.
    pub fn single_token(format: WeightFormat) -> impl Iterator<Item = Self> {
        let (float, fixed) = match (format.has_integer_codes(), format.is_linear()) {
            (false, _) => (Self::FLOAT.len(), 0),
            (true, _) => (4, Self::FIXED.len()),
        };
        Self::FLOAT.into_iter().take(float).chain(Self::FIXED.into_iter().take(fixed))
    }

    const fn new(workgroup_size: u32, rows: u32) -> Self {
        Self { workgroup_size, rows, columns: 1, fixed: false }
    }
}

/// How much of `y` a workgroup of `matmul` or `matmul_int8` makes. Which is fastest depends on the device, and on how many
/// workgroups there are to keep it busy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tile {
    /// Rows of the weight: 64 or 128.
    pub rows: u32,
    /// Tokens: a multiple of 64.
    pub tokens: u32,
}

impl Tile {
    /// The one that suits most matrices.
    pub const DEFAULT: Self = Self { rows: 64, tokens: 64 };

    /// The one for weights with tables, which take workgroup memory.
    const WITH_TABLE: Self = Self { rows: 128, tokens: 64 };

    /// This one or, for formats with a table and those that few files are in, the only one that there is for weights in `format`.
    #[must_use]
    pub const fn for_format(self, format: WeightFormat) -> Self {
        match format {
            _ if !format.is_linear() => Self::WITH_TABLE,
            WeightFormat::Q5_0 | WeightFormat::Q5_1 | WeightFormat::Q2_K | WeightFormat::Q3_K => Self::DEFAULT,
            WeightFormat::Q4_DQ | WeightFormat::Q8_DQ => Self::DEFAULT,
            _ => self,
        }
    }

    /// Those among which to choose for weights in `format`.
    pub(crate) fn all_for(format: WeightFormat) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |tile| tile.for_format(format) == *tile)
    }

    /// Those among which to choose.
    pub const ALL: [Self; 3] = [Self::DEFAULT, Self { rows: 128, tokens: 64 }, Self { rows: 128, tokens: 128 }];
}

/// How `matmul_cooperative` divides its work: a workgroup makes a tile of `y`, its subgroups of 32 invocations parts of the tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CooperativeTile {
    /// Rows of the weight, and as many tokens.
    pub side: u32,
    /// Groups of 32 along k that are staged at a time.
    pub groups: u32,
    /// Rows of a subgroup's part: a multiple of 16.
    pub subgroup_rows: u32,
    /// Tokens of a subgroup's part: a multiple of 16.
    pub subgroup_tokens: u32,
}

impl CooperativeTile {
    /// Those among which to choose, from the one for the least work on.
    pub const ALL: [Self; 4] = [
        Self { side: 32, groups: 2, subgroup_rows: 16, subgroup_tokens: 32 },
        Self { side: 64, groups: 2, subgroup_rows: 32, subgroup_tokens: 32 },
        Self { side: 128, groups: 2, subgroup_rows: 64, subgroup_tokens: 32 },
        Self { side: 128, groups: 1, subgroup_rows: 64, subgroup_tokens: 64 },
    ];

    /// Bytes of workgroup memory that the largest of them takes.
    pub const MAX_WORKGROUP_MEMORY: u32 = 45_120;

    /// Invocations of a workgroup: each stages a group of the weight.
    pub(crate) const fn workgroup_size(&self) -> u32 {
        self.side * self.groups
    }

    /// The constants that the text begins with.
    pub(crate) const fn constants(&self) -> [(&'static str, u32); 8] {
        [
            ("WORKGROUP_SIZE", self.workgroup_size()),
            ("TILE_ROWS", self.side),
            ("TILE_TOKENS", self.side),
            ("STEP", self.groups),
            ("STEP_FRAGMENTS", self.groups * 2),
            ("ROW_FRAGMENTS", self.subgroup_rows / 16),
            ("TOKEN_FRAGMENTS", self.subgroup_tokens / 16),
            ("QUADS_EACH", 8),
        ]
    }
}
