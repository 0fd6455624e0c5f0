//! Variants of the kernels for attention over the KV cache.

mod tile;

pub use tile::AttentionTile;

use crate::encoding::{Encoding, KvFormat};
use crate::kernel::Kernel;
use crate::variant::{Choices, chosen, labels};

/// A variant of a kernel for attention over the KV cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AttentionVariant {
    /// `attention`: a workgroup makes a query head of a token.
    Attention {
        /// The format of keys and values.
        kv: KvFormat,
        /// Sums are of subgroups first.
        subgroups: bool,
    },
    /// `attention_split`: a workgroup takes a split of a token's context.
    AttentionSplit {
        /// The format of keys and values.
        kv: KvFormat,
        /// Query heads of a KV head that a workgroup serves at a time: see [`Self::split`].
        heads: u32,
        /// Sums are of subgroups first.
        subgroups: bool,
        /// It turns queries and keys by their positions, and fills the KV cache, itself.
        rope: bool,
        /// It leaves its result in codes of 8 bits.
        encode: bool,
    },
    /// `attention_combine`: joins the splits.
    AttentionCombine {
        /// It leaves its result in codes of 8 bits.
        encode: bool,
    },
    /// `attention_tile`: a workgroup takes the query heads of several tokens.
    AttentionTile {
        /// The format of keys and values.
        kv: KvFormat,
        /// The division of its work.
        tile: AttentionTile,
    },
    /// `attention_token_per_lane`: an invocation takes a token.
    AttentionTokenPerLane {
        /// The format of keys and values.
        kv: KvFormat,
        /// Query heads of a KV head that a workgroup serves at a time: see [`Self::token_per_lane`].
        heads: u32,
    },
}

impl AttentionVariant {
    /// `attention_split` with room for `heads` query heads on a KV head, two at a time: of more, the values that are read once don't
    /// outweigh that fewer workgroups do more, on an H200 with a context of 4,000 tokens as with one of 24.
    #[must_use]
    pub const fn split(kv: KvFormat, heads: u32, subgroups: bool, (rope, encode): (bool, bool)) -> Self {
        Self::AttentionSplit { kv, heads: if heads > 1 { 2 } else { 1 }, subgroups, rope, encode }
    }

    /// `attention_token_per_lane` with room for as many of `heads` query heads on a KV head, up to 4 at a time, as leaves the
    /// fewest out at the end.
    #[must_use]
    pub const fn token_per_lane(kv: KvFormat, heads: u32) -> Self {
        let heads = heads.div_ceil(heads.div_ceil(4));
        Self::AttentionTokenPerLane { kv, heads }
    }

    /// The format of the keys and values that it reads.
    #[must_use]
    pub const fn kv(&self) -> Option<KvFormat> {
        match *self {
            Self::AttentionCombine { .. } => None,
            Self::Attention { kv, .. }
            | Self::AttentionSplit { kv, .. }
            | Self::AttentionTile { kv, .. }
            | Self::AttentionTokenPerLane { kv, .. } => Some(kv),
        }
    }

    /// True where it turns queries and keys by their positions, and fills the KV cache, itself.
    #[must_use]
    pub const fn rope(&self) -> bool {
        matches!(self, Self::AttentionSplit { rope: true, .. })
    }

    /// True where it leaves its result in codes of 8 bits.
    #[must_use]
    pub const fn encodes(&self) -> bool {
        matches!(self, Self::AttentionSplit { encode: true, .. } | Self::AttentionCombine { encode: true })
    }

    /// Every variant.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let mut all = [false, true].map(|encode| Self::AttentionCombine { encode }).to_vec();
        for kv in KvFormat::ALL {
            for subgroups in [false, true] {
                all.push(Self::Attention { kv, subgroups });
                for heads in [1, 2] {
                    let ways = [(false, false), (false, true), (true, false), (true, true)];
                    all.extend(ways.map(|way| Self::split(kv, heads, subgroups, way)));
                }
            }
            all.extend(AttentionTile::all().map(|tile| Self::AttentionTile { kv, tile }));
            all.extend([1, 2, 3, 4].map(|heads| Self::token_per_lane(kv, heads)));
        }
        all
    }
}

impl Choices for AttentionVariant {
    fn kernel(&self) -> Kernel {
        match self {
            Self::Attention { .. } => Kernel::Attention,
            Self::AttentionSplit { .. } => Kernel::AttentionSplit,
            Self::AttentionCombine { .. } => Kernel::AttentionCombine,
            Self::AttentionTile { .. } => Kernel::AttentionTile,
            Self::AttentionTokenPerLane { .. } => Kernel::AttentionTokenPerLane,
        }
    }

    fn label(&self) -> String {
        let work = match self {
            Self::Attention { .. } | Self::AttentionCombine { .. } => String::new(),
            Self::AttentionSplit { heads, .. } | Self::AttentionTokenPerLane { heads, .. } => format!("-heads{heads}"),
            Self::AttentionTile { tile, .. } => tile.label(),
        };
        work + &labels(&[("-subgroups", self.subgroups()), ("-rope", self.rope()), ("-int8", self.encodes())])
            + self.kv().map_or("", KvFormat::label)
    }

    fn constants(&self) -> Vec<(&'static str, u32)> {
        let mut constants = match self {
            Self::Attention { .. } | Self::AttentionCombine { .. } => Vec::new(),
            Self::AttentionSplit { heads, .. } => vec![("HEADS", *heads), ("CHUNKS_AHEAD", 8), ("VALUES_AHEAD", 4)],
            Self::AttentionTile { tile, .. } => tile.constants().to_vec(),
            Self::AttentionTokenPerLane { heads, .. } => vec![("HEADS", *heads), ("KEYS", 4)],
        };
        if self.encodes() {
            constants.extend(Encoding::Int8.constants());
        }
        constants
    }

    fn defines(&self) -> Vec<&'static str> {
        let by_chunk = matches!(self, Self::AttentionTile { .. });
        chosen(&[("SUBGROUPS", self.subgroups()), ("ROPE", self.rope()), ("VALUES_BY_CHUNK", by_chunk)])
    }

    fn import(&self, name: &str) -> Option<String> {
        match name {
            "attended" if self.encodes() => Some("attended_codes".to_owned()),
            "codes" if self.encodes() => Encoding::Int8.import(name),
            _ => self.kv()?.import(name),
        }
    }

    fn subgroups(&self) -> bool {
        matches!(self, Self::Attention { subgroups: true, .. } | Self::AttentionSplit { subgroups: true, .. })
    }
}
