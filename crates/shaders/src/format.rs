//! How weight matrices lie in GPU memory.
//!
//! A matrix is a buffer of codes and, for most formats, a buffer of scales, both in 32-bit words. Along a row, weights come in
//! groups of [`GROUP`]; a row is padded with zero weights to whole groups. The words of a group's codes lie in planes, up to
//! four words of every group and then the next four ([`WeightFormat::code_word`]): a kernel that gives each invocation a group
//! reads one sweep of 16 bytes each. Rows stand side by side in groups of `interleave`, word by word ([`interleaved`]), and
//! their number is padded to a multiple of it.
//!
//! Activations that a matrix multiplies lie in planes of the same kind ([`plane_index`]).

/// Weights in a group: a row of codes is a whole number of groups.
pub const GROUP: usize = 32;

/// Groups in a super-block of the K-quants.
pub const SUPER_BLOCK_GROUPS: usize = 8;

/// Words of scales in a super-block: one of factors, then one for each pair of groups.
pub const SUPER_BLOCK_SCALE_WORDS: usize = 5;

/// The interleave of variants that give each invocation a row.
pub const LANE_INTERLEAVE: u32 = 32;

/// How a weight is encoded. Each has a `wgsl/shared/weight_<name>.wgsl`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(non_camel_case_types)]
pub enum WeightFormat {
    /// A weight a word.
    F32,
    /// Two halves a word.
    F16,
    /// Two upper halves of an f32 a word.
    BF16,
    /// `scale * (code - 8)`: codes of 4 bits, an f16 scale a group.
    Q4_0,
    /// `scale * code + minimum`: codes of 4 bits, an f16 scale and minimum a group.
    Q4_1,
    /// `scale * code`: signed codes of 8 bits, an f16 scale a group.
    Q8_0,
    /// `(d * scale) * code - dmin * minimum`: codes of 4 bits, a scale and a minimum of 6 bits a group, f16 `d` and `dmin` a
    /// super-block of eight groups.
    Q4_K,
    /// `(d * scale) * (code - 32)`: codes of 6 bits, a signed scale of 8 bits for half a group, an f16 `d` a super-block.
    Q6_K,
}

impl WeightFormat {
    /// Every format.
    pub const ALL: [Self; 8] =
        [Self::F32, Self::F16, Self::BF16, Self::Q4_0, Self::Q4_1, Self::Q8_0, Self::Q4_K, Self::Q6_K];

    /// Its name in file names and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::BF16 => "bf16",
            Self::Q4_0 => "q4_0",
            Self::Q4_1 => "q4_1",
            Self::Q8_0 => "q8_0",
            Self::Q4_K => "q4_k",
            Self::Q6_K => "q6_k",
        }
    }

    /// Words of codes in a group.
    #[must_use]
    pub const fn code_words(self) -> usize {
        match self {
            Self::F32 => 32,
            Self::F16 | Self::BF16 => 16,
            Self::Q4_0 | Self::Q4_1 | Self::Q4_K => 4,
            Self::Q6_K => 6,
            Self::Q8_0 => 8,
        }
    }

    /// The place among the codes of a row of `groups` groups of word `word` of group `group`.
    #[must_use]
    pub const fn code_word(self, groups: usize, group: usize, word: usize) -> usize {
        let plane = word / 4 * 4;
        let rest = self.code_words() - plane;
        let width = if rest < 4 { rest } else { 4 };
        plane * groups + width * group + word - plane
    }

    /// Words of scales in a row of `groups` groups; 0 for formats without scales.
    #[must_use]
    pub const fn scale_words(self, groups: usize) -> usize {
        match self {
            Self::F32 | Self::F16 | Self::BF16 => 0,
            Self::Q4_0 | Self::Q8_0 => groups.div_ceil(2),
            Self::Q4_1 => groups,
            Self::Q4_K | Self::Q6_K => groups.div_ceil(SUPER_BLOCK_GROUPS) * SUPER_BLOCK_SCALE_WORDS,
        }
    }

    /// Whether its codes are of a few bits with scales, so that they can be multiplied as integers.
    #[must_use]
    pub const fn has_integer_codes(self) -> bool {
        self.has_scales()
    }

    /// Whether there is a plane of scales.
    #[must_use]
    pub const fn has_scales(self) -> bool {
        self.scale_words(1) > 0
    }
}

/// The index of a word of a row in its plane, as `weight_row` in `wgsl/shared/weight.wgsl` has it.
#[must_use]
pub const fn interleaved(row: usize, word: usize, words_per_row: usize, interleave: usize) -> usize {
    ((row / interleave) * words_per_row + word) * interleave + row % interleave
}

/// The place of value `i` in a row of activations of `groups` groups, as `plane_index` in `wgsl/shared/planes.wgsl` has it.
#[must_use]
pub const fn plane_index(i: usize, groups: usize) -> usize {
    (i % GROUP / 4 * groups + i / GROUP) * 4 + i % 4
}
