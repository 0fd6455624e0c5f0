//! The ways in which kernels for `weight * x` divide their work. Which is fastest depends on the device.

use crate::encoding::Encoding;
use crate::format::WeightFormat;

/// A way in which `matvec` divides its work. Which is fastest depends on the device and on the matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MatvecShape {
    /// Invocations of a workgroup.
    pub workgroup_size: u32,
    /// Outputs, which are rows of the weight, that a workgroup makes at a time.
    pub outputs: u32,
    /// Tokens that it takes at a time.
    pub tokens: u32,
}

impl MatvecShape {
    /// The shape that suits most matrices, and devices without subgroups.
    pub const DEFAULT: Self = Self::new(64, 4);

    /// The shape for several tokens.
    pub const FEW_TOKENS: Self = Self { tokens: 4, ..Self::DEFAULT };

    /// The shapes among which to choose for a single token; where codes are integers, the last are seldom the fastest.
    const ALL: [Self; 7] = [
        Self::DEFAULT,
        Self::new(64, 2),
        Self::new(32, 4),
        Self::new(128, 4),
        Self::new(64, 8),
        Self::new(128, 8),
        Self::new(256, 4),
    ];

    /// The shapes among which to choose for a single token and weights in `format`.
    pub(super) fn single_token(format: WeightFormat) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().take(if format.has_integer_codes() { 4 } else { Self::ALL.len() })
    }

    const fn new(workgroup_size: u32, outputs: u32) -> Self {
        Self { workgroup_size, outputs, tokens: 1 }
    }

    /// Its part of a variant's name.
    pub(super) fn label(&self) -> String {
        let Self { workgroup_size, outputs, tokens } = self;
        format!("-{workgroup_size}x{outputs}x{tokens}")
    }

    /// The constants that the text begins with.
    pub(super) const fn constants(&self) -> [(&'static str, u32); 3] {
        [("WORKGROUP_SIZE", self.workgroup_size), ("ROWS", self.outputs), ("COLUMNS", self.tokens)]
    }
}

/// A way in which `matvec_integer` divides its work, and the codes of activations that it takes and leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IntegerShape {
    /// The codes of activations: [`Encoding::Int8`] or [`Encoding::Int16`].
    pub input: Encoding,
    /// The codes in which it leaves its outputs for the next matrix, if it does. A workgroup makes a group of 32 outputs then.
    pub output: Option<Encoding>,
    /// Invocations of a workgroup.
    pub workgroup_size: u32,
    /// Products with rows of the weight that 32 invocations make together.
    pub outputs: u32,
    /// Tokens that they take at a time: 1, 2, 4 or 8.
    pub tokens: u32,
}

impl IntegerShape {
    /// The shape for a single token that suits most matrices.
    #[must_use]
    pub const fn new(input: Encoding) -> Self {
        Self { input, output: None, workgroup_size: 128, outputs: 4, tokens: 1 }
    }

    /// The shape for a single token that leaves its outputs in codes; with `gated`, two products make one.
    #[must_use]
    pub const fn encoding(input: Encoding, output: Encoding, gated: bool) -> Self {
        Self { input, output: Some(output), workgroup_size: 256, outputs: if gated { 8 } else { 4 }, tokens: 1 }
    }

    /// The shape for a matrix of `rows` rows in steps of up to so many tokens each, where this is that for a single token; up to 4 tokens
    /// where it leaves codes, which for more never pays.
    pub fn by_tokens(self, rows: u32) -> Vec<(u32, Self)> {
        let with = |most: u32, tokens: u32, outputs: u32| (most, Self { tokens, outputs, ..self });
        if self.output.is_some() {
            return [1, 2, 4].map(|tokens| with(tokens, tokens, self.outputs)).to_vec();
        }
        // Four outputs load activations half as often as two; two make twice as many workgroups. Measured on an H200.
        let of_eight = |blocks: u32| if rows / 16 >= 300 / blocks { 4 } else { 2 };
        vec![
            with(1, 1, self.outputs),
            // More sums than these, and a GPU has no registers for them.
            with(2, 2, self.outputs.min(4)),
            with(4, 4, 2),
            with(8, 8, of_eight(1)),
            with(u32::MAX, 8, of_eight(2)),
        ]
    }

    /// The shapes among which to choose for a single token.
    pub(super) fn single_token(input: Encoding) -> impl Iterator<Item = Self> {
        [4, 2, 8].into_iter().map(move |outputs| Self { outputs, ..Self::new(input) })
    }

    /// Every shape.
    pub(super) fn all() -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        let of =
            |shape: Self| [0, u32::MAX].into_iter().flat_map(move |rows| shape.by_tokens(rows)).map(|(_, shape)| shape);
        for input in [Encoding::Int8, Encoding::Int16] {
            all.extend(Self::single_token(input).flat_map(of));
        }
        for output in [Encoding::Int8, Encoding::Int16] {
            let shapes = [false, true].map(|gated| Self::encoding(Encoding::Int8, output, gated));
            all.extend(shapes.into_iter().flat_map(of));
        }
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Products with rows of the weight that a workgroup makes.
    #[must_use]
    pub const fn workgroup_outputs(&self) -> u32 {
        self.workgroup_size / 32 * self.outputs
    }

    /// True where it loads the next group's activations while it multiplies one, in registers that more tokens and codes of 16 bits don't
    /// leave.
    pub(super) fn loads_activations_ahead(&self) -> bool {
        self.tokens <= 2 && self.input == Encoding::Int8
    }

    /// Its part of a variant's name.
    pub(super) fn label(&self) -> String {
        let Self { input, output, workgroup_size, outputs, tokens } = self;
        let output = output.map_or_else(String::new, |output| format!("-to-{}", output.name()));
        format!("-{}{output}-{workgroup_size}x{outputs}x{tokens}", input.name())
    }

    /// The constants that the text begins with.
    pub(super) fn constants(&self) -> Vec<(&'static str, u32)> {
        let sums = self.outputs * self.tokens;
        // The sums that fit 8 KiB at a time.
        let at_once = sums.min(2048 / self.workgroup_size);
        let mut constants = vec![
            ("X_QUADS", (self.input.group_bytes() / 16) as u32),
            ("WORKGROUP_SIZE", self.workgroup_size),
            ("BLOCKS", self.workgroup_size / 32),
            ("ROWS", self.outputs),
            ("COLUMNS", self.tokens),
            ("SUMS", at_once),
            ("PASSES", sums / at_once),
        ];
        constants.extend(self.output.iter().flat_map(|output| output.constants()));
        constants
    }
}

/// The part of `y` that a workgroup of `matmul` or `matmul_int8` makes. Which is fastest depends on the device, and on how many
/// workgroups there are to keep it busy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tile {
    /// Outputs, which are rows of the weight: 64 or 128.
    pub outputs: u32,
    /// Tokens: a multiple of 64.
    pub tokens: u32,
}

impl Tile {
    /// The one that suits most matrices.
    pub const DEFAULT: Self = Self { outputs: 64, tokens: 64 };

    /// The one for weights with tables, which take workgroup memory.
    const WITH_TABLE: Self = Self { outputs: 128, tokens: 64 };

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

    /// The tiles among which to choose for weights in `format`.
    pub(super) fn all_for(format: WeightFormat) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |tile| tile.for_format(format) == *tile)
    }

    /// Its part of a variant's name.
    pub(super) fn label(&self) -> String {
        format!("-{}x{}", self.outputs, self.tokens)
    }

    /// The constants that the text begins with: 256 invocations stand 16 along each side, and take tokens in batches, so that
    /// not all of them are in registers at a time.
    pub(super) const fn constants(&self) -> [(&'static str, u32); 5] {
        const BATCH: u32 = 4;
        [
            ("TILE_ROWS", self.outputs),
            ("TILE_TOKENS", self.tokens),
            ("ROWS_EACH", self.outputs / 16),
            ("BATCH", BATCH),
            ("TOKEN_BATCHES", self.tokens / 16 / BATCH),
        ]
    }

    /// The tiles among which to choose.
    pub const ALL: [Self; 3] = [Self::DEFAULT, Self { outputs: 128, tokens: 64 }, Self { outputs: 128, tokens: 128 }];
}

/// A way in which `matmul_cooperative` divides its work: a workgroup makes a tile of `y`, its subgroups of 32 invocations parts of the tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CooperativeTile {
    /// Outputs, which are rows of the weight, and as many tokens.
    pub side: u32,
    /// Groups of 32 along k that are staged at a time.
    pub groups: u32,
    /// Outputs of a subgroup's part: a multiple of 16.
    pub subgroup_outputs: u32,
    /// Tokens of a subgroup's part: a multiple of 16.
    pub subgroup_tokens: u32,
}

impl CooperativeTile {
    /// The tiles among which to choose, from the one for the least work on.
    pub const ALL: [Self; 4] = [
        Self { side: 32, groups: 2, subgroup_outputs: 16, subgroup_tokens: 32 },
        Self { side: 64, groups: 2, subgroup_outputs: 32, subgroup_tokens: 32 },
        Self { side: 128, groups: 2, subgroup_outputs: 64, subgroup_tokens: 32 },
        Self { side: 128, groups: 1, subgroup_outputs: 64, subgroup_tokens: 64 },
    ];

    /// Bytes of workgroup memory that the largest of them takes.
    pub const MAX_WORKGROUP_MEMORY: u32 = 45_120;

    /// Its part of a variant's name.
    pub(super) fn label(&self) -> String {
        let Self { side, groups, subgroup_outputs, subgroup_tokens } = self;
        format!("-{side}x{side}x{groups}-{subgroup_outputs}x{subgroup_tokens}")
    }

    /// Invocations of a workgroup: each stages a group of the weight.
    const fn workgroup_size(&self) -> u32 {
        self.side * self.groups
    }

    /// The constants that the text begins with.
    pub(super) const fn constants(&self) -> [(&'static str, u32); 8] {
        [
            ("WORKGROUP_SIZE", self.workgroup_size()),
            ("TILE_ROWS", self.side),
            ("TILE_TOKENS", self.side),
            ("STEP", self.groups),
            ("STEP_FRAGMENTS", self.groups * 2),
            ("ROW_FRAGMENTS", self.subgroup_outputs / 16),
            ("TOKEN_FRAGMENTS", self.subgroup_tokens / 16),
            ("QUADS_EACH", 8),
        ]
    }
}

/// The tokens that an invocation of `matmul_row_per_lane` or `matmul_row_per_lane_int8` takes at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LaneTokens {
    /// One.
    One,
    /// Four.
    Four,
    /// One, with rows of the weight of its own: those of its expert.
    OneOfExpert,
}

impl LaneTokens {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::One, Self::Four, Self::OneOfExpert];

    /// The number of tokens.
    #[must_use]
    pub const fn count(self) -> u32 {
        if matches!(self, Self::Four) { 4 } else { 1 }
    }
}
