//! The formats of weight matrices in GPU memory.
//!
//! A matrix is a buffer of codes and, for most formats, a buffer of scales, both in 32-bit words. A format is made of three
//! things: [`Codes`], [`Scales`], and perhaps a [`Table`]. Along a row, weights come in groups of [`GROUP`]; a row is padded
//! with zero weights to whole groups. The words of a group's codes lie in planes, up to
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

/// Groups of a row whose scales are quantised together ([`Scales::Bytes`]).
pub const DOUBLE_QUANTISED_GROUPS: usize = 256;

/// Words of such a block of scales: its factor, then one for each four groups.
pub const DOUBLE_QUANTISED_WORDS: usize = 1 + DOUBLE_QUANTISED_GROUPS / 4;

/// The interleave of variants that give each invocation a row.
pub const LANE_INTERLEAVE: u32 = 32;

/// The encoding of a weight. Formats of a few bits have the text `codes.wgsl` in common, and choose its parts by
/// their codes, scales and table; each of the others has a `weight_<name>.wgsl`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(non_camel_case_types)]
pub enum WeightFormat {
    /// A weight a word.
    F32,
    /// Two halves a word.
    F16,
    /// Two upper halves of an f32 a word.
    BF16,
    /// `scale * (code - 8)`: codes of 4 bits.
    Q4_0,
    /// `scale * code + minimum`: codes of 4 bits.
    Q4_1,
    /// `scale * (code - 16)`: codes of 5 bits.
    Q5_0,
    /// `scale * code + minimum`: codes of 5 bits.
    Q5_1,
    /// `scale * code`: signed codes of 8 bits.
    Q8_0,
    /// `scale * code - minimum`: codes of 2 bits, a scale and a minimum for half a group.
    Q2_K,
    /// `scale * (code - 4)`: codes of 3 bits, a scale for half a group.
    Q3_K,
    /// `scale * code - minimum`: codes of 4 bits.
    Q4_K,
    /// `scale * code - minimum`: codes of 5 bits.
    Q5_K,
    /// `scale * (code - 32)`: codes of 6 bits, a scale for half a group.
    Q6_K,
    /// `scale * table[code]`: codes of 4 bits.
    IQ4_NL,
    /// `scale * table[code]`: codes of 4 bits, the scale a power of two.
    MXFP4,
    /// `scale * table[code]`: codes of 3 bits, a scale for half a group, a table of the matrix's own.
    Table3,
    /// `scale * table[code]`: codes of 4 bits, a scale for half a group, a table of the matrix's own.
    Table4,
    /// `scale * table[code]`: codes of 4 bits, the quantiles of a normal distribution.
    NF4,
    /// [`Self::NF4`], the scales quantised too.
    NF4_DQ,
    /// [`Self::Q4_0`], the scales quantised too.
    Q4_DQ,
    /// [`Self::Q8_0`], the scales quantised too.
    Q8_DQ,
}

/// The codes of a group's weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codes {
    /// Weights themselves, of 32 bits.
    Words,
    /// Weights themselves, of 16 bits, two a word.
    Halves,
    /// Signed bytes, four a word.
    Bytes,
    /// Codes of a few bits, in planes: two words for each two bits of the 32 codes. In a plane of four bits, byte `i` of the
    /// group holds the bits of code `i` in its low half and those of code `16 + i` in its high half; in one of two bits, bits
    /// `2 q` and `2 q + 1` of byte `i` of word `h` belong to code `16 h + 4 q + i`. Four bits come first, then two; an odd
    /// bit, the highest of a code, lies with the scales, bit `q` of byte `i` of a group's word for code `4 q + i`.
    Planes(u32),
}

/// The scales of a format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scales {
    /// There are none.
    None,
    /// An f16 a group, those of two groups in a word.
    Halves,
    /// The upper half of an f32 a group, those of two groups in a word.
    UpperHalves,
    /// An f16 scale and an f16 minimum a group.
    WithMinimum,
    /// Two bytes a group and two f16 factors a super-block: `factor0 * byte0` is the scale, `-factor1 * byte1` the minimum.
    SuperBlocks,
    /// Two bytes a group, signed, and an f32 factor a super-block: `factor * byte0` is the scale of the group's first half,
    /// `factor * byte1` that of its second.
    SuperBlocksOfHalves,
    /// Two bytes a group, one for each half, and two f16 factors a super-block: `factor0 * (byte & 15)` is the half's scale,
    /// `-factor1 * (byte >> 4)` its minimum.
    SuperBlocksOfNibbles,
    /// Doubly quantised (section 3 of Dettmers et al. 2023, <https://arxiv.org/abs/2305.14314>, with signed bytes here): an f32
    /// factor for each [`DOUBLE_QUANTISED_GROUPS`] groups of a row or what is left of it, then a signed byte a group.
    Bytes,
}

/// The table in which a code's value is looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// None: a code is a number.
    None,
    /// A table of the format's.
    Fixed([i8; TABLE]),
    /// A table of [`TABLE`] signed bytes that ends every row's scales, the same in each row of a matrix.
    OfMatrix,
}

/// Values in a table of codes.
pub const TABLE: usize = 16;

/// Values of IQ4_NL and IQ4_XS: `kvalues_iq4nl` of <https://github.com/ggml-org/ggml/blob/master/src/ggml-common.h>.
pub const NON_LINEAR: [i8; TABLE] = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];

/// The values of a float of 4 bits (E2M1), doubled: section 5.3.3 of the OCP Microscaling Formats Specification 1.0.
pub const E2M1: [i8; TABLE] = [0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12];

/// The 4-bit normal float (NF4): the quantiles that appendix E of Dettmers et al. 2023 lists
/// (<https://arxiv.org/abs/2305.14314>), in 127ths, so that integer dot products can take them. They are off by a 250th of the
/// group's largest magnitude at most.
pub const NORMAL_FLOAT: [i8; TABLE] = [-127, -88, -67, -50, -36, -23, -12, 0, 10, 20, 31, 43, 56, 71, 92, 127];

impl Scales {
    /// Its name in file names: `scales_<name>.wgsl`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Halves | Self::UpperHalves => "halves",
            Self::WithMinimum => "with_minimum",
            Self::SuperBlocks => "super_blocks",
            Self::SuperBlocksOfHalves => "super_blocks_of_halves",
            Self::SuperBlocksOfNibbles => "super_blocks_of_nibbles",
            Self::Bytes => "bytes",
        }
    }
}

impl WeightFormat {
    /// Every format.
    pub const ALL: [Self; 21] = [
        Self::F32,
        Self::F16,
        Self::BF16,
        Self::Q4_0,
        Self::Q4_1,
        Self::Q5_0,
        Self::Q5_1,
        Self::Q8_0,
        Self::Q2_K,
        Self::Q3_K,
        Self::Q4_K,
        Self::Q5_K,
        Self::Q6_K,
        Self::IQ4_NL,
        Self::MXFP4,
        Self::Table3,
        Self::Table4,
        Self::NF4,
        Self::NF4_DQ,
        Self::Q4_DQ,
        Self::Q8_DQ,
    ];

    /// The formats that `quantise_weights` writes.
    pub const QUANTISED_HERE: [Self; 6] = [Self::Q8_0, Self::Q4_0, Self::NF4, Self::Q8_DQ, Self::Q4_DQ, Self::NF4_DQ];

    /// Its name in file names and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::BF16 => "bf16",
            Self::Q4_0 => "q4_0",
            Self::Q4_1 => "q4_1",
            Self::Q5_0 => "q5_0",
            Self::Q5_1 => "q5_1",
            Self::Q8_0 => "q8_0",
            Self::Q2_K => "q2_k",
            Self::Q3_K => "q3_k",
            Self::Q4_K => "q4_k",
            Self::Q5_K => "q5_k",
            Self::Q6_K => "q6_k",
            Self::IQ4_NL => "iq4_nl",
            Self::MXFP4 => "mxfp4",
            Self::Table3 => "table3",
            Self::Table4 => "table4",
            Self::NF4 => "nf4",
            Self::NF4_DQ => "nf4_dq",
            Self::Q4_DQ => "q4_dq",
            Self::Q8_DQ => "q8_dq",
        }
    }

    /// The codes of its weights.
    #[must_use]
    pub const fn codes(self) -> Codes {
        match self {
            Self::F32 => Codes::Words,
            Self::F16 | Self::BF16 => Codes::Halves,
            Self::Q8_0 | Self::Q8_DQ => Codes::Bytes,
            Self::Q2_K => Codes::Planes(2),
            Self::Q3_K | Self::Table3 => Codes::Planes(3),
            Self::Q4_0 | Self::Q4_1 | Self::Q4_K | Self::IQ4_NL | Self::MXFP4 | Self::Table4 => Codes::Planes(4),
            Self::NF4 | Self::NF4_DQ | Self::Q4_DQ => Codes::Planes(4),
            Self::Q5_0 | Self::Q5_1 | Self::Q5_K => Codes::Planes(5),
            Self::Q6_K => Codes::Planes(6),
        }
    }

    /// Its scales.
    #[must_use]
    pub const fn scales(self) -> Scales {
        match self {
            Self::F32 | Self::F16 | Self::BF16 => Scales::None,
            Self::Q4_0 | Self::Q5_0 | Self::Q8_0 | Self::IQ4_NL | Self::NF4 => Scales::Halves,
            Self::MXFP4 => Scales::UpperHalves,
            Self::Q4_1 | Self::Q5_1 => Scales::WithMinimum,
            Self::Q4_K | Self::Q5_K => Scales::SuperBlocks,
            Self::Q3_K | Self::Q6_K | Self::Table3 | Self::Table4 => Scales::SuperBlocksOfHalves,
            Self::Q2_K => Scales::SuperBlocksOfNibbles,
            Self::NF4_DQ | Self::Q4_DQ | Self::Q8_DQ => Scales::Bytes,
        }
    }

    /// The table of its codes.
    #[must_use]
    pub const fn table(self) -> Table {
        match self {
            Self::IQ4_NL => Table::Fixed(NON_LINEAR),
            Self::MXFP4 => Table::Fixed(E2M1),
            Self::NF4 | Self::NF4_DQ => Table::Fixed(NORMAL_FLOAT),
            Self::Table3 | Self::Table4 => Table::OfMatrix,
            _ => Table::None,
        }
    }

    /// The code that stands for zero, where codes are numbers.
    #[must_use]
    pub const fn zero(self) -> i32 {
        match self {
            Self::Q3_K => 4,
            Self::Q4_0 | Self::Q4_DQ => 8,
            Self::Q5_0 => 16,
            Self::Q6_K => 32,
            _ => 0,
        }
    }

    /// Words of codes in a group, but for an odd bit.
    #[must_use]
    pub const fn code_words(self) -> usize {
        match self.codes() {
            Codes::Words => 32,
            Codes::Halves => 16,
            Codes::Bytes => 8,
            Codes::Planes(bits) => bits as usize / 2 * 2,
        }
    }

    /// True where the highest bit of each code lies with the scales.
    #[must_use]
    pub const fn has_odd_bit(self) -> bool {
        matches!(self.codes(), Codes::Planes(bits) if bits % 2 == 1)
    }

    /// The place among the codes of a row of `groups` groups of word `word` of group `group`.
    #[must_use]
    pub const fn code_word(self, groups: usize, group: usize, word: usize) -> usize {
        let plane = word / 4 * 4;
        let rest = self.code_words() - plane;
        let width = if rest < 4 { rest } else { 4 };
        plane * groups + width * group + word - plane
    }

    /// Words of scales proper in a row of `groups` groups. Those of odd bits follow, a word a group, then those of a table.
    #[must_use]
    pub const fn pure_scale_words(self, groups: usize) -> usize {
        match self.scales() {
            Scales::None => 0,
            Scales::Halves | Scales::UpperHalves => groups.div_ceil(2),
            Scales::WithMinimum => groups,
            Scales::SuperBlocks | Scales::SuperBlocksOfHalves | Scales::SuperBlocksOfNibbles => {
                groups.div_ceil(SUPER_BLOCK_GROUPS) * SUPER_BLOCK_SCALE_WORDS
            }
            Scales::Bytes => groups.div_ceil(DOUBLE_QUANTISED_GROUPS) + groups.div_ceil(4),
        }
    }

    /// Words of scales, odd bits and table in a row of `groups` groups; 0 for formats without scales.
    #[must_use]
    pub const fn scale_words(self, groups: usize) -> usize {
        let odd_bits = if self.has_odd_bit() { groups } else { 0 };
        self.pure_scale_words(groups) + odd_bits + self.table_words()
    }

    /// True where codes are of a few bits with scales, so that they can be multiplied as integers.
    #[must_use]
    pub const fn has_integer_codes(self) -> bool {
        self.has_scales()
    }

    /// True where codes are numbers themselves, and not places in a table.
    #[must_use]
    pub const fn is_linear(self) -> bool {
        matches!(self.table(), Table::None)
    }

    /// True where rows come in whole super-blocks of [`SUPER_BLOCK_GROUPS`] groups.
    #[must_use]
    pub const fn has_super_blocks(self) -> bool {
        matches!(self.scales(), Scales::SuperBlocks | Scales::SuperBlocksOfHalves | Scales::SuperBlocksOfNibbles)
    }

    /// Bits of a code.
    #[must_use]
    pub const fn code_bits(self) -> u32 {
        match self.codes() {
            Codes::Words => 32,
            Codes::Halves => 16,
            Codes::Bytes => 8,
            Codes::Planes(bits) => bits,
        }
    }

    /// The constants that texts of codes in planes begin with.
    pub(crate) fn constants(self) -> Vec<(&'static str, u32)> {
        let Codes::Planes(bits) = self.codes() else { return Vec::new() };
        let mut constants =
            vec![("CODE_BITS", bits), ("CODE_ZERO", self.zero() as u32), ("TABLE_WORDS", self.table_words() as u32)];
        if let Table::Fixed(table) = self.table() {
            let word = |i: usize| u32::from_le_bytes([0, 1, 2, 3].map(|byte| table[4 * i + byte] as u8));
            constants.push(("STEPS", TABLE as u32 - 1));
            constants.extend([("TABLE_0", word(0)), ("TABLE_1", word(1)), ("TABLE_2", word(2)), ("TABLE_3", word(3))]);
        }
        constants
    }

    /// Words of the table that ends each row's scales.
    const fn table_words(self) -> usize {
        if matches!(self.table(), Table::OfMatrix) { TABLE / 4 } else { 0 }
    }

    /// True where there is a plane of scales.
    #[must_use]
    pub const fn has_scales(self) -> bool {
        !matches!(self.scales(), Scales::None)
    }
}

/// The index of a word of a row in its plane, as `weight_row` in `weight.wgsl` has it.
#[must_use]
pub const fn interleaved(row: usize, word: usize, words_per_row: usize, interleave: usize) -> usize {
    ((row / interleave) * words_per_row + word) * interleave + row % interleave
}

/// The place of value `i` in a row of activations of `groups` groups, as `plane_index` in `planes.wgsl` has it.
#[must_use]
pub const fn plane_index(i: usize, groups: usize) -> usize {
    (i % GROUP / 4 * groups + i / GROUP) * 4 + i % 4
}
