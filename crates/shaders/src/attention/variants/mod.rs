//! Variants of the kernels for attention over the KV cache.

mod tile;

pub use tile::AttentionTile;

use crate::encoding::KvFormat;
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
    },
    /// `attention_combine`: joins the splits.
    AttentionCombine,
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
    /// `attention_split` with room for `heads` query heads on a KV head: 1, 2, 4 or 8 at a time.
    #[must_use]
    pub const fn split(kv: KvFormat, heads: u32, subgroups: bool, rope: bool) -> Self {
        let heads = match heads {
            0 | 1 => 1,
            2 => 2,
            3 | 4 => 4,
            _ => 8,
        };
        Self::AttentionSplit { kv, heads, subgroups, rope }
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
            Self::AttentionCombine => None,
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

    /// Every variant.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let mut all = vec![Self::AttentionCombine];
        for kv in KvFormat::ALL {
            for subgroups in [false, true] {
                all.push(Self::Attention { kv, subgroups });
                for heads in [1, 2, 4, 8] {
                    all.extend([false, true].map(|rope| Self::split(kv, heads, subgroups, rope)));
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
            Self::AttentionCombine => Kernel::AttentionCombine,
            Self::AttentionTile { .. } => Kernel::AttentionTile,
            Self::AttentionTokenPerLane { .. } => Kernel::AttentionTokenPerLane,
        }
    }

    fn label(&self) -> String {
        let work = match self {
            Self::Attention { .. } | Self::AttentionCombine => String::new(),
            Self::AttentionSplit { heads, .. } | Self::AttentionTokenPerLane { heads, .. } => format!("-heads{heads}"),
            Self::AttentionTile { tile, .. } => tile.label(),
        };
        work + &labels(&[("-subgroups", self.subgroups()), ("-rope", self.rope())])
            + self.kv().map_or("", KvFormat::label)
    }

    fn constants(&self) -> Vec<(&'static str, u32)> {
        match self {
            Self::Attention { .. } | Self::AttentionCombine => Vec::new(),
            Self::AttentionSplit { heads, .. } => vec![("HEADS", *heads)],
            Self::AttentionTile { tile, .. } => tile.constants().to_vec(),
            Self::AttentionTokenPerLane { heads, .. } => vec![("HEADS", *heads), ("KEYS", 4)],
        }
    }

    fn defines(&self) -> Vec<&'static str> {
        let by_chunk = matches!(self, Self::AttentionTile { .. });
        chosen(&[("SUBGROUPS", self.subgroups()), ("ROPE", self.rope()), ("VALUES_BY_CHUNK", by_chunk)])
    }

    fn import(&self, name: &str) -> Option<String> {
        self.kv()?.import(name)
    }

    fn subgroups(&self) -> bool {
        matches!(self, Self::Attention { subgroups: true, .. } | Self::AttentionSplit { subgroups: true, .. })
    }
}
