//! The ways in which `attention_tile` divides its work. Which is fastest depends on the device.

/// A tile of `attention_tile`. Which is fastest depends on the device, the head's width and the number of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AttentionTile {
    /// The width of a head, in values.
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
    pub(super) fn all() -> impl Iterator<Item = Self> {
        let of_width = |width| Self::SHAPES.into_iter().filter_map(move |shape| Self::new(width, shape));
        Self::WIDTHS.into_iter().flat_map(of_width)
    }

    /// Its part of a variant's name.
    pub(super) fn label(&self) -> String {
        let Self { width, workgroup_size, queries, keys } = self;
        format!("-width{width}-{workgroup_size}x{queries}x{keys}")
    }

    /// The constants that the text begins with.
    pub(super) const fn constants(&self) -> [(&'static str, u32); 6] {
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
