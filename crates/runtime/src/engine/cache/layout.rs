//! The arithmetic of blocks and windows.

/// The blocks that a sequence needs of each group of layers.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    /// Tokens in a block.
    pub(super) block_tokens: u32,
    /// The window of each group: a token at position `p` sees the positions above `p - window`.
    pub(super) windows: Vec<Option<u32>>,
}

impl Layout {
    /// The index of the block that holds `position`.
    pub(super) fn index(&self, position: u32) -> usize {
        (position / self.block_tokens) as usize
    }

    /// The number of blocks of `length` tokens.
    pub(super) fn blocks(&self, length: u32) -> usize {
        length.div_ceil(self.block_tokens) as usize
    }

    /// The number of blocks that `length` tokens fill.
    pub(super) fn whole_blocks(&self, length: u32) -> usize {
        (length / self.block_tokens) as usize
    }

    /// The first position that the token after `length` others sees, itself if there is no other.
    fn first_seen(&self, group: usize, length: u32) -> u32 {
        self.windows[group].map_or(0, |window| (length + 1).saturating_sub(window).min(length))
    }

    /// The indices of a group's blocks that the token after `length` others sees, or is written to.
    pub(super) fn seen(&self, group: usize, length: u32) -> std::ops::Range<usize> {
        self.index(self.first_seen(group, length))..self.blocks(length)
    }

    /// The index of the first block of a group to be kept after `length` tokens.
    ///
    /// One block more than is seen: a sequence can go back by a few tokens, as one whose steps ran ahead of its end does.
    pub(super) fn first_kept(&self, group: usize, length: u32) -> usize {
        self.index(self.first_seen(group, length)).saturating_sub(1)
    }
}

#[cfg(test)]
mod tests {
    use super::Layout;

    #[test]
    fn a_window_ends_with_the_token_itself() {
        let layout = Layout { block_tokens: 4, windows: vec![None, Some(5), Some(1)] };
        // After 12 tokens, the token at position 12 sees 8 to 12 through a window of five.
        for (length, global, windowed, itself, kept) in [
            (0, 0..0, 0..0, 0..0, 0),
            (1, 0..1, 0..1, 0..1, 0),
            (11, 0..3, 1..3, 2..3, 0),
            (12, 0..3, 2..3, 3..3, 1),
            (13, 0..4, 2..4, 3..4, 1),
            (15, 0..4, 2..4, 3..4, 1),
            (16, 0..4, 3..4, 4..4, 2),
        ] {
            assert_eq!([0, 1, 2].map(|group| layout.seen(group, length)), [global, windowed, itself], "after {length}");
            assert_eq!(layout.first_kept(1, length), kept, "after {length}");
            assert_eq!(layout.first_kept(0, length), 0);
        }
    }
}
